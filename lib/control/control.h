/*
 * The control protocol: what vipd says of itself and is asked to do, as plain structs and as JSON
 * (varlink messages, interface io.vipd; see io.vipd.varlink). Framing and sockets are the agent's
 * and the client's.
 *
 * Structs are filled by the agent and borrowed during a call; JSON goes out as a new reference that
 * the caller owns. status.c and its parts write what a node says of itself, history.c writes
 * entries of the history and reads them back, control.c knows the messages and their parameters,
 * reload.c words what a reload changes, json.h how single values are written. This room may use all
 * others of lib/ and jansson; no room of lib/ knows it.
 *
 * The JSON of the status is a contract: fields are only ever added.
 */
#ifndef VIP_CONTROL_CONTROL_H
#define VIP_CONTROL_CONTROL_H

#include "lib/config/diff.h"
#include "lib/control/json.h"
#include "lib/election/check_state.h"
#include "lib/election/election.h"
#include "lib/election/takeover_gap.h"
#include "lib/packet/auth_peers.h"

#define CONTROL_PATH_DEFAULT "/run/vipd/control"
#define CONTROL_PATH_ENV     "VIPD_CONTROL"

enum {
    /* "version" of the status. */
    CONTROL_STATUS_VERSION = 1,
    /* Names of events in the history: "conflict-over". */
    HISTORY_NOTICE_SIZE = 32,
};

/* ---- What a node says of itself. Pointers are borrowed during the call. Wall-clock times are
 * CLOCK_REALTIME nanoseconds, 0: unknown. Spans are nanoseconds, DEADLINE_NEVER: none. */

/* What an entry of the history is about; those below the first have a text alone. */
enum history_event {
    HISTORY_TRANSITION = 0,
    HISTORY_STARTED,  /* vipd itself */
    HISTORY_STOPPED,  /* vipd itself, as told */
    HISTORY_RELOADED, /* another configuration is in force */
    HISTORY_NOTICE,   /* of an instance, which stays in its state: a conflict, a warning */
    HISTORY_EVENTS,   /* how many there are */
};

/* "transition", "started", ... Static text. */
const char *history_event_name(enum history_event event);

/* One event, as kept in the history (in memory and in its file) and shown in the status. */
struct history_entry {
    enum history_event event;
    uint64_t sequence;        /* of this node, over restarts; from 1. 0: none yet */
    uint64_t at_ns;           /* CLOCK_REALTIME */
    uint64_t since_ns;        /* likewise, when it began; 0: it was but a moment */
    uint64_t boot_ns;         /* CLOCK_BOOTTIME */
    char instance[NAME_SIZE]; /* empty: the node's */
    enum ip_family family;    /* NONE: the instance as a whole */
    struct transition transition;
    enum vrrp_state state; /* of the instance afterwards */
    char text[REASON_TEXT_SIZE];
    char notice[HISTORY_NOTICE_SIZE];    /* NOTICE: what it is */
    char recording[RECORDING_PATH_SIZE]; /* the flight recorder's file; empty: none */
};

/* Who is master, as far as this router knows. address NONE: nobody is known. */
struct status_master {
    struct ip_address address;
    uint8_t priority;
    bool is_us;
};

struct status_address {
    struct ip_prefix prefix;
    bool held;          /* the kernel holds it */
    const char *owner;  /* "vipd" or "other": who has put it there; NULL: nobody has */
    bool listed;        /* in the adverts */
    const char *device; /* the link it is, or is to be, on; NULL: not known yet */
    const char *label;  /* as configured; NULL: none */
    uint8_t scope;      /* likewise, */
    bool has_scope;     /* if there is one */
    const char *waits;  /* "no-device", "device-down": what it waits for; NULL: it does not */
};

/* A route or a policy rule. */
struct status_route {
    char text[ROUTE_TEXT_SIZE]; /* in iproute2's words */
    bool held;                  /* the kernel has it, with our mark */
    const char *owner;   /* "vipd", "other": somebody else's is in its place; NULL: neither */
    const char *problem; /* why it is not held although it is wanted; NULL: nothing is wrong */
};

/* Somebody who is not of the cluster and says that it holds an address of ours. */
struct status_foreign {
    struct ip_address address; /* NONE: nobody */
    uint8_t mac[6];
    uint64_t count;   /* claims seen since the agent started */
    uint64_t last_ns; /* wall clock of the last one */
};

/* Claims by strangers, since the agent started, and how they were met. */
struct status_conflict {
    enum conflict_mode mode;
    bool active;
    uint64_t conflicts;
    uint64_t claims;
    uint64_t defences;
    uint64_t defences_suppressed;
    struct ip_address address; /* of the present or last one; NONE: there was none */
    uint8_t mac[6];
    uint64_t last_ns; /* wall clock of its last claim */
};

/* One virtual router: an instance's share of one family. */
struct status_router {
    enum ip_family family;
    enum vrrp_state state;
    uint32_t held_by; /* HOLD_* bits */
    bool lingering;
    struct ip_address source; /* NONE: none found yet */
    struct status_master master;
    uint64_t advert_interval_ns; /* the one in use: learned as BACKUP, our own as MASTER */
    uint64_t master_down_interval_ns;
    uint64_t skew_time_ns;
    uint64_t last_advert_age_ns;   /* since the last accepted advert */
    uint64_t timer_in_ns;          /* until the advert (MASTER), master-down (BACKUP) or release
                                      (lingering) timer */
    enum reason new_master_reason; /* of the last time it became MASTER; NONE: never */
    enum reason last_event;        /* reason of its last transition; NONE: none */
    uint64_t up_since_ns;          /* wall clock when it last left INIT; 0: it is in INIT */
    struct election_counters counters;
    uint64_t by_verdict[PACKET_VERDICTS];
    uint64_t by_warning[PACKET_WARNINGS];
    const struct auth_policy *auth_policy; /* NULL, or without keys: none; read while encoding */
    const struct auth_peers *auth_peers;   /* NULL: nobody was heard */
    struct status_foreign foreign;
    struct status_conflict conflict;
};

/* Something odd now: on the LAN (lan_warning.h, "foreign-holder"), or here ("not-claimed": the
 * kernel refuses some of the addresses; "foreign-address": somebody else has put them there;
 * "peer-astray": a unicast peer is reached by another interface than the others;
 * "not-dropped": accept = no has no effect; "address-waits": the device of some is missing or
 * down; "not-routed": routes or rules are missing; "unusable-interface": it cannot do what the
 * instance asks of it). */
struct status_warning {
    const char *kind;
    enum ip_family family;
    char text[REASON_TEXT_SIZE];
    uint64_t since_ns; /* wall clock */
    uint64_t last_ns;  /* wall clock of the last sighting */
    uint64_t count;
    struct ip_address peer; /* NONE: unknown */
    uint8_t mac[6];
    bool has_mac;
    const char *drop; /* why its adverts are refused: the name of a verdict; NULL: they are not */
};

/* What the administrator asked of an instance last. */
enum handover_kind { HANDOVER_NONE = 0, HANDOVER_DRAIN, HANDOVER_TAKE };
enum handover_outcome { HANDOVER_PENDING = 0, HANDOVER_DONE, HANDOVER_FAILED };

struct status_handover {
    enum handover_kind kind; /* NONE: nothing was asked */
    enum handover_outcome outcome;
    uint64_t id; /* of the request */
    uint64_t took_ns;
    struct ip_address peer; /* who took over, or from whom it was taken; NONE: nobody known */
    const char *text;       /* one sentence */
};

struct status_drained {
    bool drained;
    uint64_t since_ns; /* wall clock */
    bool asked;        /* by this user; else that is not known */
    uint32_t uid;
    uint64_t left_ns; /* DEADLINE_NEVER: until resumed */
};

/* A check that an instance follows. */
struct status_check {
    const char *name;
    enum check_type type;
    enum check_verdict verdict;
    int weight;
    uint64_t since_ns;     /* wall clock of the last change of the verdict */
    const char *text;      /* what the last look brought */
    uint64_t run_ns;       /* how long it took; DEADLINE_NEVER: there was none yet */
    uint64_t last_ns;      /* wall clock of the last result; 0: none yet */
    uint64_t good_results; /* since the check was started */
    uint64_t bad_results;
};

/* How a hook of the instance ended when it was run last. */
struct status_hook {
    const char *name; /* "on-master" */
    uint64_t at_ns;   /* wall clock */
    bool ok;
    int status;       /* its exit status; -1: it has none */
    const char *text; /* "exit status 3 after 0.120 s" */
};

/* How often a hook of the instance has ended since the agent started. */
struct status_hook_count {
    const char *name;
    uint64_t runs;
    uint64_t failures; /* of those */
};

/* flap-damping of an instance. */
struct status_damping {
    bool configured;
    unsigned withdrawals; /* within the window */
    unsigned limit;
    uint64_t remaining_ns; /* held back for so long; 0: it is not */
};

/* What a MASTER waits for that does not claim its addresses yet. */
struct status_waiting {
    const char *command; /* before-master: "promote.sh"; NULL: it does not wait */
    bool release;        /* the command waits for the old master to release them */
    uint64_t for_ns;     /* so long by now, */
    uint64_t limit_ns;   /* of at most */
};

struct status_instance {
    const char *name;
    const char *interface;
    uint8_t vrid;
    const char *group; /* NULL: none */
    enum vrrp_version version;
    enum vrrp_state state;
    uint64_t since_ns; /* wall clock of the last change of state */
    struct status_waiting waiting;
    uint32_t held_by; /* HOLD_* bits of any of its routers */
    bool lingering;
    uint8_t base_priority;
    uint8_t effective_priority;
    const char *priority_text; /* "150 - 60 (haproxy) = 90"; NULL: just the number */
    const struct status_check *checks;
    size_t check_count;
    struct status_damping damping;
    enum preempt_mode preempt;
    uint64_t preempt_delay_ns;
    enum mac_mode mac;
    bool unicast;
    bool accept; /* packets to the addresses are accepted */
    struct status_master master;
    const struct status_address *addresses;
    size_t address_count;
    const struct status_route *routes;
    size_t route_count;
    const struct status_route *rules;
    size_t rule_count;
    const struct status_router *routers;
    size_t router_count;
    const struct history_entry *last_transition; /* NULL: none */
    const struct status_warning *warnings;
    size_t warning_count;
    struct status_drained drained;
    struct status_handover handover;
    const struct status_hook *hooks;
    size_t hook_count;
    /* Since the agent started, whatever was reloaded. */
    const uint32_t *transitions;      /* REASONS of them, by reason; NULL: none */
    const struct takeover_gaps *gaps; /* of its takeovers from a silent master; NULL: none */
    const struct status_hook_count *hook_counts;
    size_t hook_count_count;
};

struct status_reload {
    uint64_t at_ns; /* 0: never reloaded */
    bool ok;
    const char *text; /* what changed, or the first problem; NULL: nothing to say */
};

/* The flight recorder: what it wrote, and what it could not. */
struct status_recorder {
    bool enabled;
    uint64_t written; /* recordings since the agent started */
    uint64_t failed;  /* those that could not be written */
};

struct status_node {
    const char *node;
    const char *software; /* "0.1.0" */
    int pid;
    uint64_t started_at_ns;
    const char *const *config_files;
    size_t config_file_count;
    struct status_reload last_reload;
    bool realtime;      /* SCHED_FIFO was granted */
    bool memory_locked; /* and locked memory */
    uint64_t repairs;   /* addresses re-added after somebody deleted them */
    struct status_recorder recorder;
    size_t instances_total; /* how many the node has, whatever is listed here */
    const struct status_instance *instances;
    size_t instance_count;
};

/* The functions below return a new reference, owned by the caller, or NULL when memory ran out. */

json_t *control_status_to_json(const struct status_node *node);

/* One element of "instances". */
json_t *control_instance_to_json(const struct status_instance *instance);

/* One entry of the history, and back. */
json_t *control_history_to_json(const struct history_entry *entry);

/* Reads what control_history_to_json() made, at some time, in some version: an unknown reason is
 * REASON_NONE, its text stays; boot_ns is 0. False: it is no entry, and *out is undefined. */
bool control_history_from_json(const json_t *json, struct history_entry *out);

/* ---- Messages */

enum control_method {
    CONTROL_GET_STATUS,
    CONTROL_GET_HISTORY,
    CONTROL_RELOAD,
    CONTROL_DRAIN,
    CONTROL_RESUME,
    CONTROL_TAKE,
    CONTROL_GET_INFO,
    CONTROL_GET_INTERFACE_DESCRIPTION,
};

struct control_request {
    enum control_method method;
    bool more;            /* the client wants a stream of answers */
    bool oneway;          /* the client wants no answer */
    bool has_name;        /* `name` was given */
    char name[NAME_SIZE]; /* the instance, or the interface to describe */
    bool all;             /* every instance */
    bool force;      /* Drain: even if nobody takes over; Reload: even if no instance is left */
    bool dry_run;    /* Reload: only say what it would change */
    uint64_t for_ns; /* Drain: for so long; DEADLINE_NEVER: until resumed */
    uint32_t uid;    /* of the client, which no message says: whoever reads it fills it in */
    size_t limit;    /* entries of the history, HISTORY_ENTRIES_MAX when not given */
};

/*
 * Reads one message of `size` octets (without the terminating NUL).
 * 0: *out is complete. -EINVAL: understood as a call but wrong; *error is the reply to send, unless
 * out->oneway (owned by the caller; may be NULL when memory ran out). -EBADMSG: not a call at all.
 */
int control_request_parse(const char *text, size_t size, struct control_request *out,
                          json_t **error);

/* True when the method changes something, so that not everybody may call it. */
bool control_method_changes(enum control_method method);

/* A call: {"method", "parameters", "more"}. Steals `parameters` (NULL: none). */
json_t *control_call(const char *method, json_t *parameters, bool more);

/* A reply: {"parameters", "continues"}. Steals `parameters` (NULL: none). */
json_t *control_reply(json_t *parameters, bool continues);

/* An error reply. Steals `parameters` (NULL: none). */
json_t *control_error(const char *name, json_t *parameters);

#define CONTROL_ERROR_INTERFACE_NOT_FOUND "org.varlink.service.InterfaceNotFound"
#define CONTROL_ERROR_METHOD_NOT_FOUND    "org.varlink.service.MethodNotFound"
#define CONTROL_ERROR_INVALID_PARAMETER   "org.varlink.service.InvalidParameter"
#define CONTROL_ERROR_NO_SUCH_INSTANCE    "io.vipd.NoSuchInstance"
#define CONTROL_ERROR_NOT_PERMITTED       "io.vipd.NotPermitted"
#define CONTROL_ERROR_RESTARTING          "io.vipd.Restarting"
#define CONTROL_ERROR_RELOAD_FAILED       "io.vipd.ReloadFailed"

json_t *control_error_no_such_instance(const char *name);
json_t *control_error_restarting(const char *name);

/* Replies to org.varlink.service.GetInfo and GetInterfaceDescription. */
json_t *control_reply_info(const char *software);
json_t *control_reply_description(const char *interface);

/* Replies to Reload: what was changed, or would be (dry_run); what was wrong with the
 * configuration; or another reason why it was not applied. */
json_t *control_reply_reload(const struct config_diff *diff, bool dry_run);
json_t *control_error_reload(const struct config_problems *problems);
json_t *control_error_reload_text(const char *problem);

#endif
