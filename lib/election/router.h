/*
 * One virtual router as a value: its parameters, its state, the events that happen to it, the
 * actions it answers with, and what can be asked of it. Nothing here changes it: that is election.h
 * for the outside, and steps.h upwards for the files of the election.
 */
#ifndef VIP_ELECTION_ROUTER_H
#define VIP_ELECTION_ROUTER_H

#include "lib/election/reason.h"
#include "lib/packet/packet.h"

/* What keeps a router in INIT. Bits; INIT lasts while any is set. */
enum election_hold {
    HOLD_STOPPED = 1u << 0, /* not started, or stopped */
    HOLD_NO_INTERFACE = 1u << 1,
    HOLD_LINK_DOWN = 1u << 2,
    HOLD_NO_PRIMARY_ADDRESS = 1u << 3,
    HOLD_DRAINED = 1u << 4,
    HOLD_CHECK_FAILED = 1u << 5,
    HOLD_CONFLICT = 1u << 6,
    HOLD_GROUP = 1u << 7,         /* another router of the group is held */
    HOLD_CANNOT_CLAIM = 1u << 8,  /* the kernel refused all of its addresses */
    HOLD_START_DELAY = 1u << 9,   /* the machine has not been up for long enough */
    HOLD_UNUSABLE = 1u << 10,     /* the interface cannot do what it is to do */
    HOLD_NO_ROUTE = 1u << 11,     /* to the unicast peers, which would say the interface */
    HOLD_NOT_PREPARED = 1u << 12, /* its preparation for the addresses failed */
    HOLDS = 13,                   /* how many bits there are */
};

/* Name of one bit: "link-down". Static text. */
const char *election_hold_name(enum election_hold hold);

/* What a take adverts until the other master is silent. */
enum { PRIORITY_RAISED = 254 };

/* The lowest there is: an advert that surely loses, and has a MASTER answer. */
enum { PRIORITY_HINT = 1 };

/* How far the offer of a MASTER that is being drained has come. */
enum election_offer {
    OFFER_NONE = 0,
    OFFER_MADE,    /* resigning, nobody has answered yet */
    OFFER_HEARD,   /* a successor adverts; it prepares, and has not announced the addresses */
    OFFER_TAKEN,   /* a successor is there; grouped: the other members' successors are awaited */
    OFFER_EXPIRED, /* grouped: nobody came in time; the other members are awaited */
} __attribute__((packed));

/* What a MASTER that does not hold its addresses yet waits for; see prepare.h. */
enum election_preparation {
    PREPARATION_NONE = 0, /* nothing */
    PREPARATION_AWAITED,  /* whom it deposed releases the addresses first */
    PREPARATION_RUNS,     /* whatever prepares for them: ELECTION_PREPARED tells its end */
} __attribute__((packed));

/* What the administrator asked for. Plain values: may be replaced at any time. */
struct election_params {
    enum ip_family family;
    enum vrrp_version version;
    uint8_t vrid;
    uint8_t priority;    /* effective, 1..254, or 255 for the owner */
    uint8_t dead_factor; /* intervals without an advert after which a master counts as dead */
    enum checksum_mode checksum;
    bool preempt;
    bool impaired;          /* `priority` is below the configured one because something fails */
    bool grouped;           /* becomes master only by ELECTION_PROMOTE: see group.h */
    bool aligned;           /* adverts are to fall on phase_ns + n x advert_interval_ns */
    bool claims_unprepared; /* also when a preparation failed; else it gives up */
    bool mates_prepare;     /* others of its group have a prepare_ns */
    bool release_first;     /* who gives up releases before it says so, without lingering */
    uint8_t announce_repeat;
    uint64_t announce_refresh_ns; /* 0: never */
    uint64_t preempt_delay_ns;
    uint64_t preempt_healthy_ns; /* a lower priority is deposed only when this router was out of
                                    INIT, and not impaired, for so long; 0: at once */
    uint64_t advert_interval_ns;
    uint64_t linger_ns; /* 0: the longest master-down interval a successor can have */
    uint64_t phase_ns;
    uint64_t prepare_ns; /* a MASTER prepares for so long at most before it claims; its peers do
                            likewise. 0: it claims at once */
};

/* Counters, named after RFC 8347 `statistics`. */
struct election_counters {
    uint64_t advertisement_rcvd;
    uint64_t advertisement_sent;
    uint64_t priority_zero_pkts_rcvd;
    uint64_t losing_adverts_rcvd; /* lower than ours while MASTER */
    uint64_t answers_suppressed;  /* answers to those, not sent because of the rate limit */
    uint64_t stray_priority_zero; /* resignations of routers we do not follow */
    uint32_t master_transitions;
    uint32_t priority_zero_pkts_sent;
    uint32_t oversleeps;
};

/* What is small stands together: there are thousands of these. */
struct election {
    struct election_params params;
    uint32_t held_by; /* HOLD_* bits */
    enum vrrp_state state;
    bool deaf;             /* its link is down for a moment: silence says nothing */
    bool holding;          /* CLAIM was given and RELEASE was not */
    bool ready;            /* grouped: the master-down timer ran out, waiting for the group */
    bool taking;           /* becomes MASTER because it was told to */
    bool successor_seen;   /* the linger ends after the settling time */
    bool successor_silent; /* it was not seen to announce: it may need a hint to */
    bool listened; /* MASTER: it woke late, and had its timer once without having heard anybody */
    bool resigned; /* `master` sent priority 0 */
    bool lower_heard; /* its priority is lower and we let the timer run */
    uint8_t master_priority;
    enum checksum_kind checksum_kind;      /* form we send now */
    enum election_preparation preparation; /* MASTER: what it waits for */
    enum election_offer offer;
    bool offer_forced;              /* given up even when nobody comes */
    bool offer_lost;                /* EXPIRED: a successor was heard before */
    struct ip_address source;       /* our primary address: our identity in the tie-break */
    struct ip_address master;       /* whose adverts we follow; our source as MASTER */
    struct ip_address claimant;     /* of claimed_interval_ns */
    struct ip_address announced_by; /* at announced_at; NONE: not known by whom */
    uint8_t probes;                 /* adverts sent for the claimant to show itself */
    uint8_t hints;                  /* given to a silent successor so far */
    uint8_t announce_done;

    uint64_t timer_at;            /* Active_Down_Timer (BACKUP) or Adver_Timer (MASTER) */
    uint64_t source_doubt_until;  /* it was not there any more; DEADLINE_NEVER: it is, or is gone */
    uint64_t learned_interval_ns; /* Active_Adver_Interval, as far as it is believed: newcomer.h */
    uint64_t claimed_interval_ns; /* a longer one that one advert claimed; 0: none */
    uint64_t claimed_at;
    uint64_t linger_until;  /* DEADLINE_NEVER: not lingering */
    uint64_t linger_limit;  /* not longer than this, however long the successor prepares */
    uint64_t prepare_began; /* the preparation: since then, */
    uint64_t prepare_until; /* until then at most; DEADLINE_NEVER: for nothing; */
    uint64_t prepare_span;  /* AWAITED: so long must the deposed one be silent, */
    uint64_t prepare_limit; /* and not longer than this, whoever still adverts */
    uint64_t announced_at;  /* somebody else's last announcement; DEADLINE_NEVER: none */
    uint64_t announcing_at; /* our own; DEADLINE_NEVER: none */
    uint64_t announce_at;
    uint64_t preempt_at;    /* when lower priorities may be ignored; DEADLINE_NEVER: none heard */
    uint64_t offer_until;   /* OFFER_MADE, HEARD: when it expires; else DEADLINE_NEVER */
    uint64_t offer_limit;   /* HEARD: not later than this, however long it is heard */
    uint64_t raised_until;  /* adverts the raised priority; DEADLINE_NEVER: its own */
    uint64_t raised_limit;  /* not longer than this, whoever still adverts */
    uint64_t raised_span;   /* so long must a deposed master be silent */
    uint64_t healthy_since; /* out of INIT and not impaired; DEADLINE_NEVER: it is not so */
    uint64_t last_heard_at; /* last accepted advert of `master`; DEADLINE_NEVER: none */
    uint64_t last_rcvd_at;  /* any accepted advert, losing ones included; DEADLINE_NEVER: none */
    uint64_t tie_since;     /* MASTER: first of the ties left to the lead; DEADLINE_NEVER: none */
    uint64_t last_sent_at;
    uint64_t last_answer_at;
    uint64_t last_resignation_at; /* when somebody else's was last answered by an advert */

    struct election_counters counters;
};

enum election_event_type {
    ELECTION_START,     /* clears HOLD_STOPPED */
    ELECTION_STOP,      /* sets HOLD_STOPPED: resign, linger, release */
    ELECTION_HOLD,      /* sets `hold` (drain, check failed: gracefully; link: at once) */
    ELECTION_UNHOLD,    /* clears `hold` */
    ELECTION_SOURCE,    /* primary address found, changed or (NONE) lost: that is believed when it
                           lasts, or with `force` at once */
    ELECTION_ADVERT,    /* a validated advert of this virtual router */
    ELECTION_TIMER,     /* now >= election_deadline() */
    ELECTION_CONFIGURE, /* new parameters; includes a change of priority */
    ELECTION_SUCCESSOR, /* somebody else announced our addresses (seen on the wire); in
                           any state */
    ELECTION_CONFLICT,  /* give the addresses up to a foreign holder */
    ELECTION_PROMOTE,   /* the group says: become MASTER (a grouped router that is ready) */
    ELECTION_DEMOTE,    /* the group says: a member yielded, yield too */
    ELECTION_DRAIN,     /* give mastership away and stay away (HOLD_DRAINED): a MASTER once it has a
                           successor, or with `force` when it had its time to come */
    ELECTION_KEEP,      /* the group says: the offer of a drain is withdrawn */
    ELECTION_TAKE,      /* become MASTER now: see election_take_verdict() */
    ELECTION_PREPARED,  /* the preparation for the addresses has ended: well, with `force` */
    ELECTION_DEAF,      /* with `force`: its link is down, but that does not count yet; without: it
                           is over */
} __attribute__((packed));

struct election_event {
    enum election_event_type type;
    enum election_hold hold;              /* HOLD, UNHOLD */
    struct ip_address address;            /* SOURCE; SUCCESSOR: whose adverts its machine sends,
                                             NONE: not known; CONFLICT: the address they claim, */
    uint8_t mac[6];                       /* and who does */
    const struct advert *advert;          /* ADVERT */
    bool has_lead;                        /* ADVERT: the group's lead settles equal priorities, */
    uint64_t lead_rcvd_at;                /* unless it has not heard anybody since then */
    const struct election_params *params; /* CONFIGURE */
    bool force;                           /* DRAIN: give the addresses up even if nobody comes;
                                             SOURCE: nothing can be sent or heard any more either;
                                             PREPARED: it ended well;
                                             DEAF: it is so */
};

enum election_action_type {
    ACTION_SEND_ADVERT, /* with `priority` */
    ACTION_CLAIM,       /* make the kernel hold the addresses; idempotent */
    ACTION_ANNOUNCE,    /* gratuitous ARP / unsolicited NA for each */
    ACTION_RELEASE,     /* make the kernel not hold them */
    ACTION_REPORT,      /* tell history, hooks and people: `transition` */
} __attribute__((packed));

struct election_action {
    enum election_action_type type;
    uint8_t priority;         /* SEND_ADVERT */
    struct ip_address source; /* SEND_ADVERT: for a resignation perhaps one that is just lost */
    struct transition transition;
};

enum { ELECTION_ACTIONS_MAX = 16 };

/* In execution order. */
struct election_actions {
    struct election_action list[ELECTION_ACTIONS_MAX];
    size_t count;
};

/*
 * How long a router that knows its successor is there keeps answering: frames that left before the
 * successor's announcement passed are still on their way, and a plain RFC peer adverts a moment
 * before it has its addresses.
 */
#define ELECTION_SETTLE_NS (20 * NS_PER_MS)

/*
 * So long may the primary address be away: whoever renews it (a DHCP client, netplan,
 * NetworkManager) often removes and adds it, and a router can send from it and answer meanwhile.
 */
#define ELECTION_SOURCE_DOUBT_NS (200 * NS_PER_MS)

/*
 * An aligned router's adverts come early by this part of their interval until they are in phase:
 * never late, so nobody's Active_Down_Timer is nearer its end for it, and after eight adverts at
 * most all are. What is due at one time with others' costs its node one wake-up, and one for the
 * receiver's.
 */
enum { ELECTION_EARLY_PART = 8 };

/* RFC 9568 6.1: (256 - Priority) x Active_Adver_Interval / 256; v2: / 256 seconds. */
uint64_t election_skew_ns(const struct election *e);

/* RFC 9568 6.1: 3 x Active_Adver_Interval + Skew_Time, or another factor (keepalived's
 * down_timer_adverts). */
uint64_t election_master_down_ns(const struct election *e);

/* The priority it adverts as MASTER: its own, or the raised one of a take. */
uint8_t election_priority(const struct election *e);

/* Whether ELECTION_TAKE can succeed. */
enum take_verdict {
    TAKE_POSSIBLE = 0,
    TAKE_HELD,     /* in INIT: held_by says why */
    TAKE_MASTER,   /* is MASTER already */
    TAKE_OWNER,    /* the master owns the addresses (priority 255): it never yields */
    TAKE_TIE_LOST, /* the master has the raised priority, and the greater address */
};
enum take_verdict election_take_verdict(const struct election *e);

/* The longest time in which a successor takes over from a router with these parameters. */
uint64_t election_hand_over_ns(const struct election_params *params, uint64_t interval_ns);

/* How long a drained MASTER awaits a successor. A short linger_ns does not make it fail. */
uint64_t election_offer_ns(const struct election *e);

/* True for a MASTER that does not claim its addresses yet. */
bool election_preparing(const struct election *e);

/* True while it offers its addresses and somebody else adverts, so that it says nothing. */
bool election_offer_answered(const struct election *e);

/* True while addresses are kept for a successor to take over. */
bool election_lingering(const struct election *e);

/* The form of the checksum to begin with. */
enum checksum_kind election_first_checksum_kind(const struct election_params *params);

#endif
