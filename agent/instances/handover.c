/* Drain, take and resume of one instance; see handover.h. Times are CLOCK_BOOTTIME. */
#include "agent/instances/handover.h"

#include "agent/base/clock.h"
#include "agent/instances/internal.h"
#include "lib/config/duration.h"

#include <stdio.h>
#include <string.h>

#define OWNER_TEXT "not possible: %s owns the addresses (priority 255), it never yields"

static bool all_drained(const struct instance *instance)
{
    for (size_t i = 0; i < instance->router_count; i++)
        if ((instance->elections[i].held_by & HOLD_DRAINED) == 0)
            return false;
    return true;
}

static bool any_offering(const struct instance *instance)
{
    for (size_t i = 0; i < instance->router_count; i++)
        if (instance->elections[i].offer != OFFER_NONE)
            return true;
    return false;
}

static bool any_raised(const struct instance *instance)
{
    for (size_t i = 0; i < instance->router_count; i++)
        if (instance->elections[i].raised_until != DEADLINE_NEVER)
            return true;
    return false;
}

static void note_peer(struct instance *instance, const struct ip_address *peer, uint8_t priority)
{
    instance->handover.peer = *peer;
    instance->handover.peer_priority = priority;
}

/* The i-th of those that move with it, itself included; NULL: not there. */
static struct instance *mate(const struct instance *instance, size_t i)
{
    return instance->bundle->shares[i].instance;
}

static void begin(struct instance *instance, enum handover_kind kind, uint64_t id)
{
    const struct election *lead = &instance->elections[0];
    const struct heard_master *heard = &instance->routers[0].heard;

    instance->handover = (struct handover){
        .kind = kind,
        .id = id,
        .asked_boot_ns = clock_boot_ns(),
        .drain_until_ns = DEADLINE_NEVER,
        .was_master = instance->state == VRRP_MASTER,
        .was_drained = all_drained(instance),
    };
    if (lead->state == VRRP_BACKUP)
        note_peer(instance, &lead->master, lead->master_priority);
    else if (lead->state == VRRP_INIT && clock_boot_ns() < heard->until_ns)
        note_peer(instance, &heard->address, heard->priority);
}

void handover_heard(struct router *router, const struct advert *advert)
{
    const struct election *e = router_election(router);

    router->heard = (struct heard_master){0};
    if (e->state == VRRP_MASTER || advert->priority == PRIORITY_RESIGN)
        return;
    router->heard = (struct heard_master){
        .address = advert->ip.source,
        .priority = advert->priority,
        .until_ns = clock_boot_ns() + election_hand_over_ns(&e->params, advert->interval_ns),
    };
}

static uint64_t since_asked(const struct instance *instance)
{
    return clock_boot_ns() - instance->handover.asked_boot_ns;
}

/* The sentence about a drain that is in force. */
static void word_drained(struct instance *instance)
{
    struct handover *h = &instance->handover;
    char peer[ADDRESS_TEXT_SIZE];
    char took[DURATION_TEXT_SIZE];

    ip_address_format(&h->peer, peer, sizeof(peer));
    duration_format_short(h->took_ns, took, sizeof(took));
    bool known = h->peer.family != IP_FAMILY_NONE;
    if (h->was_master && known)
        snprintf(h->text, sizeof(h->text), "handed over to %s in %s", peer, took);
    else if (h->was_master)
        snprintf(h->text, sizeof(h->text), "given up by force: nobody took over within %s", took);
    else if (h->was_drained)
        snprintf(h->text, sizeof(h->text), "was drained already");
    else if (known)
        snprintf(h->text, sizeof(h->text), "drained; %s is master", peer);
    else
        snprintf(h->text, sizeof(h->text), "drained; no master is known");
}

static void drain_done(struct instance *instance)
{
    struct handover *h = &instance->handover;
    size_t used;

    h->outcome = HANDOVER_DONE;
    h->took_ns = since_asked(instance);
    if (h->was_master && instance->last.reason == REASON_DRAINED)
        note_peer(instance, &instance->last.evidence.peer, instance->last.evidence.peer_priority);
    word_drained(instance);
    used = strlen(h->text);
    if (!drains_add(instance->node->drains, instance->config->name, h->drain_until_ns))
        snprintf(h->text + used, sizeof(h->text) - used,
                 "; this cannot be saved, so a restart of vipd ends it");
}

static void drain_failed(struct instance *instance)
{
    struct handover *h = &instance->handover;
    char reason[REASON_TEXT_SIZE];
    char took[DURATION_TEXT_SIZE];

    h->outcome = HANDOVER_FAILED;
    h->took_ns = since_asked(instance);
    if (instance->state == VRRP_MASTER)
        snprintf(h->text, sizeof(h->text),
                 "nobody took over within %s, so the addresses stay on this node",
                 duration_format_short(h->took_ns, took, sizeof(took)));
    else
        snprintf(h->text, sizeof(h->text), "not drained, for meanwhile: %.150s",
                 reason_text(&instance->last, reason, sizeof(reason)));
}

static void update_drain(struct instance *instance)
{
    if (all_drained(instance))
        drain_done(instance);
    else if (!any_offering(instance))
        drain_failed(instance);
}

/* Deposed again, or it never worked. */
static void take_failed(struct instance *instance)
{
    struct handover *h = &instance->handover;
    const struct transition *last = &instance->last;
    char peer[ADDRESS_TEXT_SIZE];
    char reason[REASON_TEXT_SIZE];

    h->outcome = HANDOVER_FAILED;
    h->took_ns = since_asked(instance);
    if (last->reason == REASON_HIGHER_PRIORITY && last->evidence.peer_priority == PRIORITY_OWNER)
        snprintf(h->text, sizeof(h->text), OWNER_TEXT,
                 ip_address_format(&last->evidence.peer, peer, sizeof(peer)));
    else if (last->reason == REASON_HIGHER_PRIORITY)
        snprintf(h->text, sizeof(h->text),
                 "%s took it back: its priority %u is above %u and it preempts",
                 ip_address_format(&last->evidence.peer, peer, sizeof(peer)),
                 last->evidence.peer_priority, last->evidence.own_priority);
    else
        snprintf(h->text, sizeof(h->text), "taken, but lost again: %.150s",
                 reason_text(last, reason, sizeof(reason)));
}

static void take_done(struct instance *instance)
{
    struct handover *h = &instance->handover;
    char peer[ADDRESS_TEXT_SIZE];
    char took[DURATION_TEXT_SIZE];

    h->outcome = HANDOVER_DONE;
    duration_format_short(h->took_ns, took, sizeof(took));
    if (h->peer.family != IP_FAMILY_NONE)
        snprintf(h->text, sizeof(h->text), "taken over from %s in %s; this node has it now",
                 ip_address_format(&h->peer, peer, sizeof(peer)), took);
    else
        snprintf(h->text, sizeof(h->text), "taken in %s; this node has it now", took);
}

static void update_take(struct instance *instance)
{
    struct handover *h = &instance->handover;
    const struct election *lead = &instance->elections[0];

    if (instance->state != VRRP_MASTER) {
        take_failed(instance);
        return;
    }
    if (h->took_ns == 0)
        h->took_ns = since_asked(instance);
    if (any_raised(instance))
        return;
    /* Now it adverts its own priority again: one that preempts needs its master-down time. */
    if (h->watch_until_ns == 0)
        h->watch_until_ns = h->peer_priority > lead->params.priority
                                ? clock_boot_ns() + handover_bound_ns(instance)
                                : clock_boot_ns();
    if (clock_boot_ns() >= h->watch_until_ns)
        take_done(instance);
}

void handover_update(struct instance *instance)
{
    const struct handover *h = &instance->handover;

    if (h->kind == HANDOVER_NONE || h->outcome != HANDOVER_PENDING)
        return;
    if (h->kind == HANDOVER_DRAIN)
        update_drain(instance);
    else
        update_take(instance);
}

void handover_drain(struct instance *instance, uint64_t id, uint64_t until_boot_ns, bool force)
{
    const struct election_event event = {.type = ELECTION_DRAIN, .force = force};

    for (size_t i = 0; i < instance->bundle->share_count; i++) {
        struct instance *one = mate(instance, i);

        if (one == NULL)
            continue;
        begin(one, HANDOVER_DRAIN, id);
        one->handover.drain_until_ns = until_boot_ns;
    }
    instance_event(instance, 0, &event);
}

/* Decided at once, for all that move with it. */
static void decide(struct instance *instance, enum handover_outcome outcome, const char *text)
{
    for (size_t i = 0; i < instance->bundle->share_count; i++) {
        struct instance *one = mate(instance, i);

        if (one == NULL)
            continue;
        one->handover.outcome = outcome;
        snprintf(one->handover.text, sizeof(one->handover.text), "%s", text);
    }
}

/* Why the take cannot succeed, or NULL. */
static const char *obstacle(const struct instance *instance, char *buffer, size_t size)
{
    char address[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < instance->bundle->count; i++) {
        const struct election *e = &instance->bundle->elections[i];

        ip_address_format(&e->master, address, sizeof(address));
        switch (election_take_verdict(e)) {
        case TAKE_HELD:
            snprintf(buffer, size, "not possible: %s",
                     (e->held_by & HOLD_DRAINED) != 0
                         ? "it is drained here; resume it first"
                         : "it cannot take part now ('vipctl status' says why)");
            return buffer;
        case TAKE_OWNER:
            snprintf(buffer, size, OWNER_TEXT, address);
            return buffer;
        case TAKE_TIE_LOST:
            snprintf(buffer, size, "not possible: %s has priority 254 and the greater address",
                     address);
            return buffer;
        case TAKE_MASTER:
        case TAKE_POSSIBLE:
            break;
        }
    }
    return NULL;
}

void handover_take(struct instance *instance, uint64_t id)
{
    const struct election_event event = {.type = ELECTION_TAKE};
    char why[REASON_TEXT_SIZE];

    for (size_t i = 0; i < instance->bundle->share_count; i++)
        if (mate(instance, i) != NULL)
            begin(mate(instance, i), HANDOVER_TAKE, id);
    if (any_offering(instance)) {
        decide(instance, HANDOVER_FAILED, "not possible: it is being drained");
    } else if (instance->handover.was_master) {
        decide(instance, HANDOVER_DONE, "this node has it already");
    } else if (obstacle(instance, why, sizeof(why)) != NULL) {
        decide(instance, HANDOVER_FAILED, why);
    } else {
        instance_event(instance, 0, &event);
    }
}

bool handover_resume(struct instance *instance)
{
    const struct election_event event = {.type = ELECTION_UNHOLD, .hold = HOLD_DRAINED};
    bool was = any_offering(instance) || all_drained(instance);

    if (any_offering(instance))
        decide(instance, HANDOVER_FAILED, "withdrawn by a resume");
    for (size_t i = 0; i < instance->bundle->share_count; i++)
        drains_remove(instance->node->drains, instance->bundle->shares[i].name);
    if (was)
        instance_event(instance, 0, &event);
    return was;
}

uint64_t handover_bound_ns(const struct instance *instance)
{
    uint64_t bound = 0;

    for (size_t i = 0; i < instance->bundle->count; i++)
        if (election_offer_ns(&instance->bundle->elections[i]) > bound)
            bound = election_offer_ns(&instance->bundle->elections[i]);
    return bound;
}
