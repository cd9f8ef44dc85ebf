/*
 * What the administrator asked of an instance, drain or take, and how it went: followed from event
 * to event until it is decided. The election decides; this only watches it and finds the words.
 */
#ifndef AGENT_INSTANCES_HANDOVER_H
#define AGENT_INSTANCES_HANDOVER_H

#include "lib/control/control.h"

struct advert;
struct instance;
struct router;

/* Who adverted last while the router was not MASTER itself: in INIT the election follows nobody. */
struct heard_master {
    struct ip_address address;
    uint8_t priority;
    uint64_t until_ns; /* boot time: not heard again by then, it is not there; 0: nobody */
};

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
    struct ip_address peer; /* drain: who took over; take: from whom; NONE: nobody known */
    uint8_t peer_priority;
    char text[REASON_TEXT_SIZE];
};

/* Gives mastership away and stays away, until that boot time. force: even if nobody takes over.
 * These three concern the whole group of the instance. */
void handover_drain(struct instance *instance, uint64_t id, uint64_t until_boot_ns, bool force);

/* Asks for mastership, once. */
void handover_take(struct instance *instance, uint64_t id);

/* Back into the election. True when it was drained (or about to be). */
bool handover_resume(struct instance *instance);

/* Call after every event: decides what is pending. */
void handover_update(struct instance *instance);

/* Call for every accepted advert, before the election has it. */
void handover_heard(struct router *router, const struct advert *advert);

/* How long it can take until a request is decided. */
uint64_t handover_bound_ns(const struct instance *instance);

#endif
