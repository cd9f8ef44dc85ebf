/*
 * The state of one [instance] on this node, shared by the files at the top of the room: events.h
 * (steps its elections), receive.h, requests.h and instance.h (what makes them step),
 * claim.h (what came of its claims), checks_effect.h (what its checks make of it). The parts below
 * them do not know it.
 */
#ifndef AGENT_INSTANCES_STATE_H
#define AGENT_INSTANCES_STATE_H

#include "agent/base/config_box.h"
#include "agent/instances/bundle.h"
#include "agent/instances/handover.h"
#include "agent/instances/last_transition.h"
#include "agent/instances/node.h"
#include "agent/instances/refusals.h"
#include "agent/instances/router.h"
#include "agent/recorder/policy.h"
#include "lib/election/rivalry.h"
#include "lib/election/takeover_gap.h"

/* After a claim that failed altogether: when it is tried again; see claim.h. */
struct claim_retry {
    sd_event_source *timer; /* NULL: never needed */
    uint64_t backoff_ns;
    int error; /* what the kernel said: a negative errno */
};

enum { PREPARATION_TEXT_SIZE = 96 };

/* The wait for before-master; see preparation.h. */
struct preparation {
    uint64_t since_ns; /* boot time: its command is due since then; 0: it is not */
    uint64_t told_ns;  /* the same as preparation.c knows it */
    bool ended_well;
    char *text;             /* how it ended: "exit status 3 after 0.120 s"; NULL: it never began */
    sd_event_source *retry; /* NULL: never needed */
    uint64_t backoff_ns;
};

/* Its link, as it was seen and as it counts; see link_belief.h. */
struct link_belief {
    bool known;             /* it was looked at */
    bool works;             /* as it counts */
    bool seen;              /* works, as the kernel told last, */
    uint64_t since_ns;      /* since then (boot time) */
    sd_event_source *timer; /* NULL: never needed */
};

/* How a hook ended when it was run last. */
struct hook_result {
    uint64_t at_wall_ns; /* 0: it never was */
    bool good;
    int status;    /* its exit status; -1: it has none (a signal, its time was up, not started) */
    char text[96]; /* "exit status 3 after 0.120 s" */
};

/* Other MASTERs beside it, which lose. */
struct rival {
    struct rivalry rivalry;
    uint64_t hook_ns; /* boot time when on-rival was last run for one; 0: never */
};

enum { REASON_COUNTS_FEW = 4 };

/* How often for each reason; most instances know few of them. */
struct reason_counts {
    struct {
        uint32_t times : 24; /* 0: free */
        uint32_t reason : 8;
    } few[REASON_COUNTS_FEW];
    uint32_t *more; /* REASONS of them, beside those; NULL: none */
};

/* What most instances never have. */
struct instance_deeds {
    uint32_t hook_runs[HOOKS];
    uint32_t hook_failures[HOOKS];
    struct takeover_gaps gaps;
};

/* What is counted of it; see counts.h. */
struct instance_counts {
    struct reason_counts transitions;
    struct instance_deeds *deeds; /* NULL: none */
    uint64_t gap_from_ns; /* boot time of the dead master's last advert; 0: no takeover is going on
                           */
};

struct instance {
    struct node *node;
    struct config_box *box;
    const struct config_instance *config;
    char
        interface[INTERFACE_NAME_SIZE]; /* the configuration's, or the one found; empty: none yet */
    struct peer_route *way; /* to the peers, where the configuration names no interface; or NULL */
    uint64_t astray_since_wall_ns; /* one of them is reached by another interface; 0: none is */
    struct router *routers;
    struct bundle *bundle;
    struct bundle_share *share;
    struct election *elections; /* its share of the bundle, side by side: they move as a group */
    size_t router_count;
    unsigned phase; /* of its adverts: see node.h */
    enum vrrp_state state;
    uint8_t told_priority;     /* the effective one that on_changed was last called for */
    uint8_t damping_as_master; /* priority by its checks when it became MASTER, or was reloaded */
    bool way_told;             /* whether a way was found, and which */
    bool starting;             /* takes part as soon as its link is ready */
    bool started;              /* it does, or did */
    bool stopping;
    bool stopped;
    bool has_successor; /* another one of its name came while it was stopping */
    bool unattached;    /* its link is there, but could not be used: tried again */
    bool unpublished;   /* its state file is to be written */
    bool checks_due;    /* instance_checks_changed() is to be called when the event is done */
    uint64_t since_wall_ns;
    struct last_transition last;
    struct recorder_policy recording;
    uint64_t last_wall_ns;     /* 0: no transition yet */
    struct rival *rival;       /* other MASTERs, told by publish/; NULL: never heard of one */
    struct handover *handover; /* NULL: nothing was asked of it */
    struct damping *damping;   /* NULL: it was never withdrawn, or its configuration has none */
    sd_event_source *damping_timer; /* NULL: never held back yet */
    struct claim_retry claim;
    struct refusals *refusals;       /* told by publish/; NULL: none goes on */
    struct preparation *preparation; /* NULL: it never waited for before-master */
    char *unusable;            /* what is wrong with its interface (HOLD_UNUSABLE), or NULL, */
    uint64_t unusable_wall_ns; /* and since when; see fitness.h */
    struct link_belief link;
    sd_event_source *start_timer;     /* of start-delay; NULL: never needed */
    struct hook_result *hook_results; /* HOOKS of them, told by publish/; NULL: none ended yet */
    char *avoiding;                   /* `avoid`: that instance is MASTER here; NULL: none is */
    struct instance_counts counts;
    const struct config_instance *next_config; /* REPLACED: started when this one is done */
    struct config_box *next_box;
};

#endif
