/* Examinations of the kernel's settings (/proc/sys/net) against the configuration; see doctor.h. */
#include "tools/doctor/doctor.h"

#include "tools/common/field.h"
#include "tools/common/read_file.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SETTING_BYTES_MAX = 64,
    RP_FILTER_STRICT = 1,
    ARP_IGNORE_OTHER_NETWORKS = 2,
    ARP_IGNORE_ALL = 8,
    ACCEPT_DAD_DISABLES = 2,
};

/* A number of /proc/sys/net; `otherwise` where there is none. */
static long setting(long otherwise, const char *format, ...) __attribute__((format(printf, 2, 3)));

static long setting(long otherwise, const char *format, ...)
{
    char name[128];
    char path[160];
    char error[128];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(name, sizeof(name), format, arguments);
    va_end(arguments);
    snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
    char *text = read_file(path, SETTING_BYTES_MAX, error, sizeof(error));
    long value = text != NULL ? strtol(text, NULL, 10) : otherwise;
    free(text);
    return value;
}

static long larger(long a, long b)
{
    return a > b ? a : b;
}

/* The value that counts for an interface: the larger one of its own and that of "all". */
static long setting4(const char *interface, const char *name)
{
    return larger(setting(0, "ipv4/conf/all/%s", name),
                  setting(0, "ipv4/conf/%s/%s", interface, name));
}

/* Another link that is up and has an address in a network of this one: the way back may lead over
 * it. Links stacked on this one do not count. */
static const struct link_view *twin_of(const struct network_view *network,
                                       const struct link_view *link)
{
    for (size_t i = 0; i < network->count; i++) {
        const struct link_view *other = &network->links[i];

        if (other == link || !other->up || other->loopback || other->parent == link->ifindex ||
            link->parent == other->ifindex)
            continue;
        for (size_t j = 0; j < other->address_count; j++) {
            const struct ip_address *address = &other->addresses[j].prefix.address;

            if (!other->addresses[j].ours && address->family == IP_FAMILY_IPV4 &&
                link_view_network_of(link, address) != NULL)
                return other;
        }
    }
    return NULL;
}

/* The link over which packets to an address leave by the routing table, found without sending one.
 * NULL: cannot be told. */
static const struct link_view *way_to(const struct network_view *network,
                                      const struct ip_address *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(1)};
    struct sockaddr_in from = {0};
    socklen_t size = sizeof(from);
    const struct link_view *found = NULL;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    memcpy(&to.sin_addr, address->octets, 4);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 &&
        getsockname(fd, (struct sockaddr *)&from, &size) == 0) {
        struct ip_address own = ip_address_from_octets(IP_FAMILY_IPV4, &from.sin_addr);

        for (size_t i = 0; i < network->count && found == NULL; i++)
            if (link_view_address(&network->links[i], &own) != NULL)
                found = &network->links[i];
    }
    if (fd >= 0)
        close(fd);
    return found;
}

/* Adverts of unicast peers come in on `link`; the way back is the routing table's affair. */
static void examine_rp_filter_of_peers(const struct patient *patient,
                                       const struct config_instance *instance,
                                       const struct link_view *link, struct findings *out)
{
    char text[ADDRESS_TEXT_SIZE];

    if (setting4(link->name, "rp_filter") != RP_FILTER_STRICT)
        return;
    for (size_t i = 0; i < instance->peer_count; i++) {
        const struct ip_address *peer = &instance->peers[i];
        const struct link_view *way =
            peer->family == IP_FAMILY_IPV4 ? way_to(patient->network, peer) : NULL;

        if (way == NULL || way == link || way->loopback)
            continue;
        finding_add(out, SEVERITY_WARNING, "rp-filter", instance->name,
                    "rp_filter = 1 on %s, and the way back to peer %s leads over %s: its adverts "
                    "are dropped",
                    link->name, ip_address_format(peer, text, sizeof(text)), way->name);
        finding_fix(out, "sysctl -w net.ipv4.conf.%s.rp_filter=2, or a route to the peer over %s",
                    link->name, link->name);
    }
}

static bool is_master(const struct patient *patient, const struct config_instance *instance)
{
    const json_t *status = patient_status(patient, patient->after, instance);

    return strcmp(field_text(status, "state"), "MASTER") == 0;
}

static void examine_rp_filter(const struct patient *patient, const struct config_instance *instance,
                              const struct link_view *link, struct findings *out)
{
    const struct link_view *twin = twin_of(patient->network, link);
    const char *name = link->name;

    /* vipd turns it off on the link of the virtual MAC, but the larger value counts. */
    if (instance->mac == MAC_VIRTUAL && setting(0, "ipv4/conf/all/rp_filter") == RP_FILTER_STRICT) {
        finding_add(out, SEVERITY_WARNING, "rp-filter", instance->name,
                    "net.ipv4.conf.all.rp_filter = 1: packets to an address on the virtual MAC are "
                    "dropped when the way back leads over %s",
                    name);
        finding_fix(out, "sysctl -w net.ipv4.conf.all.rp_filter=2 (or 0, and 1 on single "
                         "interfaces)");
    }
    if (twin != NULL && setting4(name, "rp_filter") == RP_FILTER_STRICT) {
        finding_add(out, SEVERITY_WARNING, "rp-filter", instance->name,
                    "rp_filter = 1 on %s, and %s has an address in the same network: adverts whose "
                    "way back leads over it are dropped",
                    name, twin->name);
        finding_fix(out, "sysctl -w net.ipv4.conf.%s.rp_filter=2", name);
    }
}

/* On the instance's own link, where it is looked at. */
static bool is_here(const struct claimed_address *claim, enum ip_family family)
{
    return claim->device[0] == '\0' && claim->prefix.address.family == family;
}

static bool has_family(const struct config_instance *instance, enum ip_family family)
{
    for (size_t i = 0; i < instance->claim_count; i++)
        if (is_here(&instance->claims[i], family))
            return true;
    return config_has_router(instance, family);
}

/* Whether an address of the instance stands alone (/32), so that nobody is in its network. */
static bool has_host_prefix(const struct config_instance *instance)
{
    for (size_t i = 0; i < instance->claim_count; i++)
        if (is_here(&instance->claims[i], IP_FAMILY_IPV4) &&
            instance->claims[i].prefix.length == 32)
            return true;
    return false;
}

static void examine_arp(const struct patient *patient, const struct config_instance *instance,
                        const struct link_view *link, struct findings *out)
{
    const struct link_view *twin = twin_of(patient->network, link);
    long ignore = setting4(link->name, "arp_ignore");
    bool master = is_master(patient, instance);

    if (ignore >= ARP_IGNORE_ALL ||
        (ignore == ARP_IGNORE_OTHER_NETWORKS && has_host_prefix(instance))) {
        finding_add(out, SEVERITY_ERROR, "arp-ignore", instance->name,
                    "arp_ignore = %ld on %s: nobody gets an answer to ARP for %s", ignore,
                    link->name, ignore >= ARP_IGNORE_ALL ? "any address" : "an address with /32");
        finding_fix(out, "sysctl -w net.ipv4.conf.%s.arp_ignore=1 (and look at conf.all)",
                    link->name);
    } else if (instance->mac == MAC_VIRTUAL && master && ignore == 0) {
        finding_add(out, SEVERITY_WARNING, "arp-ignore", instance->name,
                    "somebody has set arp_ignore of %s back to 0: it answers ARP for the virtual "
                    "address with its own MAC",
                    link->name);
        finding_fix(out, "sysctl -w net.ipv4.conf.%s.arp_ignore=1 net.ipv4.conf.%s.arp_announce=2",
                    link->name, link->name);
    } else if (instance->mac == MAC_VIRTUAL && master &&
               setting4(link->name, "arp_announce") == 0) {
        finding_add(out, SEVERITY_WARNING, "arp-announce", instance->name,
                    "somebody has set arp_announce of %s back to 0: it asks from the virtual "
                    "address with its own MAC",
                    link->name);
        finding_fix(out, "sysctl -w net.ipv4.conf.%s.arp_announce=2", link->name);
    } else if (twin != NULL && setting4(twin->name, "arp_ignore") == 0) {
        finding_add(
            out, SEVERITY_WARNING, "arp-flux", instance->name,
            "%s is in the same network and answers ARP for the virtual addresses of %s with "
            "its own MAC (arp_ignore = 0)",
            twin->name, link->name);
        finding_fix(out, "sysctl -w net.ipv4.conf.all.arp_ignore=1");
    }
}

/* Addresses of one network of which all but the first go when the first is removed. */
static bool has_secondaries(const struct config_instance *instance, const struct link_view *link)
{
    for (size_t i = 0; i < instance->claim_count; i++) {
        const struct ip_prefix *prefix = &instance->claims[i].prefix;
        const struct address_view *own = link_view_network_of(link, &prefix->address);

        if (!is_here(&instance->claims[i], IP_FAMILY_IPV4))
            continue;
        if (own != NULL && own->prefix.length == prefix->length)
            return true;
        for (size_t j = 0; j < i; j++)
            if (is_here(&instance->claims[j], IP_FAMILY_IPV4) &&
                instance->claims[j].prefix.length == prefix->length &&
                ip_address_same_network(&instance->claims[j].prefix.address, &prefix->address,
                                        prefix->length))
                return true;
    }
    return false;
}

/* The link on which the IPv4 addresses are; NULL: there is none. */
static const struct link_view *holder_of(const struct patient *patient,
                                         const struct config_instance *instance,
                                         const struct link_view *link)
{
    char name[INTERFACE_NAME_SIZE];

    if (instance->mac != MAC_VIRTUAL)
        return link;
    virtual_link_name(link->ifindex, IP_FAMILY_IPV4, instance->vrid, name);
    return network_view_link(patient->network, name);
}

/* vipd turns it on where it adds such an address. */
static void examine_promotion(const struct patient *patient, const struct config_instance *instance,
                              const struct link_view *below, struct findings *out)
{
    const struct link_view *link = holder_of(patient, instance, below);

    if (link == NULL || !is_master(patient, instance) ||
        setting4(link->name, "promote_secondaries") != 0 || !has_secondaries(instance, link))
        return;
    finding_add(out, SEVERITY_NOTE, "promote-secondaries", instance->name,
                "somebody has set promote_secondaries of %s back to 0: when its first address in "
                "the network is removed, the kernel removes the virtual ones too (vipd puts them "
                "back)",
                link->name);
    finding_fix(out, "sysctl -w net.ipv4.conf.%s.promote_secondaries=1", link->name);
}

static void examine_ipv4(const struct patient *patient, const struct config_instance *instance,
                         const struct link_view *link, struct findings *out)
{
    examine_rp_filter(patient, instance, link, out);
    examine_rp_filter_of_peers(patient, instance, link, out);
    examine_arp(patient, instance, link, out);
    examine_promotion(patient, instance, link, out);
    if (setting(0, "ipv4/conf/%s/drop_gratuitous_arp", link->name) != 0) {
        finding_add(out, SEVERITY_NOTE, "drop-gratuitous-arp", instance->name,
                    "drop_gratuitous_arp = 1 on %s: as BACKUP this node does not learn where the "
                    "address moves to",
                    link->name);
        finding_fix(out, "sysctl -w net.ipv4.conf.%s.drop_gratuitous_arp=0", link->name);
    }
}

static void examine_ipv6(const struct config_instance *instance, const struct link_view *link,
                         struct findings *out)
{
    if (setting(1, "ipv6/conf/%s/disable_ipv6", link->name) != 0) {
        finding_add(out, SEVERITY_ERROR, "ipv6-disabled", instance->name,
                    "IPv6 is off on %s (disable_ipv6 = 1), and there are IPv6 virtual addresses",
                    link->name);
        finding_fix(out, "sysctl -w net.ipv6.conf.%s.disable_ipv6=0", link->name);
    } else if (larger(setting(0, "ipv6/conf/all/accept_dad"),
                      setting(0, "ipv6/conf/%s/accept_dad", link->name)) >= ACCEPT_DAD_DISABLES) {
        finding_add(out, SEVERITY_NOTE, "accept-dad", instance->name,
                    "accept_dad = 2: a duplicate of the link-local address of %s turns IPv6 off "
                    "there",
                    link->name);
        finding_fix(out, "sysctl -w net.ipv6.conf.%s.accept_dad=1", link->name);
    }
}

void examine_settings(const struct patient *patient, struct findings *out)
{
    const struct config_instance *instance;

    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++) {
        const struct link_view *link = network_view_link(patient->network, instance->interface);

        if (link != NULL && has_family(instance, IP_FAMILY_IPV4))
            examine_ipv4(patient, instance, link, out);
        if (link != NULL && has_family(instance, IP_FAMILY_IPV6))
            examine_ipv6(instance, link, out);
    }
}
