/*
 * What to do about a machine outside of the cluster that claims an address while this node is its
 * MASTER (RFC 5227 2.4): when a claim is a conflict, how often to defend, when to give up and when
 * to come back. A plain value for one virtual router: claims and the time go in, what to do comes
 * out; no I/O, no clock.
 *
 * A rival of the cluster that takes over claims the address too, for less than a master-down
 * interval, and adverts. So a claim is only suspected at first; it becomes a conflict when the same
 * MAC claims after the settling time, and no other router of ours advertised meanwhile: two masters
 * that hear each other are the election's business. A suspect is asked once when the time is over.
 * Who claims one address with ever new MACs is one suspect: the claims are what harms, whoever they
 * seem to come from.
 * Of a machine that is known to be a router of ours it never becomes a conflict: nothing is
 * defended against it, and nothing given up to it.
 */
#ifndef VIP_ELECTION_CONFLICT_POLICY_H
#define VIP_ELECTION_CONFLICT_POLICY_H

#include "lib/packet/neighbour_claim.h"

/* RFC 5227 1.1 DEFEND_INTERVAL: between two defences of one address. */
#define CONFLICT_DEFEND_INTERVAL_NS (10 * NS_PER_SEC)

enum {
    /* Machines suspected at a time; of more, the ones heard last are kept. */
    CONFLICT_SUSPECTS = 4,
    /* Addresses whose last defence is remembered: with more than so many at a time the rest waits,
     * which bounds what one router sends in a defend interval. */
    CONFLICT_DEFENDED = 16,
};

/* `on-conflict` of the configuration. */
enum conflict_mode {
    CONFLICT_MODE_DEFEND = 0,
    CONFLICT_MODE_RELEASE,
} __attribute__((packed));

/* Name as in the configuration. Static text. */
const char *conflict_mode_name(enum conflict_mode mode);

/* May change from call to call. */
struct conflict_params {
    enum conflict_mode mode;
    uint64_t settle_ns;   /* a master-down interval */
    uint64_t patience_ns; /* before giving up: also the lease of a predecessor that hangs and whose
                             kernel still answers; until then there is a defence */
    uint64_t quiet_ns;    /* not seen for so long: it is over */
    bool known; /* of a claim: its sender is a router of ours, or this node (peer_macs.h) */
};

enum conflict_phase {
    CONFLICT_NONE = 0, /* maybe suspects */
    CONFLICT_OPEN,     /* somebody else holds an address, and we go on as MASTER */
    CONFLICT_YIELDED,  /* we gave the addresses up for it */
};

/* What is told of conflicts that are over. All zero: there was nothing. */
struct conflict_record {
    struct ip_address address; /* of the last one; NONE: never one */
    uint8_t mac[MAC_SIZE];
    uint64_t conflicts;
    uint64_t claims; /* by strangers, the suspected ones included */
    uint64_t defences;
    uint64_t defences_suppressed;
};

struct conflict_suspect {
    struct ip_address address; /* the one claimed last; NONE: free */
    uint8_t mac[MAC_SIZE];     /* that it was claimed with last */
    uint64_t first_at;
    uint64_t last_at;
    bool asked;
    bool known; /* never a conflict; asked now and then whether it still claims */
};

struct conflict_defence {
    struct ip_address address; /* NONE: free */
    uint64_t at;
};

struct conflict {
    enum conflict_phase phase;
    struct conflict_record record; /* with the present one */
    uint64_t began_at;             /* its first claim */
    uint64_t last_at;              /* last claim of it */
    uint64_t ask_at;               /* OPEN, YIELDED: when to ask again whether it is still there */
    struct conflict_suspect suspects[CONFLICT_SUSPECTS];
    struct conflict_defence defended[CONFLICT_DEFENDED];
};

/* Why a conflict is over. */
enum conflict_end {
    CONFLICT_GOES_ON = 0,
    CONFLICT_END_QUIET,  /* not seen for the quiet time */
    CONFLICT_END_MOVED,  /* we are not MASTER any more */
    CONFLICT_END_DEFEND, /* given up, and now told to defend */
    CONFLICT_END_ROUTER, /* it turned out to be a router of ours, which adverts */
};

/* What to do now, in this order. */
struct conflict_outcome {
    bool known;              /* no conflict: a router of ours goes on claiming, tell that */
    bool began;              /* tell: `address` and `mac` of the conflict say who */
    bool announce;           /* defend the claimed address, once */
    bool release;            /* give up mastership */
    enum conflict_end ended; /* tell */
    bool resume;             /* take part in the election again */
    bool ask;                /* send a probe for ask_address: whoever holds it answers */
    struct ip_address ask_address;
};

/* No conflict, no suspects. past: what was before, NULL: nothing. */
void conflict_init(struct conflict *c, const struct conflict_record *past);

/*
 * A claim (an announcement or an answer, not a probe) by a MAC that is not ours.
 * master: this router is MASTER now. advert_at: when an advert of another router of ours was last
 * accepted, DEADLINE_NEVER: never.
 */
struct conflict_outcome conflict_claim(struct conflict *c, const struct conflict_params *params,
                                       const struct neighbour_claim *claim, bool master,
                                       uint64_t advert_at, uint64_t now);

/* When conflict_timer() is due, or DEADLINE_NEVER. */
uint64_t conflict_deadline(const struct conflict *c, const struct conflict_params *params);

/* now >= conflict_deadline(); harmless earlier. Call it after a change of the parameters too. */
struct conflict_outcome conflict_timer(struct conflict *c, const struct conflict_params *params,
                                       uint64_t now);

/* From when on one made anew with its record behaves alike: there is no conflict, no suspect, and
 * no defence that others have to wait for. 0: at once; DEADLINE_NEVER: not before
 * conflict_deadline(). */
uint64_t conflict_idle_at(const struct conflict *c);

/* The machine with that MAC sends adverts of our virtual router, as was seen at least: the election
 * settles who is master, or what refuses or loses them is what is to be mended. */
struct conflict_outcome conflict_is_router(struct conflict *c, const uint8_t mac[MAC_SIZE]);

/* The router came into or out of MASTER otherwise than by `release`: what others claim has another
 * meaning now. */
struct conflict_outcome conflict_moved(struct conflict *c);

#endif
