/* Keeping and wording warnings about the LAN; see lan_warning.h. lan_judge.c finds them. */
#include "lib/election/lan_warning.h"

#include "lib/election/refused_peer.h"

#include <assert.h>
#include <stdio.h>

static const char *const names[LAN_WARNINGS] = {
    [LAN_EQUAL_PRIORITY] = "equal-priority",
    [LAN_SECOND_MASTER] = "second-master",
    [LAN_DUPLICATE_VRID] = "duplicate-vrid",
    [LAN_ADDRESS_LISTS_DIFFER] = "address-lists-differ",
    [LAN_PEER_LISTS_OTHER] = "peer-lists-other-address",
    [LAN_LOOPED_PACKETS] = "looped-packets",
    [LAN_DUPLICATE_NODE_ADDRESS] = "duplicate-node-address",
    [LAN_REFUSED_PEER] = "refused-peer",
    [LAN_OWN_INTERFACE] = "own-interface",
};

const char *lan_warning_name(enum lan_warning_kind kind)
{
    assert(kind < LAN_WARNINGS);
    return names[kind];
}

void lan_watch_init(struct lan_watch *watch)
{
    *watch = (struct lan_watch){0};
    for (size_t i = 0; i < LAN_WARNINGS; i++)
        watch->list[i].said_at = DEADLINE_NEVER;
}

/* After a cut two masters meet, and one of them yields: only one that goes on is a warning, without
 * a gap in which it might have yielded. */
static bool has_to_last(enum lan_warning_kind kind)
{
    return kind == LAN_SECOND_MASTER;
}

bool lan_watch_see(struct lan_watch *watch, const struct lan_params *params,
                   const struct lan_sighting *sighting, uint64_t now)
{
    struct lan_warning *w = &watch->list[sighting->kind];
    bool lasts = has_to_last(sighting->kind);
    uint64_t gap = lasts && !w->active ? params->settle_ns : params->quiet_ns;

    if (w->count == 0 || now - w->last_at > gap) {
        w->first_at = now;
        w->count = 0;
        w->active = false;
        w->said = false;
    }
    w->seen = *sighting;
    w->last_at = now;
    w->count++;
    w->active = !lasts || now - w->first_at >= params->settle_ns;
    /* Whose frames are refused is found out a little later: then it is said once more. */
    if (w->said && !w->named && sighting->kind == LAN_REFUSED_PEER && sighting->has_mac &&
        packet_verdict_is_auth(sighting->verdict)) {
        w->named = true;
        return true;
    }
    if (!w->active || w->said ||
        (w->said_at != DEADLINE_NEVER && now - w->said_at < LAN_WARNING_SAY_INTERVAL_NS))
        return false;
    w->said = true;
    w->named = sighting->has_mac;
    w->said_at = now;
    return true;
}

uint32_t lan_watch_expire(struct lan_watch *watch, const struct lan_params *params, uint64_t now)
{
    uint32_t ended = 0;

    for (unsigned i = 0; i < LAN_WARNINGS; i++) {
        struct lan_warning *w = &watch->list[i];

        if (!w->active || now - w->last_at < params->quiet_ns)
            continue;
        w->active = false;
        ended |= w->said ? 1u << i : 0;
        w->said = false;
    }
    return ended;
}

uint64_t lan_watch_deadline(const struct lan_watch *watch, const struct lan_params *params)
{
    uint64_t deadline = DEADLINE_NEVER;

    for (size_t i = 0; i < LAN_WARNINGS; i++) {
        const struct lan_warning *w = &watch->list[i];

        if (w->active && w->last_at + params->quiet_ns < deadline)
            deadline = w->last_at + params->quiet_ns;
    }
    return deadline;
}

uint64_t lan_watch_idle_at(const struct lan_watch *watch, const struct lan_params *params)
{
    uint64_t gap = params->quiet_ns > params->settle_ns ? params->quiet_ns : params->settle_ns;
    uint64_t at = 0;

    for (size_t i = 0; i < LAN_WARNINGS; i++) {
        const struct lan_warning *w = &watch->list[i];

        if (w->active)
            return DEADLINE_NEVER;
        if (w->count > 0 && w->last_at + gap > at)
            at = w->last_at + gap;
        if (w->said_at != DEADLINE_NEVER && w->said_at + LAN_WARNING_SAY_INTERVAL_NS > at)
            at = w->said_at + LAN_WARNING_SAY_INTERVAL_NS;
    }
    return at;
}

static void duplicate_vrid_text(const struct lan_sighting *s, const struct lan_subject *subject,
                                char *buffer, size_t size)
{
    char peer[ADDRESS_TEXT_SIZE];
    char sample[ADDRESS_TEXT_SIZE];
    char more[32] = "";

    if (s->address_count > 1)
        snprintf(more, sizeof(more), " and %zu more", s->address_count - 1);
    snprintf(buffer, size,
             "VRID %u is also used by %s for %s%s: another cluster uses VRID %u, or a node has "
             "another configuration; its adverts are ignored",
             subject->vrid, ip_address_format(&s->peer, peer, sizeof(peer)),
             ip_address_format(&s->sample, sample, sizeof(sample)), more, subject->vrid);
}

static void lists_differ_text(const struct lan_sighting *s, char *buffer, size_t size)
{
    char peer[ADDRESS_TEXT_SIZE];
    char sample[ADDRESS_TEXT_SIZE];
    char more[32] = "";

    if (s->address_count > 1)
        snprintf(more, sizeof(more), " and %zu more", s->address_count - 1);
    snprintf(
        buffer, size,
        "%s lists other addresses than are configured here: %s%s only %s; the same `addresses` "
        "belong on all nodes",
        ip_address_format(&s->peer, peer, sizeof(peer)),
        ip_address_format(&s->sample, sample, sizeof(sample)), more,
        s->missing_here ? "there" : "here");
}

const char *lan_warning_text(const struct lan_sighting *s, const struct lan_subject *subject,
                             char *buffer, size_t size)
{
    char peer[ADDRESS_TEXT_SIZE];
    char own[ADDRESS_TEXT_SIZE];
    char sample[ADDRESS_TEXT_SIZE];
    char mac[MAC_TEXT_SIZE];

    ip_address_format(&s->peer, peer, sizeof(peer));
    ip_address_format(&subject->source, own, sizeof(own));
    mac_format(s->mac, mac, sizeof(mac));
    switch (s->kind) {
    case LAN_EQUAL_PRIORITY:
        snprintf(buffer, size,
                 "%s was MASTER with our priority %u too, and the greater address won (ours: %s): "
                 "give each node a priority of its own",
                 peer, s->priority, own);
        break;
    case LAN_SECOND_MASTER:
        snprintf(buffer, size,
                 "%s goes on as MASTER with priority %u, lower than our %u: it does not hear our "
                 "adverts, or drops them%s",
                 peer, s->priority, subject->priority,
                 s->is_signed && !subject->signs
                     ? ": it signs, ours are unsigned; auth-mode = permissive here"
                     : "");
        break;
    case LAN_DUPLICATE_VRID:
        duplicate_vrid_text(s, subject, buffer, size);
        break;
    case LAN_ADDRESS_LISTS_DIFFER:
        lists_differ_text(s, buffer, size);
        break;
    case LAN_PEER_LISTS_OTHER:
        snprintf(
            buffer, size,
            "%s sends to %s, and this node sends from %s: a peer drops adverts from an address "
            "it does not list. Set `source` here, or change its list",
            peer, ip_address_format(&s->sample, sample, sizeof(sample)), own);
        break;
    case LAN_LOOPED_PACKETS:
        snprintf(buffer, size, "our own adverts come back to us on %s: the network has a loop",
                 subject->interface);
        break;
    case LAN_DUPLICATE_NODE_ADDRESS:
        snprintf(buffer, size,
                 "%s sends adverts from %s, which is this node's own address: the election cannot "
                 "tell the two nodes apart",
                 mac, own);
        break;
    case LAN_REFUSED_PEER:
        return refused_peer_text(s, subject, buffer, size);
    case LAN_OWN_INTERFACE:
        ip_address_format(&s->sample, peer, sizeof(peer));
        snprintf(buffer, size,
                 "this node's own %s answers for %s in the network of %s too: set arp_ignore = 1, "
                 "or take it out of that network",
                 s->interface, peer, subject->interface);
        break;
    case LAN_WARNINGS:
        assert(!"not a kind");
        break;
    }
    return buffer;
}
