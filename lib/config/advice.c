/*
 * Advice about a configuration: combinations that vipd takes and does what they say, but which
 * lose something that operators count on. Nothing here keeps a configuration from being used.
 */
#include "lib/config/advice.h"

#include "lib/config/advice_before.h"
#include "lib/config/advice_check.h"
#include "lib/config/advice_routes.h"
#include "lib/config/duration.h"
#include "lib/config/group.h"
#include "lib/config/identity.h"
#include "lib/config/instance_problem.h"

#include <stdlib.h>
#include <string.h>

/* What the kernel takes to renew n IPv6 addresses of a link is n x n times this, for each renewal
 * walks through all of them: 4.2 s for 6,000 where that was measured. */
#define RENEWAL_NS 120

enum {
    /* Of a lease, what that takes at most: half of the time there is from one to the next. */
    RENEWAL_PARTS = 5,
    /* An instance with fewer is not judged. */
    RENEWALS_MIN = 256,
};

/* Below this, a process without real-time priority is easily late with an advertisement. */
#define BRISK_INTERVAL_NS (100 * NS_PER_MS)

struct subject {
    const struct config *config;
    const struct config_instance *instance;
    struct config_problems *out;
};

/* Adds advice about `key` of the instance. */
#define ADVISE(subject, index, ...)                                                                \
    config_instance_problem((subject)->out, (subject)->instance, (index), __VA_ARGS__)

static void advise_on_owner(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;

    if (instance->priority == PRIORITY_OWNER && instance->preempt != PREEMPT_YES)
        ADVISE(subject, INSTANCE_PREEMPT,
               "without effect at priority 255: the owner always takes over (RFC 9568 6.1)");
}

static enum instance_key password_key(const struct config_instance *instance)
{
    return instance->password_file != NULL ? INSTANCE_PASSWORD_FILE : INSTANCE_PASSWORD;
}

static void advise_on_password(const struct subject *subject)
{
    if (subject->instance->password_cut)
        ADVISE(subject, password_key(subject->instance),
               "longer than 8 octets: only the first 8 are sent and compared, as in keepalived");
}

static void advise_on_keys(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;

    for (size_t i = 0; i < instance->auth_key_count; i++) {
        if (instance->auth_keys[i].file[0] != '\0')
            continue;
        ADVISE(subject, INSTANCE_AUTH_KEY,
               "a key stands in this file, for all to read who read that: better in a file of its "
               "own (vipctl keygen -o FILE) or a credential of systemd");
        return;
    }
}

/* Said once, however many have one. */
static void advise_on_passwords(const struct config *config, struct config_problems *out)
{
    for (size_t i = 0; i < config->instance_count; i++) {
        const struct subject subject = {config, &config->instances[i], out};

        if (config->instances[i].auth.type != AUTH_PASSWORD)
            continue;
        ADVISE(&subject, password_key(&config->instances[i]),
               "crosses the network in clear, for all to read: it keeps out mistakes, not people");
        return;
    }
}

/* They stand behind the IPv4 ones. */
static size_t count_ipv6(const struct config_instance *instance)
{
    size_t first = 0;

    for (size_t end = instance->claim_count; first < end;) {
        size_t middle = first + (end - first) / 2;

        if (instance->claims[middle].prefix.address.family == IP_FAMILY_IPV6)
            end = middle;
        else
            first = middle + 1;
    }
    return instance->claim_count - first;
}

/* Of all instances on the interface of this one. */
static size_t count_beside(const struct subject *subject)
{
    const char *interface = config_interface_text(subject->instance);
    size_t count = 0;

    for (size_t i = 0; i < subject->config->instance_count; i++)
        if (strcmp(config_interface_text(&subject->config->instances[i]), interface) == 0)
            count += count_ipv6(&subject->config->instances[i]);
    return count;
}

static void advise_on_renewals(const struct subject *subject)
{
    const uint64_t lease_ns = subject->instance->lease_ns;
    char is[DURATION_TEXT_SIZE];
    char wanted[DURATION_TEXT_SIZE];

    if (lease_ns == 0 || count_ipv6(subject->instance) < RENEWALS_MIN)
        return;
    uint64_t count = count_beside(subject);
    uint64_t least_ns = count * count * RENEWAL_NS * RENEWAL_PARTS;
    if (lease_ns >= least_ns)
        return;
    ADVISE(subject, INSTANCE_LEASE,
           "%s is short for %zu IPv6 addresses on %s, which the kernel takes long to renew: %s or "
           "more, or off",
           duration_format(lease_ns, is, sizeof(is)), (size_t)count,
           config_interface_text(subject->instance),
           duration_format((least_ns / NS_PER_SEC + 1) * NS_PER_SEC, wanted, sizeof(wanted)));
}

static void advise_on_lease(const struct subject *subject)
{
    if (subject->instance->lease_ns == 0)
        ADVISE(subject, INSTANCE_LEASE,
               "off: when vipd is killed or hangs, the addresses stay beside those of the new "
               "master");
    advise_on_renewals(subject);
}

static void advise_on_times(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;

    if (instance->advert_interval_ns < BRISK_INTERVAL_NS && !subject->config->realtime)
        ADVISE(subject, INSTANCE_ADVERT_INTERVAL,
               "below 100ms without realtime: a busy node may be late and lose its mastership");
    if (instance->dead_factor != DEAD_FACTOR)
        ADVISE(subject, INSTANCE_DEAD_FACTOR,
               "must be %u on all nodes; advertisements do not carry it, so none can tell",
               instance->dead_factor);
    if (instance->announce_repeat == 0 && instance->announce_refresh_ns == 0)
        ADVISE(subject, INSTANCE_ANNOUNCE_REPEAT,
               "0 with announce-refresh off: hosts that miss the one announcement keep sending to "
               "the old master");
}

/* Groups that stay on the link: 224.0.0.0/24 and ff02::/16. */
static bool stays_on_link(const struct ip_address *group)
{
    static const uint8_t control_block[3] = {224, 0, 0};

    if (group->family == IP_FAMILY_IPV4)
        return memcmp(group->octets, control_block, sizeof(control_block)) == 0;
    return group->octets[1] == 0x02;
}

static void advise_on_groups(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;
    const struct ip_address *groups[] = {&instance->group4, &instance->group6};
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        struct ip_address usual = ip_address_vrrp_group(groups[i]->family);
        bool used = i == 0 ? instance->ipv4_count > 0 : instance->ipv6_count > 0;

        if (ip_address_equal(groups[i], &usual))
            continue;
        ip_address_format(groups[i], text, sizeof(text));
        if (instance->unicast || !used)
            ADVISE(subject, INSTANCE_MULTICAST_GROUP, "%s has no effect: %s", text,
                   instance->unicast ? "there are unicast-peers" : "no address of its family");
        else if (!stays_on_link(groups[i]))
            ADVISE(subject, INSTANCE_MULTICAST_GROUP,
                   "%s is not of the link alone (224.0.0.0/24, ff02::/16): switches forward it to "
                   "those they have seen join, and routers may carry it on",
                   text);
    }
}

static void advise_on_source(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;

    if (instance->source4.family != IP_FAMILY_NONE && !config_has_router(instance, IP_FAMILY_IPV4))
        ADVISE(subject, INSTANCE_SOURCE, "the IPv4 one has no effect: no IPv4 virtual address");
    if (instance->source6.family == IP_FAMILY_NONE)
        return;
    if (!config_has_router(instance, IP_FAMILY_IPV6))
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
        if (!config_has_router(instance, peer->family))
            ADVISE(subject, INSTANCE_UNICAST_PEERS,
                   "%s has no effect: no virtual address of its family",
                   ip_address_format(peer, text, sizeof(text)));
    }
    if (global > 0 && config_has_router(instance, IP_FAMILY_IPV6) &&
        instance->source6.family == IP_FAMILY_NONE)
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

/* Tools of old take what stands before a ':' for the device. */
static bool names_device(const struct config_instance *instance,
                         const struct claimed_address *claim)
{
    const char *device = claim->device[0] != '\0' ? claim->device : instance->interface;
    size_t length = strlen(device);

    return strncmp(claim->label, device, length) == 0 &&
           (claim->label[length] == '\0' || claim->label[length] == ':');
}

static void advise_on_address(const struct subject *subject, const struct claimed_address *claim)
{
    enum instance_key key = claim->extra ? INSTANCE_EXTRA_ADDRESSES : INSTANCE_ADDRESSES;
    enum ip_family family = claim->prefix.address.family;
    char text[ADDRESS_TEXT_SIZE];

    ip_prefix_format(&claim->prefix, text, sizeof(text));
    if (claim->label[0] != '\0' && !names_device(subject->instance, claim))
        ADVISE(subject, key,
               "%s has the label %s, which does not begin with its device: ifconfig and others "
               "take it for another one",
               text, claim->label);
    if (strcmp(claim->device, "lo") == 0 && family == IP_FAMILY_IPV4 && claim->prefix.length < 32)
        ADVISE(subject, key, "%s on lo makes its whole network this node's own: write /32", text);
    if (claim->prefix.length >= ip_family_size(family) * 8 - 1)
        return;
    if (host_bits_are(&claim->prefix, 0))
        ADVISE(subject, key, "%s is the address of the network itself", text);
    else if (family == IP_FAMILY_IPV4 && host_bits_are(&claim->prefix, 0xff))
        ADVISE(subject, key, "%s is the network's broadcast address", text);
}

static bool has_hook(const struct config_instance *instance)
{
    return instance->hooks[HOOK_MASTER] != NULL || instance->hooks[HOOK_CHANGE] != NULL;
}

static void advise_on_addresses(const struct subject *subject)
{
    const struct config_instance *instance = subject->instance;
    bool listed =
        instance->ipv4_count + instance->ipv6_count > (instance->link_local_derived ? 1 : 0);

    for (size_t i = 0; i < instance->claim_count; i++)
        advise_on_address(subject, &instance->claims[i]);
    if (!listed && instance->claim_count == 0 && !has_hook(instance))
        ADVISE(subject, INSTANCE_ADDRESSES,
               "none, and neither on-master nor on-change: nothing moves with this instance");
    else if (!listed)
        ADVISE(subject, INSTANCE_ADDRESSES,
               "none: the advertisements list no address, which RFC 9568 forbids; vipd and "
               "keepalived without addresses take them, others do not");
}

struct held {
    const struct claimed_address *claim;
    const struct config_instance *instance;
};

static int compare_held(const void *a, const void *b)
{
    const struct held *x = a;
    const struct held *y = b;
    int order = ip_address_compare(&x->claim->prefix.address, &y->claim->prefix.address);

    if (order != 0)
        return order;
    return x->instance < y->instance ? -1 : x->instance > y->instance ? 1 : 0;
}

/* Link-local ones belong to their link and may be on several. */
static size_t list_held(const struct config *config, struct held *list)
{
    size_t used = 0;

    for (size_t i = 0; i < config->instance_count; i++) {
        const struct config_instance *instance = &config->instances[i];

        for (size_t j = 0; j < instance->claim_count; j++)
            if (!ip_address_is_link_local(&instance->claims[j].prefix.address))
                list[used++] = (struct held){&instance->claims[j], instance};
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
        room += config->instances[i].claim_count;
    struct held *list = calloc(room, sizeof(*list));
    if (list == NULL)
        return;
    size_t used = list_held(config, list);
    qsort(list, used, sizeof(*list), compare_held);
    for (size_t i = 1; i < used; i++) {
        const struct subject subject = {config, list[i].instance, out};
        const struct config_instance *other = list[i - 1].instance;
        const struct claimed_address *claim = list[i - 1].claim;
        const struct ip_address *address = &list[i].claim->prefix.address;

        if (ip_address_equal(address, &claim->prefix.address))
            ADVISE(&subject, INSTANCE_ADDRESSES, "%s is that of instance %s (%s:%u) on %s as well",
                   ip_address_format(address, text, sizeof(text)), other->name, other->file,
                   other->line,
                   claim->device[0] != '\0' ? claim->device : config_interface_text(other));
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
        advise_on_password(&subject);
        advise_on_keys(&subject);
        advise_on_times(&subject);
        advise_on_groups(&subject);
        advise_on_source(&subject);
        advise_on_peers(&subject);
        advise_on_addresses(&subject);
    }
    advise_on_passwords(config, out);
    advise_on_doubles(config, out);
    config_advise_before(config, out);
    config_advise_checks(config, out);
    config_advise_routes(config, out);
}
