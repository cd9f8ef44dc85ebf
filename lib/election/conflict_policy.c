/* Foreign claims of our addresses; see conflict_policy.h. RFC 5227 2.4 (c), never giving up but
 * defending at most once in DEFEND_INTERVAL, or (a), giving up. */
#include "lib/election/conflict_policy.h"

#include <string.h>

enum {
    /* While a conflict lasts, its other side is asked so often in a quiet time. */
    ASKS_PER_QUIET = 4,
};

const char *conflict_mode_name(enum conflict_mode mode)
{
    return mode == CONFLICT_MODE_RELEASE ? "release" : "defend";
}

void conflict_init(struct conflict *c, const struct conflict_record *past)
{
    *c = (struct conflict){.last_at = DEADLINE_NEVER, .ask_at = DEADLINE_NEVER};
    if (past != NULL)
        c->record = *past;
}

/* The one with that MAC, else the one that claims that address, else a free one, else the one that
 * has been silent for longest. */
static struct conflict_suspect *find_suspect(struct conflict *c,
                                             const struct neighbour_claim *claim)
{
    struct conflict_suspect *best = &c->suspects[0];
    struct conflict_suspect *same_address = NULL;

    for (size_t i = 0; i < CONFLICT_SUSPECTS; i++) {
        struct conflict_suspect *s = &c->suspects[i];
        bool used = s->address.family != IP_FAMILY_NONE;

        if (used && memcmp(s->mac, claim->mac, MAC_SIZE) == 0)
            return s;
        if (used && ip_address_equal(&s->address, &claim->address))
            same_address = s;
        if (best->address.family != IP_FAMILY_NONE && (!used || s->last_at < best->last_at))
            best = s;
    }
    if (same_address != NULL)
        return same_address;
    *best = (struct conflict_suspect){0};
    return best;
}

/* When the claims of this MAC began, if they are a conflict; else DEADLINE_NEVER. */
static uint64_t convict(struct conflict *c, const struct conflict_params *params,
                        const struct neighbour_claim *claim, uint64_t advert_at, uint64_t now)
{
    struct conflict_suspect *s = find_suspect(c, claim);
    bool is_new = s->address.family == IP_FAMILY_NONE;

    /* Another master adverts: the claims may be its own, and the election settles them. */
    bool explained = !is_new && advert_at != DEADLINE_NEVER && now >= advert_at &&
                     advert_at + params->settle_ns >= s->first_at;
    if (is_new || explained || now - s->last_at > params->quiet_ns) {
        s->first_at = now;
        s->asked = false;
    }
    memcpy(s->mac, claim->mac, MAC_SIZE);
    s->known = params->known;
    s->asked = s->asked && !s->known;
    s->address = claim->address;
    s->last_at = now;
    return now - s->first_at >= params->settle_ns ? s->first_at : DEADLINE_NEVER;
}

/* RFC 5227 2.4: once in a DEFEND_INTERVAL, for each address. */
static bool may_defend(struct conflict *c, const struct ip_address *address, uint64_t now)
{
    struct conflict_defence *slot = NULL;

    for (size_t i = 0; i < CONFLICT_DEFENDED; i++) {
        struct conflict_defence *d = &c->defended[i];
        bool recent =
            d->address.family != IP_FAMILY_NONE && now - d->at < CONFLICT_DEFEND_INTERVAL_NS;

        if (recent && ip_address_equal(&d->address, address))
            return false;
        if (!recent)
            slot = d;
    }
    if (slot == NULL)
        return false;
    *slot = (struct conflict_defence){.address = *address, .at = now};
    return true;
}

/* A few times in a quiet time, and when patience ends. */
static uint64_t next_ask(const struct conflict *c, const struct conflict_params *params,
                         uint64_t now)
{
    uint64_t at = now + params->quiet_ns / ASKS_PER_QUIET;
    uint64_t patient_until = c->began_at + params->patience_ns;

    return patient_until > now && patient_until < at ? patient_until : at;
}

static void answer(struct conflict *c, const struct conflict_params *params,
                   const struct neighbour_claim *claim, uint64_t now, struct conflict_outcome *out)
{
    if (params->mode == CONFLICT_MODE_RELEASE && now - c->began_at >= params->patience_ns) {
        c->phase = CONFLICT_YIELDED;
        out->release = true;
    } else if (may_defend(c, &claim->address, now)) {
        c->record.defences++;
        out->announce = true;
    } else {
        c->record.defences_suppressed++;
    }
}

static void close_conflict(struct conflict *c, enum conflict_end why, struct conflict_outcome *out)
{
    out->resume = c->phase == CONFLICT_YIELDED;
    if (c->phase != CONFLICT_NONE)
        out->ended = why;
    c->phase = CONFLICT_NONE;
    c->ask_at = DEADLINE_NEVER;
    memset(c->suspects, 0, sizeof(c->suspects));
}

struct conflict_outcome conflict_claim(struct conflict *c, const struct conflict_params *params,
                                       const struct neighbour_claim *claim, bool master,
                                       uint64_t advert_at, uint64_t now)
{
    struct conflict_outcome out = {0};
    bool same = memcmp(c->record.mac, claim->mac, MAC_SIZE) == 0;

    if (params->known && same && c->phase != CONFLICT_NONE)
        close_conflict(c, CONFLICT_END_ROUTER, &out);
    /* Whoever of the cluster took over when we gave up claims the address by right. */
    if (c->phase == CONFLICT_YIELDED && same) {
        c->record.claims++;
        c->last_at = now;
    }
    if (c->phase == CONFLICT_YIELDED || !master)
        return out;
    c->record.claims++;
    uint64_t since = convict(c, params, claim, advert_at, now);
    out.known = since != DEADLINE_NEVER && params->known;
    if (since == DEADLINE_NEVER || out.known)
        return out;
    out.began = c->phase == CONFLICT_NONE;
    if (out.began) {
        c->phase = CONFLICT_OPEN;
        c->record.conflicts++;
        c->began_at = since;
        c->ask_at = next_ask(c, params, now);
    }
    c->record.address = claim->address;
    memcpy(c->record.mac, claim->mac, MAC_SIZE);
    c->last_at = now;
    answer(c, params, claim, now, &out);
    return out;
}

static uint64_t suspect_deadline(const struct conflict_suspect *s,
                                 const struct conflict_params *params)
{
    uint64_t settled = s->first_at + params->settle_ns;
    uint64_t again = s->last_at + params->quiet_ns / ASKS_PER_QUIET;

    if (s->address.family == IP_FAMILY_NONE)
        return DEADLINE_NEVER;
    if (s->known && !s->asked)
        return settled > again ? settled : again;
    return s->asked ? s->last_at + params->quiet_ns : s->first_at + params->settle_ns;
}

uint64_t conflict_deadline(const struct conflict *c, const struct conflict_params *params)
{
    uint64_t deadline = DEADLINE_NEVER;

    if (c->phase != CONFLICT_NONE) {
        uint64_t end = c->last_at + params->quiet_ns;

        return c->ask_at < end ? c->ask_at : end;
    }
    for (size_t i = 0; i < CONFLICT_SUSPECTS; i++) {
        uint64_t at = suspect_deadline(&c->suspects[i], params);

        deadline = at < deadline ? at : deadline;
    }
    return deadline;
}

uint64_t conflict_idle_at(const struct conflict *c)
{
    uint64_t at = 0;

    if (c->phase != CONFLICT_NONE)
        return DEADLINE_NEVER;
    for (size_t i = 0; i < CONFLICT_SUSPECTS; i++)
        if (c->suspects[i].address.family != IP_FAMILY_NONE)
            return DEADLINE_NEVER;
    for (size_t i = 0; i < CONFLICT_DEFENDED; i++) {
        const struct conflict_defence *d = &c->defended[i];

        if (d->address.family != IP_FAMILY_NONE && d->at + CONFLICT_DEFEND_INTERVAL_NS > at)
            at = d->at + CONFLICT_DEFEND_INTERVAL_NS;
    }
    return at;
}

/* One at a time: the next one is due at once. */
static void suspects_due(struct conflict *c, const struct conflict_params *params, uint64_t now,
                         struct conflict_outcome *out)
{
    for (size_t i = 0; i < CONFLICT_SUSPECTS && !out->ask; i++) {
        struct conflict_suspect *s = &c->suspects[i];

        if (suspect_deadline(s, params) > now)
            continue;
        if (s->asked) {
            *s = (struct conflict_suspect){0};
            continue;
        }
        s->asked = true;
        out->ask = true;
        out->ask_address = s->address;
    }
}

struct conflict_outcome conflict_timer(struct conflict *c, const struct conflict_params *params,
                                       uint64_t now)
{
    struct conflict_outcome out = {0};

    if (c->phase == CONFLICT_NONE) {
        suspects_due(c, params, now, &out);
        return out;
    }
    if (now >= c->last_at + params->quiet_ns) {
        close_conflict(c, CONFLICT_END_QUIET, &out);
    } else if (c->phase == CONFLICT_YIELDED && params->mode == CONFLICT_MODE_DEFEND) {
        close_conflict(c, CONFLICT_END_DEFEND, &out);
    } else if (now >= c->ask_at) {
        c->ask_at = next_ask(c, params, now);
        out.ask = true;
        out.ask_address = c->record.address;
    }
    return out;
}

struct conflict_outcome conflict_moved(struct conflict *c)
{
    struct conflict_outcome out = {0};

    /* Being put into another hold while giving up for a conflict does not end it. */
    if (c->phase == CONFLICT_YIELDED)
        return out;
    close_conflict(c, CONFLICT_END_MOVED, &out);
    return out;
}

struct conflict_outcome conflict_is_router(struct conflict *c, const uint8_t mac[MAC_SIZE])
{
    struct conflict_outcome out = {0};

    if (c->phase != CONFLICT_NONE && memcmp(c->record.mac, mac, MAC_SIZE) == 0)
        close_conflict(c, CONFLICT_END_ROUTER, &out);
    return out;
}
