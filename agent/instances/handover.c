/* How a drain or a take of one instance goes; see handover.h. Times are CLOCK_BOOTTIME. */
#include "agent/instances/handover.h"

#include "agent/base/clock.h"
#include "lib/config/duration.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OWNER_TEXT "not possible: %s owns the addresses (priority 255), it never yields"

bool handover_is_drained(const struct handover_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        if ((view->elections[i].held_by & HOLD_DRAINED) == 0)
            return false;
    return true;
}

bool handover_offers(const struct handover_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        if (view->elections[i].offer != OFFER_NONE)
            return true;
    return false;
}

static bool any_raised(const struct handover_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        if (view->elections[i].raised_until != DEADLINE_NEVER)
            return true;
    return false;
}

static bool any_prepares(const struct handover_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        if (election_preparing(&view->elections[i]))
            return true;
    return false;
}

/* The sentence that says how it went, in place of the one before, which may be part of it. */
__attribute__((format(printf, 2, 3))) static void word(struct handover *h, const char *format, ...)
{
    char text[REASON_TEXT_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    free(h->text);
    h->text = strdup(text);
}

const char *handover_text(const struct handover *h)
{
    return h->text != NULL ? h->text : "";
}

void handover_free(struct handover *h)
{
    if (h == NULL)
        return;
    free(h->text);
    h->text = NULL;
}

static void note_peer(struct handover *h, const struct ip_address *peer, uint8_t priority)
{
    h->peer = *peer;
    h->peer_priority = priority;
}

void handover_begin(struct handover *h, const struct handover_view *view, enum handover_kind kind,
                    uint64_t id, const struct asker *asker)
{
    const struct election *lead = &view->elections[0];

    handover_free(h);
    *h = (struct handover){
        .kind = kind,
        .id = id,
        .asker = *asker,
        .asked_boot_ns = clock_boot_ns(),
        .drain_until_ns = DEADLINE_NEVER,
        .was_master = view->state == VRRP_MASTER,
        .was_drained = handover_is_drained(view),
    };
    if (lead->state == VRRP_BACKUP)
        note_peer(h, &lead->master, lead->master_priority);
    else if (lead->state == VRRP_INIT && clock_boot_ns() < view->heard->until_ns)
        note_peer(h, &view->heard->address, view->heard->priority);
}

static uint64_t since_asked(const struct handover *h)
{
    return clock_boot_ns() - h->asked_boot_ns;
}

/* The sentence about a drain that is in force. */
static void word_drained(struct handover *h)
{
    char peer[ADDRESS_TEXT_SIZE];
    char took[DURATION_TEXT_SIZE];

    ip_address_format(&h->peer, peer, sizeof(peer));
    duration_format_short(h->took_ns, took, sizeof(took));
    bool known = h->peer.family != IP_FAMILY_NONE;
    if (h->was_master && known)
        word(h, "handed over to %s in %s", peer, took);
    else if (h->was_master)
        word(h, "given up by force: nobody took over within %s", took);
    else if (h->was_drained)
        word(h, "was drained already");
    else if (known)
        word(h, "drained; %s is master", peer);
    else
        word(h, "drained; no master is known");
}

static void drain_done(struct handover *h, const struct handover_view *view)
{
    const struct transition *last = view->last;

    h->outcome = HANDOVER_DONE;
    h->took_ns = since_asked(h);
    if (h->was_master && last->reason == REASON_DRAINED)
        note_peer(h, &last->evidence.peer, last->evidence.peer_priority);
    word_drained(h);
    h->keeping = true;
}

static void explain_by(const struct asker *asker, struct transition *transition)
{
    transition->evidence.asked = asker->known;
    transition->evidence.uid = asker->uid;
}

void handover_explain(const struct handover *h, struct transition *transition)
{
    static const struct handover none = {0};

    if (h == NULL)
        h = &none;
    switch (transition->reason) {
    case REASON_DRAINED:
    case REASON_NO_SUCCESSOR:
        if (h->kind == HANDOVER_DRAIN)
            explain_by(&h->asker, transition);
        break;
    case REASON_TAKEN:
        if (h->kind == HANDOVER_TAKE)
            explain_by(&h->asker, transition);
        break;
    case REASON_RESUMED:
        explain_by(&h->resumer, transition);
        if (!h->resumer.known)
            snprintf(transition->evidence.note, sizeof(transition->evidence.note),
                     "the time of its drain is over");
        break;
    default:
        break;
    }
}

void handover_kept(struct handover *h, enum drains_saved saved)
{
    if (!h->keeping)
        return;
    h->keeping = false;
    if (saved == DRAINS_NOT_SAVED)
        word(h, "%s; this cannot be saved, so a restart of vipd ends it", handover_text(h));
    else if (saved == DRAINS_SAVING)
        word(h, "%s; the disk does not answer: until this is saved, a restart of vipd ends it",
             handover_text(h));
}

enum handover_outcome handover_outcome(const struct handover *h)
{
    return h->keeping ? HANDOVER_PENDING : h->outcome;
}

static void drain_failed(struct handover *h, const struct handover_view *view)
{
    char reason[REASON_TEXT_SIZE];
    char took[DURATION_TEXT_SIZE];

    h->outcome = HANDOVER_FAILED;
    h->took_ns = since_asked(h);
    if (view->state == VRRP_MASTER)
        word(h, "nobody took over within %s, so the addresses stay on this node",
             duration_format_short(h->took_ns, took, sizeof(took)));
    else
        word(h, "not drained, for meanwhile: %.150s",
             reason_text(view->last, reason, sizeof(reason)));
}

/* Deposed again, or it never worked. */
static void take_failed(struct handover *h, const struct handover_view *view)
{
    const struct transition *last = view->last;
    char peer[ADDRESS_TEXT_SIZE];
    char reason[REASON_TEXT_SIZE];

    h->outcome = HANDOVER_FAILED;
    h->took_ns = since_asked(h);
    if (last->reason == REASON_HIGHER_PRIORITY && last->evidence.peer_priority == PRIORITY_OWNER)
        word(h, OWNER_TEXT, ip_address_format(&last->evidence.peer, peer, sizeof(peer)));
    else if (last->reason == REASON_HIGHER_PRIORITY)
        word(h, "%s took it back: its priority %u is above %u and it preempts",
             ip_address_format(&last->evidence.peer, peer, sizeof(peer)),
             last->evidence.peer_priority, last->evidence.own_priority);
    else
        word(h, "taken, but lost again: %.150s", reason_text(last, reason, sizeof(reason)));
}

static void take_done(struct handover *h)
{
    char peer[ADDRESS_TEXT_SIZE];
    char took[DURATION_TEXT_SIZE];

    h->outcome = HANDOVER_DONE;
    duration_format_short(h->took_ns, took, sizeof(took));
    if (h->peer.family != IP_FAMILY_NONE)
        word(h, "taken over from %s in %s; this node has it now",
             ip_address_format(&h->peer, peer, sizeof(peer)), took);
    else
        word(h, "taken in %s; this node has it now", took);
}

static void update_take(struct handover *h, const struct handover_view *view)
{
    const struct election *lead = &view->elections[0];

    if (view->state != VRRP_MASTER) {
        take_failed(h, view);
        return;
    }
    if (any_prepares(view))
        return;
    if (h->took_ns == 0)
        h->took_ns = since_asked(h);
    if (any_raised(view))
        return;
    /* Now it adverts its own priority again: one that preempts needs its master-down time. */
    if (h->watch_until_ns == 0)
        h->watch_until_ns = h->peer_priority > lead->params.priority
                                ? clock_boot_ns() + handover_bound_ns(view->bundle)
                                : clock_boot_ns();
    if (clock_boot_ns() >= h->watch_until_ns)
        take_done(h);
}

bool handover_pends(const struct handover *h)
{
    return h->kind != HANDOVER_NONE && h->outcome == HANDOVER_PENDING;
}

bool handover_update(struct handover *h, const struct handover_view *view)
{
    if (!handover_pends(h))
        return false;
    if (h->kind == HANDOVER_TAKE)
        update_take(h, view);
    else if (handover_is_drained(view))
        drain_done(h, view);
    else if (!handover_offers(view))
        drain_failed(h, view);
    return h->kind == HANDOVER_DRAIN && h->outcome == HANDOVER_DONE;
}

void handover_decide(struct handover *h, enum handover_outcome outcome, const char *text)
{
    h->outcome = outcome;
    word(h, "%s", text);
}

/* Why the take cannot succeed, or NULL. */
static const char *obstacle(const struct bundle *bundle, char *buffer, size_t size)
{
    char address[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < bundle->count; i++) {
        const struct election *e = &bundle->elections[i];

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

enum handover_outcome handover_take_verdict(const struct handover *h,
                                            const struct handover_view *view,
                                            char text[REASON_TEXT_SIZE])
{
    if (handover_offers(view)) {
        snprintf(text, REASON_TEXT_SIZE, "not possible: it is being drained");
        return HANDOVER_FAILED;
    }
    if (h->was_master) {
        snprintf(text, REASON_TEXT_SIZE, "this node has it already");
        return HANDOVER_DONE;
    }
    return obstacle(view->bundle, text, REASON_TEXT_SIZE) != NULL ? HANDOVER_FAILED
                                                                  : HANDOVER_PENDING;
}

uint64_t handover_prepare_ns(const struct bundle *bundle)
{
    uint64_t longest = 0;

    for (size_t i = 0; i < bundle->count; i++)
        if (bundle->elections[i].params.prepare_ns > longest)
            longest = bundle->elections[i].params.prepare_ns;
    return longest;
}

uint64_t handover_bound_ns(const struct bundle *bundle)
{
    uint64_t bound = 0;

    for (size_t i = 0; i < bundle->count; i++)
        if (election_offer_ns(&bundle->elections[i]) > bound)
            bound = election_offer_ns(&bundle->elections[i]);
    return bound;
}
