/*
 * What a virtual router that has become MASTER does before it holds the addresses, where it was
 * told to prepare for them (a command that is waited for). To its peers it is MASTER from the
 * first moment: it adverts, so nobody else takes over. To hosts it is not yet: nothing is claimed
 * and nothing announced until the preparation has ended. For the files of the election only.
 *
 * release_first: whoever gives the addresses up releases them before it says so (priority 0). Who
 * deposes a living master therefore waits with its preparation until it was told, or until the
 * deposed one has been silent for a while.
 */
#ifndef VIP_ELECTION_PREPARE_H
#define VIP_ELECTION_PREPARE_H

#include "lib/election/router.h"

/* MASTER from now on: it prepares. deposes: a master that lives, which adverts each deposed_ns. */
void election_prepare(struct election *e, bool deposes, uint64_t deposed_ns, uint64_t now);

/* The addresses are to be held and announced: nothing has to be waited for (any more). */
void election_claim(struct election *e, uint64_t now, struct election_actions *out);

/* It leaves MASTER: nothing is prepared any more. */
void election_forget_preparation(struct election *e);

/* An advert of somebody else while this router waits for what it deposed. */
void election_prepare_advert(struct election *e, uint8_t priority, uint64_t now);

/* The preparation begins where it waited for long enough. True: its own time is up. */
bool election_prepare_due(struct election *e, uint64_t now);

#endif
