/*
 * Checks over a whole configuration. A check looks only at values that were given and understood,
 * so that one mistake brings one problem.
 */
#include "lib/config/draft.h"
#include "lib/config/identity.h"
#include "lib/config/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTION_TEXT_SIZE = NAME_SIZE + 16 };

/* What the checks of one instance look at. */
struct subject {
    const struct config_draft *draft;
    const struct config_instance *instance;
    const struct section_draft *section;
};

/* Adds a problem at `key` of the instance: where it is written, else at the section's header. */
#define PROBLEM(subject, index, ...)                                                               \
    do {                                                                                           \
        char section_text[SECTION_TEXT_SIZE];                                                      \
        const struct config_place place =                                                          \
            place_of((subject), (index), section_text, sizeof(section_text));                      \
        config_problem_add((subject)->draft->problems, &place, __VA_ARGS__);                       \
    } while (0)

static struct config_place place_of(const struct subject *subject, enum instance_key index,
                                    char *section_text, size_t size)
{
    unsigned line = subject->section->key_line[index];

    snprintf(section_text, size, "%s %s", config_schema_instance()->name, subject->instance->name);
    return (struct config_place){
        .file = subject->section->file,
        .line = line != 0 ? line : subject->section->line,
        .section = section_text,
        .key = config_schema_instance()->keys[index].name,
    };
}

static struct subject subject_of(const struct config_draft *draft, size_t index)
{
    return (struct subject){draft, &draft->config->instances[index], &draft->instances[index]};
}

static bool good(const struct subject *subject, enum instance_key index)
{
    return !subject->section->bad[index];
}

static bool good_and_given(const struct subject *subject, enum instance_key index)
{
    return good(subject, index) && subject->section->key_line[index] != 0;
}

/* Required keys that are missing, and lists given without an item. */
static void check_presence(const struct subject *subject)
{
    const struct config_section *schema = config_schema_instance();

    for (size_t i = 0; i < schema->key_count; i++) {
        const struct config_key *key = &schema->keys[i];

        if (subject->section->key_line[i] == 0) {
            if (key->required)
                PROBLEM(subject, (enum instance_key)i, "missing, expected %s", key->expected);
        } else if (config_value_is_list(key->type) && subject->section->items[i] == 0) {
            PROBLEM(subject, (enum instance_key)i, "found nothing, expected %s", key->expected);
        }
    }
}

/* Unicast alone can do without: the routes to the peers tell. */
static void check_way(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;
    char text[ADDRESS_TEXT_SIZE];

    if (subject->section->key_line[INSTANCE_INTERFACE] != 0)
        return;
    if (subject->section->key_line[INSTANCE_UNICAST_PEERS] == 0)
        PROBLEM(subject, INSTANCE_INTERFACE, "missing, expected %s",
                config_schema_instance()->keys[INSTANCE_INTERFACE].expected);
    for (size_t i = 0; i < instance->peer_count; i++) {
        if (!ip_address_is_link_local(&instance->peers[i]))
            continue;
        PROBLEM(subject, INSTANCE_INTERFACE,
                "missing, but the peer %s is on every link; expected the interface it is on",
                ip_address_format(&instance->peers[i], text, sizeof(text)));
        return;
    }
}

/* Version 2 knows IPv4 only and counts whole seconds; version 3 has 12 bits of centiseconds. */
static void check_version(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;
    uint64_t interval_ns = instance->advert_interval_ns;
    bool interval_good = good(subject, INSTANCE_ADVERT_INTERVAL);

    if (!good(subject, INSTANCE_VERSION))
        return;
    if (instance->version == VRRP_V2) {
        if (instance->ipv6_count > 0)
            PROBLEM(subject, INSTANCE_VERSION,
                    "found 2, but version 2 cannot carry IPv6 addresses; expected 3, or the IPv6 "
                    "ones in extra-addresses");
        if (interval_good && (interval_ns % NS_PER_SEC != 0))
            PROBLEM(subject, INSTANCE_ADVERT_INTERVAL,
                    "version 2 counts in seconds, expected whole seconds from 1s to 255s");
    } else if (interval_good && interval_ns > 40950 * NS_PER_MS) {
        PROBLEM(subject, INSTANCE_ADVERT_INTERVAL,
                "too long for version 3, expected at most 40.95s");
    }
}

/* Never ignored: whoever wrote one believes that it is asked for. */
static void check_password(const struct subject *subject)
{
    bool text = good_and_given(subject, INSTANCE_PASSWORD);
    bool file = good_and_given(subject, INSTANCE_PASSWORD_FILE);
    enum instance_key key = text ? INSTANCE_PASSWORD : INSTANCE_PASSWORD_FILE;

    if (text && file)
        PROBLEM(subject, INSTANCE_PASSWORD_FILE, "beside `password`, expected one of the two");
    else if ((text || file) && good(subject, INSTANCE_VERSION) &&
             subject->instance->version != VRRP_V2)
        PROBLEM(subject, key, "version 3 has no passwords, expected it with version = 2 only");
}

/* Likewise: without a key nothing of it is asked for. */
static void check_auth(const struct subject *subject)
{
    static const enum instance_key needy[] = {INSTANCE_AUTH_MODE, INSTANCE_AUTH_REPLAY,
                                              INSTANCE_AUTH_WINDOW};
    const unsigned *line = subject->section->key_line;

    if (line[INSTANCE_AUTH_KEY] == 0)
        for (size_t i = 0; i < sizeof(needy) / sizeof(needy[0]); i++)
            if (good_and_given(subject, needy[i]))
                PROBLEM(subject, needy[i], "without `auth-key`, expected it with one only");
    if (line[INSTANCE_AUTH_KEY] == 0)
        return;
    if (line[INSTANCE_PASSWORD] != 0 || line[INSTANCE_PASSWORD_FILE] != 0)
        PROBLEM(subject, INSTANCE_AUTH_KEY, "beside a password, expected one of the two");
    if (good_and_given(subject, INSTANCE_AUTH_WINDOW) && good(subject, INSTANCE_AUTH_REPLAY) &&
        subject->instance->auth_replay == AUTH_REPLAY_MONOTONIC)
        PROBLEM(subject, INSTANCE_AUTH_WINDOW,
                "auth-replay = monotonic has no window, expected it with time only");
}

/* Nobody hears an advertisement there. */
static void check_interface(const struct subject *subject)
{
    if (good_and_given(subject, INSTANCE_INTERFACE) &&
        strcmp(subject->instance->interface, "lo") == 0)
        PROBLEM(subject, INSTANCE_INTERFACE,
                "found 'lo', where no other node is; expected the interface they are reached by");
}

static bool is_virtual(const struct config_instance *instance, const struct ip_address *address)
{
    for (size_t i = 0; i < instance->claim_count; i++)
        if (ip_address_equal(&instance->claims[i].prefix.address, address))
            return true;
    return false;
}

static void check_source(const struct subject *subject, const struct ip_address *source)
{
    char text[ADDRESS_TEXT_SIZE];

    if (source->family == IP_FAMILY_NONE || subject->instance->priority == PRIORITY_OWNER ||
        !good(subject, INSTANCE_PRIORITY) || !is_virtual(subject->instance, source))
        return;
    PROBLEM(subject, INSTANCE_SOURCE,
            "found %s, which is a virtual address; only their owner (priority 255) sends from one",
            ip_address_format(source, text, sizeof(text)));
}

static bool has_peer(const struct config_instance *instance, enum ip_family family)
{
    for (size_t i = 0; i < instance->peer_count; i++) {
        if (instance->peers[i].family == family)
            return true;
    }
    return false;
}

static void check_ttl(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;

    if (good(subject, INSTANCE_UNICAST_MIN_TTL) && good(subject, INSTANCE_UNICAST_MAX_TTL) &&
        instance->unicast_min_ttl > instance->unicast_max_ttl)
        PROBLEM(subject, INSTANCE_UNICAST_MAX_TTL,
                "found %u, which is less than unicast-min-ttl (%u): nothing would be accepted",
                instance->unicast_max_ttl, instance->unicast_min_ttl);
}

/* Packets are dropped by address, and by link where that is needed to tell which is meant. */
static void check_accept(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;
    char text[ADDRESS_TEXT_SIZE];

    if (!good(subject, INSTANCE_ACCEPT) || instance->accept)
        return;
    for (size_t i = 0; i < instance->claim_count; i++) {
        const struct claimed_address *claim = &instance->claims[i];

        if (claim->device[0] != '\0' && claim->prefix.address.family == IP_FAMILY_IPV6 &&
            ip_address_is_link_local(&claim->prefix.address))
            PROBLEM(
                subject, INSTANCE_ACCEPT,
                "found 'no', which cannot be had for %s: a link-local address on another device",
                ip_prefix_format(&claim->prefix, text, sizeof(text)));
    }
}

static void check_unicast(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;
    char text[ADDRESS_TEXT_SIZE];

    if (!good_and_given(subject, INSTANCE_UNICAST_PEERS) || instance->peer_count == 0)
        return;
    if (instance->ipv4_count > 0 && !has_peer(instance, IP_FAMILY_IPV4))
        PROBLEM(subject, INSTANCE_UNICAST_PEERS,
                "no IPv4 peer, but there are IPv4 addresses; expected at least one");
    if (instance->ipv6_count > 0 && !has_peer(instance, IP_FAMILY_IPV6))
        PROBLEM(subject, INSTANCE_UNICAST_PEERS,
                "no IPv6 peer, but there are IPv6 addresses; expected at least one");
    for (size_t i = 0; i < instance->peer_count; i++) {
        const struct ip_address *peer = &instance->peers[i];

        ip_address_format(peer, text, sizeof(text));
        if (ip_address_equal(peer, &instance->source4) ||
            ip_address_equal(peer, &instance->source6))
            PROBLEM(subject, INSTANCE_UNICAST_PEERS,
                    "found %s, which is this node's own source; expected the other nodes", text);
        else if (is_virtual(instance, peer))
            PROBLEM(subject, INSTANCE_UNICAST_PEERS,
                    "found %s, which is a virtual address; expected the other nodes' own", text);
    }
}

/* Its interface is known, or will be. */
static bool has_place(const struct subject *subject)
{
    return subject->instance->interface[0] != '\0' ||
           (subject->instance->unicast && good(subject, INSTANCE_INTERFACE));
}

/* Says how an instance clashes with an earlier one. */
static void tell_clash(const struct subject *subject, const struct subject *earlier,
                       enum identity_clash clash, const struct ip_address *peer)
{
    const struct config_instance *instance = subject->instance;
    const struct config_instance *other = earlier->instance;
    const unsigned *lines = earlier->section->key_line;
    char text[ADDRESS_TEXT_SIZE];

    switch (clash) {
    case IDENTITY_APART:
        break;
    case IDENTITY_VRID:
        PROBLEM(subject, INSTANCE_VRID,
                "found %u, which instance %s (%s:%u) uses on %s already; expected another one",
                instance->vrid, other->name, other->file, lines[INSTANCE_VRID],
                config_interface_text(other));
        break;
    case IDENTITY_PEER:
        PROBLEM(subject, INSTANCE_UNICAST_PEERS,
                "found %s, a peer of instance %s (%s:%u) too, which has vrid %u on %s as well; "
                "expected other peers, or another vrid",
                ip_address_format(peer, text, sizeof(text)), other->name, other->file,
                lines[INSTANCE_UNICAST_PEERS], instance->vrid, config_interface_text(other));
        break;
    case IDENTITY_MAC:
        PROBLEM(subject, INSTANCE_MAC,
                "found 'virtual', as has instance %s (%s:%u) of the same vrid on %s: one MAC for "
                "two; expected another vrid",
                other->name, other->file, lines[INSTANCE_MAC], config_interface_text(other));
        break;
    }
}

static void check_identity(const struct config_draft *draft, size_t index)
{
    const struct subject subject = subject_of(draft, index);
    const struct config_instance *instance = subject.instance;
    struct ip_address peer;

    if (instance->vrid == 0 || !has_place(&subject) || !good(&subject, INSTANCE_UNICAST_PEERS) ||
        !good(&subject, INSTANCE_ADDRESSES))
        return;
    for (size_t i = 0; i < index; i++) {
        const struct subject earlier = subject_of(draft, i);
        enum identity_clash clash = config_identity_clash(instance, earlier.instance, &peer);

        if (earlier.section->set_aside || !has_place(&earlier) ||
            !good(&earlier, INSTANCE_UNICAST_PEERS) || !good(&earlier, INSTANCE_ADDRESSES) ||
            clash == IDENTITY_APART)
            continue;
        tell_clash(&subject, &earlier, clash, &peer);
        return;
    }
}

/* The device it goes on: a virtual MAC's link is left out of account. */
static const char *device_of(const struct config_draft *draft, const struct placed_address *placed)
{
    return placed->device[0] != '\0' ? placed->device
                                     : draft->config->instances[placed->instance].interface;
}

static int compare_placed(const void *a, const void *b, void *user)
{
    const struct config_draft *draft = user;
    const struct placed_address *x = a;
    const struct placed_address *y = b;
    int order = strcmp(device_of(draft, x), device_of(draft, y));

    if (order == 0)
        order = ip_address_compare(&x->address, &y->address);
    if (order == 0 && x->instance != y->instance)
        order = x->instance < y->instance ? -1 : 1;
    if (order == 0 && x->line != y->line)
        order = x->line < y->line ? -1 : 1;
    return order;
}

/* Whether two neighbours in the sorted list clash. Two derived ones come of one VRID, of which
 * check_identity() tells, unless they are apart. */
static bool is_clash(const struct config_draft *draft, const struct placed_address *first,
                     const struct placed_address *second)
{
    const struct config_instance *a = &draft->config->instances[first->instance];
    const struct config_instance *b = &draft->config->instances[second->instance];
    struct ip_address peer;

    if (!ip_address_equal(&first->address, &second->address))
        return false;
    if (first->derived && second->derived && config_identity_clash(a, b, &peer) != IDENTITY_APART)
        return false;
    const char *device = device_of(draft, first);

    return strcmp(device, device_of(draft, second)) == 0 &&
           (a == b || device[0] != '\0' || (a->unicast && b->unicast));
}

/* An address is wanted once on an interface: sorted, those wanted twice are neighbours. */
static void check_duplicates(const struct config_draft *draft)
{
    if (draft->placed_count < 2)
        return;
    qsort_r(draft->placed, draft->placed_count, sizeof(*draft->placed), compare_placed,
            (void *)draft);
    for (size_t i = 1; i < draft->placed_count; i++) {
        const struct placed_address *first = &draft->placed[i - 1];
        const struct placed_address *second = &draft->placed[i];
        const struct config_instance *a = &draft->config->instances[first->instance];
        const struct config_instance *b = &draft->config->instances[second->instance];
        char section[SECTION_TEXT_SIZE];
        char text[ADDRESS_TEXT_SIZE];

        if (!is_clash(draft, first, second))
            continue;
        snprintf(section, sizeof(section), "%s %s", config_schema_instance()->name, b->name);
        const struct config_place place = {
            .file = b->file,
            .line = second->line,
            .section = section,
            .key = config_schema_instance()
                       ->keys[second->extra ? INSTANCE_EXTRA_ADDRESSES : INSTANCE_ADDRESSES]
                       .name,
        };
        ip_address_format(&second->address, text, sizeof(text));
        if (a == b)
            config_problem_add(draft->problems, &place,
                               "found %s a second time, the first is in line %u", text,
                               first->line);
        else if (second->derived)
            config_problem_add(draft->problems, &place,
                               "found no link-local address, and that of the vrid, %s, has "
                               "instance %s (%s:%u) on %s already; expected one of its own",
                               text, a->name, a->file, first->line, config_interface_text(b));
        else
            config_problem_add(draft->problems, &place,
                               "found %s, which instance %s (%s:%u) has on %s already", text,
                               a->name, a->file, first->line,
                               device_of(draft, second)[0] != '\0' ? device_of(draft, second)
                                                                   : config_interface_text(b));
    }
}

void config_validate(const struct config_draft *draft)
{
    for (size_t i = 0; i < draft->config->instance_count; i++) {
        const struct subject subject = subject_of(draft, i);

        if (subject.section->set_aside)
            continue;
        check_way(&subject);
        check_presence(&subject);
        check_interface(&subject);
        check_version(&subject);
        check_password(&subject);
        check_auth(&subject);
        check_source(&subject, &subject.instance->source4);
        check_source(&subject, &subject.instance->source6);
        check_unicast(&subject);
        check_accept(&subject);
        check_ttl(&subject);
        check_identity(draft, i);
    }
    check_duplicates(draft);
    config_validate_checks(draft);
}
