/*
 * The configuration: one immutable, typed value. config_parse() makes it from text, nothing
 * but config_secrets_read() changes it afterwards, config_free() ends it. Defaults are already
 * filled in.
 *
 * The room of what people write. From the bottom: list.h, names.h, duration.h, argument_vector.h
 * and suggest.h are small tools; check.h and this header are what comes out; problem.h collects
 * what is wrong. schema_rows.h says what a key is and schema.h holds the one table of them;
 * refusal.h, value_parsers.h and values.h turn texts into fields by it. lexer.h reads lines,
 * draft.h is the configuration while it grows, reading.h brings the two together, validate*.c look
 * at the whole, parse.c does all of that. secrets.h adds what stands in files of its own.
 * group.h, diff.h and advice.h ask a finished configuration.
 *
 * Texts are handed in: this room opens no file. It uses lib/election and lib/packet for the types
 * of its values, and inih for lines. A configuration and what points into it (names of files and
 * instances, the group of an instance) is owned by whoever called config_parse().
 */
#ifndef VIP_CONFIG_CONFIG_H
#define VIP_CONFIG_CONFIG_H

#include "lib/config/check.h"
#include "lib/config/names.h"
#include "lib/config/route.h"
#include "lib/election/conflict_policy.h"
#include "lib/election/damping.h"
#include "lib/packet/auth.h"
#include "lib/packet/claimed_address.h"
#include "lib/packet/packet.h"

enum mac_mode {
    MAC_INTERFACE = 0, /* the interface's own MAC; the claim rests on announcements */
    MAC_VIRTUAL,       /* 00-00-5E-00-0x-{VRID} on a macvlan (RFC 9568 7.3) */
} __attribute__((packed));

enum preempt_mode {
    PREEMPT_YES = 0,
    PREEMPT_NO,
    PREEMPT_AFTER, /* after preempt_delay_ns of hearing a lower priority (RFC 8347 hold-time) */
    PREEMPT_WHEN_HEALTHY, /* when nothing was wrong with this node for preempt_delay_ns */
} __attribute__((packed));

/* Instances that move together. Their names; the same order is not needed on all nodes. */
struct config_group {
    char name[NAME_SIZE];
    struct config_names instances;
    const char *file; /* owned by the config */
    unsigned line;
};

/* Commands that are run when an instance has changed its state, and one for what a MASTER hears. */
enum hook {
    HOOK_INIT = 0, /* the first three are of the state entered */
    HOOK_BACKUP,
    HOOK_MASTER,
    HOOK_CHANGE, /* after those, whatever the state */
    HOOK_RIVAL,  /* MASTER, and somebody adverts that loses against us */
    HOOK_BEFORE, /* MASTER, and waited for before the addresses are claimed */
    HOOKS,       /* how many there are */
};

/* A key of authenticated adverts, as it is written; advert_keys.h reads what it names. */
struct config_auth_key {
    uint8_t id;                  /* 1..255 */
    char file[SECRET_PATH_SIZE]; /* an absolute path, or the name of a credential; empty: inline */
};

/* What is small stands together: there are thousands of these. */
struct config_instance {
    const char *name;                    /* the config's */
    char interface[INTERFACE_NAME_SIZE]; /* empty: the one the unicast peers are reached by */
    uint8_t vrid;                        /* 1..255 */
    enum vrrp_version version;
    uint8_t priority;    /* 1..254; 255 = address owner */
    uint8_t dead_factor; /* intervals of silence: 3 in the RFCs */
    enum preempt_mode preempt;
    enum mac_mode mac;
    enum checksum_mode checksum;
    bool strict;
    bool unicast;            /* unicast-peers was given */
    uint8_t unicast_ttl;     /* TTL or hop limit of what is sent to peers */
    uint8_t unicast_min_ttl; /* of adverts of peers; 0: any */
    uint8_t unicast_max_ttl; /* likewise; 255: any */
    bool link_local_derived; /* the first of `ipv6` */
    struct packet_auth auth; /* version 2; of `password` or what password_file has */
    bool password_cut;       /* and that is longer than what is used of it */
    enum auth_mode auth_mode;
    enum auth_replay auth_replay;
    bool accept;             /* RFC 9568 6.1 Accept_Mode */
    bool adopt;              /* take over virtual addresses that somebody else has put there */
    bool announce_reply;     /* send the ARP reply form beside the request form */
    uint8_t announce_repeat; /* how often the takeover announcement is repeated, 0..10 */
    bool claims_unprepared;  /* also when HOOK_BEFORE fails */
    bool release_first;      /* who gives up releases before another one prepares */
    bool systemd_target;     /* vipd-master@NAME.target is started and stopped */
    bool follow_link;        /* no: its link being down does not put it to INIT */
    enum conflict_mode on_conflict;
    struct ip_address group4; /* adverts go there: the RFC's, or another */
    struct ip_address group6;
    struct ip_address source4; /* NONE: the interface's primary address */
    struct ip_address source6; /* NONE: the interface's link-local address */

    uint64_t advert_interval_ns;
    uint64_t preempt_delay_ns;
    char *password_file;               /* NULL: none; see secrets.h */
    struct config_auth_key *auth_keys; /* the first one signs; NULL: none */
    size_t auth_key_count;
    struct auth_keys
        *inline_secrets;          /* those that stand in the text, until advert_keys.h is done */
    struct auth_keys *secrets;    /* all, in their order; NULL before */
    uint64_t auth_window_ns;      /* 0: of the advert interval */
    uint64_t announce_refresh_ns; /* 0: never */
    uint64_t lease_ns;            /* 0: off. From [instance], else [node] */
    uint64_t linger_ns;           /* 0: one master-down interval */
    char **hooks[HOOKS];      /* words (lib/config/argument_vector.h), one block each; NULL: none */
    uint64_t hook_timeout_ns; /* of one run, but not of */
    uint64_t before_timeout_ns;  /* HOOK_BEFORE: of the wait for it */
    char *avoid;                 /* an instance: where that is MASTER this gives way; NULL: none */
    char *hook_user;             /* NULL: the user vipd runs as. From [instance], else [node] */
    uint64_t link_down_delay_ns; /* its link counts as down when it was for so long, */
    uint64_t link_up_delay_ns;   /* and as up again likewise; 0: at once */
    uint64_t conflict_quiet_ns;  /* not seen for so long: a conflict is over */
    struct config_names track;   /* checks: its own, then those of [node] */
    struct damping_params flap_damping;

    /* All virtual addresses: IPv4 before IPv6, of each family those in adverts before the extra
     * ones, in configured order. */
    struct claimed_address *claims;
    size_t claim_count;

    /* Those in adverts, by family, in the block of `claims`. For IPv6 the link-local one is first:
     * the configured one, or derived from the VRID when none was (link_local_derived). */
    struct ip_prefix *ipv4;
    size_t ipv4_count;
    struct ip_prefix *ipv6;
    size_t ipv6_count;

    /* Come and go with the mastership. */
    struct config_route *routes;
    size_t route_count;
    struct config_rule *rules;
    size_t rule_count;

    struct ip_address *peers; /* both families */
    size_t peer_count;

    const struct config_group *group; /* of the config; NULL: none */

    /* Where it was written, for messages. */
    const char *file; /* owned by the config */
    unsigned line;
};

struct config_text;

struct config {
    char node_name[NAME_SIZE]; /* empty: the host's name */
    uint64_t lease_ns;         /* [node] lease, default 5 s */
    bool realtime;             /* [node] realtime: SCHED_FIFO and locked memory where permitted */
    uint64_t start_delay_ns; /* [node] start-delay: no part before the machine is up for so long */
    uint64_t announce_pause_ns; /* [node] announce-pause, between two on one interface; 0: none */
    char hook_user[NAME_SIZE];  /* [node] hook-user; empty: the user vipd runs as */
    bool recorder;              /* [node] recorder: keep the last frames, write them when need be */
    uint64_t recorder_time_ns;  /* how long they are kept */
    unsigned recorder_files;    /* how many recordings are kept */
    struct config_instance *instances;
    size_t instance_count;
    struct config_group *groups;
    size_t group_count;
    struct config_names track; /* [node] track */
    struct config_check *checks;
    size_t check_count;
    struct config_text *texts; /* names of instances; see text.h */
    char **files;              /* names of the files it came from */
    size_t file_count;
};

/* One text handed in. `name` is used in messages. */
struct config_source {
    const char *name;
    const char *text; /* NUL-terminated */
};

/* One problem, worded: "vipd.conf:7: [instance web] priority: found '300', expected ...". */
struct config_problem {
    char *file;
    unsigned line; /* 0: the file as a whole */
    char *section; /* "instance web"; may be empty */
    char *key;     /* may be empty */
    char *text;    /* what was found, what was expected, and a near name if there is one */
};

struct config_problems {
    struct config_problem *list;
    size_t count;
};

/*
 * Parses all sources as one configuration, in order, and checks it as a whole.
 * Returns the configuration (owned by the caller), or NULL with at least one problem.
 * problems: filled in either way, owned by the caller, freed with config_problems_free().
 */
struct config *config_parse(const struct config_source *sources, size_t count,
                            struct config_problems *problems);

/* Frees all of it. NULL is allowed. */
void config_free(struct config *config);

void config_problems_free(struct config_problems *problems);

/* Writes "FILE:LINE: [section] key: text" and returns buffer. */
const char *config_problem_format(const struct config_problem *problem, char *buffer, size_t size);

/* The instance of that name, or NULL. */
const struct config_instance *config_find_instance(const struct config *config, const char *name);

/* The check of that name, or NULL. */
const struct config_check *config_find_check(const struct config *config, const char *name);

/* True when the instance has a virtual router of that family: it lists such addresses. One that
 * lists none at all has one of IPv4, or of IPv6 where its peers or its source are that alone. */
bool config_has_router(const struct config_instance *instance, enum ip_family family);

/* How many virtual routers it has: one or two. */
size_t config_router_count(const struct config_instance *instance);

/* What the virtual router of that family claims: the addresses of its family; of the other one,
 * too, where that has no virtual router. *count is 0 when there is none. */
const struct claimed_address *config_claims(const struct config_instance *instance,
                                            enum ip_family family, size_t *count);

/* Addresses of one family of an instance in its adverts. *count is 0 when it has none. */
const struct ip_prefix *config_addresses(const struct config_instance *instance,
                                         enum ip_family family, size_t *count);

/* The multicast group of its adverts. */
struct ip_address config_group(const struct config_instance *instance, enum ip_family family);

/* What it speaks. */
struct packet_dialect config_dialect(const struct config_instance *instance);

/* How it authenticates adverts; the keys are the configuration's. */
struct auth_policy config_auth(const struct config_instance *instance);

/* Fills in what packet_receive() checks against, for one family. `peers` is storage for the peers
 * of that family, INSTANCE_PEERS_MAX entries, that must live as long as *out is used. */
void config_receiver(const struct config_instance *instance, enum ip_family family,
                     struct ip_address *peers, struct packet_receiver *out);

#endif
