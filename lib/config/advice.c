/*
 * Advice about a configuration: combinations that vipd takes and does what they say, but which
 * lose something that operators count on. Nothing here keeps a configuration from being used.
 */
#include "lib/config/advice.h"

#include "lib/config/advice_check.h"
#include "lib/config/group.h"
#include "lib/config/problem.h"
#include "lib/config/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Below this, a process without real-time priority is easily late with an advertisement. */
#define BRISK_INTERVAL_NS (100 * NS_PER_MS)

struct subject {
    const struct config *config;
    const struct config_instance *instance;
    struct config_problems *out;
};

/* Adds advice about `key` of the instance. */
#define ADVISE(subject, index, ...)                                                                \
    do {                                                                                           \
        char section_text[NAME_SIZE + 16];                                                         \
        const struct config_place place =                                                          \
            place_of((subject)->instance, (index), section_text, sizeof(section_text));            \
        config_problem_add((subject)->out, &place, __VA_ARGS__);                                   \
    } while (0)

static struct config_place place_of(const struct config_instance *instance, enum instance_key index,
                                    char *section_text, size_t size)
{
    const struct config_section *schema = config_schema_instance();

    snprintf(section_text, size, "%s %s", schema->name, instance->name);
    return (struct config_place){
        .file = instance->file,
        .line = instance->line,
        .section = section_text,
        .key = schema->keys[index].name,
    };
}

static void advise_on_owner(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;

    if (instance->priority == PRIORITY_OWNER && instance->preempt != PREEMPT_YES)
        ADVISE(subject, INSTANCE_PREEMPT,
               "without effect at priority 255: the owner always takes over (RFC 9568 6.1)");
}

static void advise_on_lease(const struct subject *subject)
{
    if (subject->instance->lease_ns == 0)
        ADVISE(subject, INSTANCE_LEASE,
               "off: when vipd is killed or hangs, the addresses stay beside those of the new "
               "master");
}

static void advise_on_times(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;

    if (instance->advert_interval_ns < BRISK_INTERVAL_NS && !subject->config->realtime)
        ADVISE(subject, INSTANCE_ADVERT_INTERVAL,
               "below 100ms without realtime: a busy node may be late and lose its mastership");
    if (instance->announce_repeat == 0 && instance->announce_refresh_ns == 0)
        ADVISE(subject, INSTANCE_ANNOUNCE_REPEAT,
               "0 with announce-refresh off: hosts that miss the one announcement keep sending to "
               "the old master");
}

static void advise_on_source(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;

    if (instance->source4.family != IP_FAMILY_NONE && instance->ipv4_count == 0)
        ADVISE(subject, INSTANCE_SOURCE, "the IPv4 one has no effect: no IPv4 virtual address");
    if (instance->source6.family == IP_FAMILY_NONE)
        return;
    if (instance->ipv6_count == 0)
        ADVISE(subject, INSTANCE_SOURCE, "the IPv6 one has no effect: no IPv6 virtual address");
    else if (!instance->unicast && !ip_address_is_link_local(&instance->source6))
        ADVISE(subject, INSTANCE_SOURCE,
               "the IPv6 one is not link-local: peers that follow RFC 9568 5.1.2.1 may not take "
               "the advertisements");
}

/* Nodes that list one another by global addresses and send from their link-local ones drop each
 * other's advertisements: two masters. */
static void advise_on_peers(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;
    size_t global = 0;
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < instance->peer_count; i++) {
        const struct ip_address *peer = &instance->peers[i];

        if (peer->family == IP_FAMILY_IPV6 && !ip_address_is_link_local(peer))
            global++;
        if ((peer->family == IP_FAMILY_IPV4 ? instance->ipv4_count : instance->ipv6_count) == 0)
            ADVISE(subject, INSTANCE_UNICAST_PEERS,
                   "%s has no effect: no virtual address of its family",
                   ip_address_format(peer, text, sizeof(text)));
    }
    if (global > 0 && instance->ipv6_count > 0 && instance->source6.family == IP_FAMILY_NONE)
        ADVISE(subject, INSTANCE_SOURCE,
               "no IPv6 one, and the peers are not link-local: advertisements leave from the "
               "link-local address, which the peers then have to list");
}

/* True when the bits behind the prefix are all equal to those of `fill` (0x00 or 0xff). */
static bool host_bits_are(const struct ip_prefix *prefix, uint8_t fill)
{
    size_t bits = ip_family_size(prefix->address.family) * 8;

    for (size_t bit = prefix->length; bit < bits; bit++) {
        uint8_t mask = (uint8_t)(0x80U >> (bit % 8));

        if (((prefix->address.octets[bit / 8] ^ fill) & mask) != 0)
            return false;
    }
    return true;
}

static void advise_on_addresses(const struct subject *subject, enum ip_family family)
{
    size_t count = 0;
    const struct ip_prefix *list = config_addresses(subject->instance, family, &count);
    size_t bits = ip_family_size(family) * 8;
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < count; i++) {
        if (list[i].length >= bits - 1)
            continue;
        ip_prefix_format(&list[i], text, sizeof(text));
        if (host_bits_are(&list[i], 0))
            ADVISE(subject, INSTANCE_ADDRESSES, "%s is the address of the network itself", text);
        else if (family == IP_FAMILY_IPV4 && host_bits_are(&list[i], 0xff))
            ADVISE(subject, INSTANCE_ADDRESSES, "%s is the network's broadcast address", text);
    }
}

struct held {
    const struct ip_address *address;
    const struct config_instance *instance;
};

static int compare_held(const void *a, const void *b)
{
    const struct held *x = a;
    const struct held *y = b;
    int order = ip_address_compare(x->address, y->address);

    if (order != 0)
        return order;
    return x->instance < y->instance ? -1 : x->instance > y->instance ? 1 : 0;
}

/* Link-local ones belong to their link and may be on several. */
static size_t list_held(const struct config *config, struct held *list)
{
    static const enum ip_family families[] = {IP_FAMILY_IPV4, IP_FAMILY_IPV6};
    size_t used = 0;

    for (size_t i = 0; i < config->instance_count; i++) {
        for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
            size_t count = 0;
            const struct ip_prefix *addresses =
                config_addresses(&config->instances[i], families[f], &count);

            for (size_t j = 0; j < count; j++) {
                if (!ip_address_is_link_local(&addresses[j].address))
                    list[used++] = (struct held){&addresses[j].address, &config->instances[i]};
            }
        }
    }
    return used;
}

static void advise_on_group(const struct subject *subject)
{
    uint8_t lowest = config_group_priority(subject->config, subject->instance);

    if (subject->instance->priority != lowest)
        ADVISE(subject, INSTANCE_PRIORITY, "counts as %u, the lowest one of [group %s]", lowest,
               subject->instance->group->name);
}

/* The same address on one interface is a problem; on two it is only odd. */
static void advise_on_doubles(const struct config *config, struct config_problems *out)
{
    size_t room = 1;
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < config->instance_count; i++)
        room += config->instances[i].ipv4_count + config->instances[i].ipv6_count;
    struct held *list = calloc(room, sizeof(*list));
    if (list == NULL)
        return;
    size_t used = list_held(config, list);
    qsort(list, used, sizeof(*list), compare_held);
    for (size_t i = 1; i < used; i++) {
        const struct subject subject = {config, list[i].instance, out};
        const struct config_instance *other = list[i - 1].instance;

        if (ip_address_equal(list[i].address, list[i - 1].address))
            ADVISE(&subject, INSTANCE_ADDRESSES, "%s is that of instance %s (%s:%u) on %s as well",
                   ip_address_format(list[i].address, text, sizeof(text)), other->name, other->file,
                   other->line,
                   other->interface[0] != '\0' ? other->interface : "the interface of its peers");
    }
    free(list);
}

void config_advise(const struct config *config, struct config_problems *out)
{
    if (!config_problems_open(out))
        return;
    for (size_t i = 0; i < config->instance_count; i++) {
        const struct subject subject = {config, &config->instances[i], out};

        advise_on_owner(&subject);
        advise_on_group(&subject);
        advise_on_lease(&subject);
        advise_on_times(&subject);
        advise_on_source(&subject);
        advise_on_peers(&subject);
        advise_on_addresses(&subject, IP_FAMILY_IPV4);
        advise_on_addresses(&subject, IP_FAMILY_IPV6);
    }
    advise_on_doubles(config, out);
    config_advise_checks(config, out);
}
