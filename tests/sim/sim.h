/*
 * The simulated world: nodes with their elections, kernels that hold addresses under a lease, and a
 * switch between them. Virtual time in ns; one seed is one exact run. Links lib/ only.
 */
#ifndef SIM_H
#define SIM_H

#include "lib/election/group.h"
#include "lib/packet/auth_peers.h"
#include "tests/sim/rng.h"

enum {
    NODES_MAX = 16,
    FAMILIES_MAX = 4, /* two, of one or two instances of a group: "family" is the index */
    FAULTS_MAX = 24,
    INBOX_MAX = 256,
    TEXT_MAX = 256,
    MESSAGE_SIZE = 8, /* of a signed advert: what of it says anything */
    RECORDED_MAX = 256,
    KEY_RINGS = 4,
};

/* Clusters of these seeds prepare for their addresses, if all of them are vipd. */
#define SIM_PREPARED_SEEDS 1000000000

/* Clusters of these seeds sign, or are on their way to it, and are attacked; every fifth never
 * signs, and single forged adverts are sent to it. */
#define SIM_SIGNED_SEEDS UINT64_C(2000000000)

#define SIM_LEASE_NS     (5 * NS_PER_SEC)
#define SIM_FOREVER      UINT64_MAX
#define SIM_WINDOW_NS    (100 * NS_PER_MS) /* of make before break */
#define SIM_LATENCY_NS   (200 * NS_PER_US) /* of a healthy node's event loop */
#define SIM_DELAY_NS     (50 * NS_PER_US)  /* of the switch */
#define SIM_JITTER_NS    (500 * NS_PER_US)
#define SIM_OVERTAKEN_NS (20 * NS_PER_MS)  /* so much later may an overtaken frame come */
#define SIM_REFRESH_NS   (60 * NS_PER_SEC) /* announcements are repeated so often */

enum fault_kind {
    FAULT_KILL,     /* the agent dies, its kernel keeps the addresses until the lease ends */
    FAULT_POWER,    /* the machine dies */
    FAULT_STOP,     /* graceful stop, started again later */
    FAULT_PAUSE,    /* SIGSTOP, a hung or suspended machine */
    FAULT_SLOW,     /* timers and packets are served late */
    FAULT_LINK,     /* carrier lost */
    FAULT_SOURCE,   /* one family has no address to send from any more */
    FAULT_CHECK,    /* a health check fails */
    FAULT_DRAIN,    /* drain, later resume */
    FAULT_PRIORITY, /* another priority */
    FAULT_INTERVAL, /* another advert interval (a reload) */
    FAULT_CLOCK,    /* the wall clock jumps: must not matter */
    FAULT_SPLIT,    /* the network falls into two parts */
    FAULT_ONE_WAY,  /* one node is not heard by another */
    FAULT_DEAF,     /* one node hears nobody */
    FAULT_LOSS,     /* frames are lost */
    FAULT_SILENT,   /* announcements are lost */
    FAULT_ECHO,     /* frames are duplicated and overtaken */
    FAULT_VERSION,  /* a node speaks version 3 among others of version 2 */
    FAULT_CONFLICT, /* a stranger holds an address of the master, which gives up (on-conflict) */
    FAULT_KINDS,
    /* Put in the place of some others, so that the seeds of before keep their meaning: */
    FAULT_OFFER = FAULT_KINDS, /* drain as the administrator does it: only with a successor */
    FAULT_TAKE,                /* mastership is asked for */
    FAULT_MEMBER,              /* one instance of a group loses its interface */
    FAULT_BLINK,               /* a source goes, and is back within 200 ms */
    FAULT_FORGED,              /* adverts that nobody has signed; all nodes demand signatures */
    FAULT_REPLAY,              /* adverts that were recorded */
    FAULT_WALL,                /* the wall clock of a node that signs is set, and set right */
    FAULT_PACKET,              /* one forged advert, and signatures are not known */
    FAULT_KINDS_ALL,
};

struct fault {
    enum fault_kind kind;
    uint64_t at;
    uint64_t duration;
    uint8_t node;
    uint8_t other;  /* ONE_WAY: who does not hear */
    uint32_t set;   /* SPLIT: bits of the nodes of one part */
    uint64_t value; /* PRIORITY, INTERVAL, LOSS (percent), SLOW (ns) */
    bool enabled;   /* false: shrunk away */
    bool on;
    bool injected; /* it met somebody whom it concerns */
};

struct message {
    uint8_t from;
    uint8_t to;
    uint8_t family;
    bool announcement;
    uint8_t priority;
    uint8_t version;
    uint64_t interval_ns;
    bool attack; /* an attacker has sent it */
    bool forged; /* and no node ever did */
    bool trailed;
    int64_t ahead_ns;                                 /* its stamp, of the true time */
    uint8_t octets[MESSAGE_SIZE + AUTH_TRAILER_SIZE]; /* where nodes sign */
};

/* What outlives an agent, as agent/instances/sequences.h keeps it. */
struct saved {
    bool sent;
    uint64_t ceiling;
    struct auth_peers marks;
};

/* How a node signs and judges signatures, for each family of its own. */
struct signing {
    struct auth_policy policy; /* keys NULL: it does not know them */
    struct auth_sender sender[FAMILIES_MAX];
    struct auth_peers peers[FAMILIES_MAX];
    struct saved saved[FAMILIES_MAX];
    uint64_t saved_at;
    uint64_t life; /* how often it was started */
    size_t step;   /* so many of those of signing_rollout() are done */
};

enum node_kind {
    NODE_VIPD,
    NODE_PLAIN, /* RFC 9568 to the letter: no linger, advert first, no lease */
};

/* The state machine of a plain peer, one for each family. */
struct plain {
    enum vrrp_state state;
    uint64_t timer_at;
    uint64_t learned_ns;
};

struct node {
    enum node_kind kind;
    struct election elections[FAMILIES_MAX];
    struct plain plain[FAMILIES_MAX];
    struct election_params params;
    bool running; /* the agent */
    bool powered;
    bool link_up;
    bool stopping;
    unsigned paused;       /* how many faults pause it */
    uint32_t missed_set;   /* HOLD_* bits that came and */
    uint32_t missed_clear; /* went while it was paused */
    bool missed_configure;
    bool missed_source;
    bool blinking; /* its source is back in a moment */
    uint64_t latency_ns;
    bool held[FAMILIES_MAX];
    uint64_t lease_until[FAMILIES_MAX];
    uint64_t refresh_at;
    size_t inbox_count;
    size_t inbox_heard; /* so many of them */
    bool blind;         /* goes on between its look at the sockets and its timers */
    uint64_t wake_at;
    uint64_t wake_generation;
    int64_t wall_offset_ns;
    /* For the invariants: */
    uint64_t absent_since; /* killed or paused; SIM_FOREVER: neither */
    uint64_t last_sent_at[FAMILIES_MAX];
    bool interval_changed[FAMILIES_MAX];
    /* before-master of each instance, at the place of its first family: */
    uint64_t command_began[FAMILIES_MAX]; /* as its elections say; 0: none runs */
    uint64_t command_ends[FAMILIES_MAX];
    bool command_good[FAMILIES_MAX];
    uint64_t retry_at[FAMILIES_MAX]; /* after one that failed; SIM_FOREVER: none did */
    uint64_t taken_at;               /* when it last took mastership; 0: never */
    uint64_t excused_until;          /* was killed, paused or slow */
    struct message inbox[INBOX_MAX];
};

/* An advert that an attacker has recorded, and who has acted upon it in which life. */
struct recorded {
    struct message message;
    uint64_t accepted[NODES_MAX];
};

/* Of the clusters that sign; apart, since it is large and most do not. */
struct signatures {
    struct signing nodes[NODES_MAX];
    struct recorded recorded[RECORDED_MAX];
    uint64_t recorded_count;
    struct auth_keys *rings[KEY_RINGS]; /* the first key, both, both the other way, the second */
    struct auth_keys *strange_ring;     /* an attacker's own */
};

enum event_type {
    EVENT_DELIVER,
    EVENT_WAKE,
    EVENT_LEASE,
    EVENT_FAULT,
    EVENT_FAULT_END,
    EVENT_CHECK,   /* of the invariants, each second */
    EVENT_ROLLOUT, /* one node gets the next keys or mode; generation: the step */
    EVENT_ATTACK   /* generation: the index of the fault */
};

struct event {
    uint64_t at;
    uint64_t sequence;
    enum event_type type;
    uint8_t node;
    uint64_t generation; /* WAKE; LEASE: the family; FAULT: the index */
    struct message message;
};

struct world {
    uint64_t now;
    uint64_t end;
    uint64_t seed;
    struct rng rng;         /* of the network: drawn while running */
    struct rng command_rng; /* of before-master, likewise */
    struct rng attack_rng;
    size_t node_count;
    size_t family_count;
    enum vrrp_version version; /* that most speak */
    size_t instance_families;  /* how many of them make an instance */
    bool preempt;
    bool all_vipd;
    bool torn; /* families of a group may have gone to different nodes, with good reason */
    uint8_t dead_factor;      /* of all nodes */
    uint64_t interval_max_ns; /* longest that anybody ever used */
    uint64_t prepare_ns;      /* before-master-timeout of all; 0: there is no before-master */
    bool release_first;
    struct node nodes[NODES_MAX];
    struct fault faults[FAULTS_MAX];
    size_t fault_count;
    bool blocked[NODES_MAX][NODES_MAX];     /* [from][to] */
    uint64_t arrival[NODES_MAX][NODES_MAX]; /* of the last frame on that way */
    unsigned loss_percent;
    unsigned announcement_loss_percent;
    unsigned echo_percent;
    /* A host that hears all announcements there are: what its neighbour cache has. */
    struct rng host_rng;
    size_t host_entry[FAMILIES_MAX]; /* the node; NODES_MAX: none */
    uint64_t host_heard_at[FAMILIES_MAX];
    bool clear; /* all hear each other, nobody is slow; follows from the faults */
    /* Where nodes sign: */
    struct signatures *signatures; /* NULL: nobody signs in this one */
    struct signatures *room;       /* made once */
    bool clocks_matter;            /* they are further apart than a stranger's may be */

    struct event *heap;
    size_t heap_count;
    size_t heap_room;
    uint64_t sequence;
    uint64_t events;

    /* For the invariants: */
    uint64_t disturbed_at;
    uint64_t network_excused_until;
    uint64_t hints_excused_until; /* who yielded may have had no chance to hint */
    bool single;                  /* the last disturbance came into a calm world, */
    bool planned;                 /* and was a planned one; */
    bool departure;               /* and some node left the cluster by it */
    uint64_t none_since[FAMILIES_MAX];
    uint64_t many_since[FAMILIES_MAX];
    uint64_t cut_off_since[NODES_MAX][FAMILIES_MAX]; /* from any holder */
    uint64_t transitions;
    bool trace;
    bool violated;
    char violation[TEXT_MAX];
    uint64_t violated_at;
};

/* world.c: the queue, the switch and the run. */
void world_build(struct world *w, uint64_t seed, uint64_t hours_ns);
void world_free(struct world *w);
void world_run(struct world *w);
void world_push(struct world *w, uint64_t at, struct event event);
void world_send(struct world *w, const struct message *message);
void world_log(const struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* node.c: what an agent does with its election, and what the kernel does without it. */
void node_start(struct world *w, struct node *n);
void node_wake(struct world *w, struct node *n);
void node_schedule(struct world *w, struct node *n);
void node_event(struct world *w, struct node *n, size_t family, const struct election_event *event);
/* For one instance of a group: that of family `first` and the next ones. */
void node_instance_event(struct world *w, struct node *n, size_t first,
                         const struct election_event *event);
void node_lease_over(struct world *w, struct node *n, size_t family);
void node_reconfigure(struct world *w, struct node *n);
void node_set_source(struct world *w, struct node *n, size_t family, bool there);
size_t node_index(const struct world *w, const struct node *n);
/* Of any number: those past the cluster's are strangers'. */
struct ip_address node_address(const struct world *w, size_t node, size_t family);
enum vrrp_state node_state(const struct node *n, size_t family);
bool node_takes_part(const struct node *n);

/* command.c: before-master of a node, of any length and end. */
void commands_reset(struct node *n);
void commands_follow(struct world *w, struct node *n);
void commands_serve(struct world *w, struct node *n);
uint64_t commands_deadline(const struct world *w, const struct node *n);

/* signing.c: authenticated adverts, by lib/packet as the agent does it. */
void signing_build(struct world *w);
void signing_free(struct world *w);
/* Puts the advert into octets and signs it. True: a second copy is needed, in *copy. */
bool signing_make(struct world *w, struct node *n, struct message *message, struct message *copy);
/* Whether the node acts upon the advert. */
bool signing_accepts(struct world *w, struct node *n, const struct message *message);
/* The agent begins; it has ended in order, or without. */
void signing_begin(struct world *w, struct node *n);
void signing_end(struct world *w, struct node *n);
/* The next of the steps by which a cluster is moved to signatures, or its keys are changed. */
void signing_rollout(struct world *w, const struct event *event);
/* All nodes demand signatures. */
bool signing_enforced(const struct world *w);
/* Clocks of some are further apart than a stranger is believed. */
bool signing_clocks_apart(const struct world *w);
void signing_put(struct message *message);

/* attacker.c: one on the LAN that hears everything. */
void attacker_records(struct world *w, const struct message *message);
void attacker_acts(struct world *w, size_t fault);
void attacker_sends_one(struct world *w);

/* plain.c: a peer that is not vipd. */
void plain_start(struct world *w, struct node *n);
/* Another priority: as after a restart it waits its whole time. */
void plain_reconfigure(const struct world *w, struct node *n);
void plain_stop(struct world *w, struct node *n, bool resign);
void plain_hear(struct world *w, struct node *n, const struct message *message);
void plain_timer(struct world *w, struct node *n);
uint64_t plain_deadline(const struct node *n, size_t families);

/* fault_plan.c */
void faults_generate(struct world *w, struct rng *rng);
/* Makes requests of the administrator and faults of one instance of some of them. */
void faults_replace(struct world *w, struct rng *rng);
/* Makes attacks of some of them, and clocks that are set. */
void faults_attack(struct world *w, struct rng *rng);
const char *fault_name(enum fault_kind kind);

/* faults.c */
void fault_begin(struct world *w, size_t index);
void fault_end(struct world *w, size_t index);

/* fault_acts.c */
/* What the fault does, on or over, to whom it meets. */
void fault_act(struct world *w, struct fault *f, bool on);

/* invariants.c */
/* After every fault: what they look at all the time and only faults change. */
void invariants_survey(struct world *w);
extern const char invariants_text[];
void invariants_disturbed(struct world *w, bool planned);
void invariants_check(struct world *w);
/* It tells the neighbours. */
void invariants_announced(struct world *w, const struct node *n, size_t family);
void invariants_sent(struct world *w, struct node *n, size_t family, bool fresh);
void invariants_transition(struct world *w, const struct node *n, const struct transition *t);
void violate(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* How long everything may take to settle once nothing happens any more. */
uint64_t settle_bound(const struct world *w);
/* Nothing has happened for so long. */
bool invariants_calm(const struct world *w);
/* An advert of an attacker was acted upon. */
void invariants_accepted(struct world *w, const struct node *n, const struct message *message,
                         bool again);

#endif
