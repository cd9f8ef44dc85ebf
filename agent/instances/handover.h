/*
 * What the administrator asked of an instance, drain or take, and how it went: followed from event
 * to event until it is decided. The election decides; this only watches it and finds the words. It
 * is shown the instance as a view and answers; requests.h asks the elections.
 */
#ifndef AGENT_INSTANCES_HANDOVER_H
#define AGENT_INSTANCES_HANDOVER_H

#include "agent/instances/bundle.h"
#include "agent/instances/drains.h"
#include "agent/instances/router.h"
#include "lib/control/control.h"

struct handover {
    enum handover_kind kind;
    enum handover_outcome outcome;
    uint64_t id; /* of the request */
    uint64_t asked_boot_ns;
    uint64_t took_ns;        /* until it was decided or, for a take, until we were MASTER */
    uint64_t watch_until_ns; /* take: the deposed master could be back until then */
    uint64_t drain_until_ns; /* drain: boot time; DEADLINE_NEVER: until resumed */
    bool was_master;
    bool was_drained;
    struct asker asker;     /* of the drain or take, */
    struct asker resumer;   /* and of the resume since then */
    bool keeping;           /* drain: in force, and being saved */
    struct ip_address peer; /* drain: who took over; take: from whom; NONE: nobody known */
    uint8_t peer_priority;
    char *text; /* how it went; NULL: nothing is to be said yet, or out of memory */
};

/* An instance as a hand-over sees it. */
struct handover_view {
    const struct bundle *bundle;      /* all that moves together */
    const struct election *elections; /* those of the instance */
    size_t count;
    const struct heard_master *heard; /* by the first of its routers */
    enum vrrp_state state;
    const struct transition *last;
};

/* Something was asked for now: it is pending, and what was before is forgotten. */
void handover_begin(struct handover *h, const struct handover_view *view, enum handover_kind kind,
                    uint64_t id, const struct asker *asker);

/* How it went, in a sentence; empty: not known yet. */
const char *handover_text(const struct handover *h);

/* Frees what belongs to it. NULL is allowed. */
void handover_free(struct handover *h);

/* Decided without asking the election. */
void handover_decide(struct handover *h, enum handover_outcome outcome, const char *text);

/* True while it is not decided. */
bool handover_pends(const struct handover *h);

/* Call after every event: decides what is pending. True: a drain has just come into force, to be
 * kept over restarts. */
bool handover_update(struct handover *h, const struct handover_view *view);

/* Adds to a transition of the instance who asked for it. NULL: nobody ever did. */
void handover_explain(const struct handover *h, struct transition *transition);

/* Whether that drain is kept; said if it is not. Nothing when none is being kept. */
void handover_kept(struct handover *h, enum drains_saved saved);

/* What to tell whoever asked: a drain is not over before it is kept. */
enum handover_outcome handover_outcome(const struct handover *h);

/* What becomes of a take that has begun. HANDOVER_PENDING: the elections are to be asked; else it
 * is decided, and text says why. */
enum handover_outcome handover_take_verdict(const struct handover *h,
                                            const struct handover_view *view,
                                            char text[REASON_TEXT_SIZE]);

/* True while it looks for a successor to give mastership to. */
bool handover_offers(const struct handover_view *view);

/* True when it stays away because it was told to. */
bool handover_is_drained(const struct handover_view *view);

/* How long it can take until a request is decided, without before-master; and how long that. */
uint64_t handover_bound_ns(const struct bundle *bundle);
uint64_t handover_prepare_ns(const struct bundle *bundle);

#endif
