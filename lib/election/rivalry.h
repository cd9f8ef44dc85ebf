/*
 * Another MASTER beside this one, from the first of its adverts that lost until it fell silent: one
 * bout. After a cut that heals both sides are MASTER until the lesser one hears the other and gives
 * way; of that the other has no transition, and this is what it can tell.
 *
 * Bouts that follow one another closely are one account: whoever forges adverts gets a line a
 * minute, not one each. A plain value for one instance; times are boot time in ns. No clock.
 */
#ifndef VIP_ELECTION_RIVALRY_H
#define VIP_ELECTION_RIVALRY_H

#include "lib/packet/packet.h"

/* After an account the next one comes no sooner. */
#define RIVALRY_PAUSE_NS (60 * NS_PER_SEC)

enum {
    RIVALRY_PEERS = 2, /* of each family the one that was heard last */
    RIVALRY_TEXT_SIZE = 256,
};

/* All zero: nobody was ever heard. */
struct rivalry {
    struct ip_address peers[RIVALRY_PEERS]; /* [0]: IPv4; family NONE: none of it */
    uint8_t priority;                       /* in its last advert */
    bool others;        /* another one of a family was heard before that of `peers` */
    uint32_t adverts;   /* how many were heard; 0: nothing to tell */
    uint32_t bouts;     /* how many of them so far, the present one too */
    uint64_t first_at;  /* the first advert */
    uint64_t began_at;  /* the first of the present bout */
    uint64_t last_at;   /* the last */
    uint64_t quiet_ns;  /* not heard for so long after it: the bout is over */
    uint64_t before_ns; /* how long those before the present one lasted */
    uint64_t told_at;   /* the last account; 0: none yet */
};

/* An advert that loses against our own. False: by so low a priority a BACKUP asks for an answer. */
bool rivalry_hear(struct rivalry *rivalry, const struct advert *advert, uint64_t now);

/* When there is something to tell; DEADLINE_NEVER: nothing. */
uint64_t rivalry_deadline(const struct rivalry *rivalry);

/* True: whoever it was is not heard any more. */
bool rivalry_over(const struct rivalry *rivalry, uint64_t now);

/* What there is to tell: "10.0.0.2 (priority 100) adverted as MASTER too, for 340 ms (5 adverts),
 * and gave way". Without `over` it is this node that ceased to be MASTER first. Returns buffer.
 * size: RIVALRY_TEXT_SIZE is always enough. */
const char *rivalry_text(const struct rivalry *rivalry, bool over, char *buffer, size_t size);

/* It was told: begins anew. */
void rivalry_told(struct rivalry *rivalry, uint64_t now);

#endif
