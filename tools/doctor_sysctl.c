/* Examinations of the kernel's settings (/proc/sys/net) against the configuration; see doctor.h. */
#include "tools/doctor.h"

#include "tools/field.h"
#include "tools/read_file.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SETTING_BYTES_MAX = 64,
    SOCKETS_BYTES_MAX = 8 * 1024 * 1024,
    LISTENING = 0x0a,
    RP_FILTER_STRICT = 1,
    ARP_IGNORE_OTHER_NETWORKS = 2,
    ARP_IGNORE_ALL = 8,
    ACCEPT_DAD_DISABLES = 2,
};

static const char this_node[] = "this node";

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

            if (address->family == IP_FAMILY_IPV4 && link_view_network_of(link, address) != NULL)
                return other;
        }
    }
    return NULL;
}

static bool is_master(const struct patient *patient, const struct config_instance *instance)
{
    const json_t *status = patient_status(patient->after, instance->name);

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

/* Whether an address of the instance stands alone (/32), so that nobody is in its network. */
static bool has_host_prefix(const struct config_instance *instance)
{
    for (size_t i = 0; i < instance->ipv4_count; i++)
        if (instance->ipv4[i].length == 32)
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
    for (size_t i = 0; i < instance->ipv4_count; i++) {
        const struct ip_prefix *prefix = &instance->ipv4[i];
        const struct address_view *own = link_view_network_of(link, &prefix->address);

        if (own != NULL && own->prefix.length == prefix->length)
            return true;
        for (size_t j = 0; j < i; j++)
            if (instance->ipv4[j].length == prefix->length &&
                ip_address_same_network(&instance->ipv4[j].address, &prefix->address,
                                        prefix->length))
                return true;
    }
    return false;
}

/* vipd turns it on where it adds such an address. */
static void examine_promotion(const struct patient *patient, const struct config_instance *instance,
                              const struct link_view *link, struct findings *out)
{
    if (!is_master(patient, instance) || setting4(link->name, "promote_secondaries") != 0 ||
        !has_secondaries(instance, link))
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

        if (link != NULL && instance->ipv4_count > 0)
            examine_ipv4(patient, instance, link, out);
        if (link != NULL && instance->ipv6_count > 0)
            examine_ipv6(instance, link, out);
    }
}

void examine_duplicates(const struct patient *patient, struct findings *out)
{
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < patient->network->count; i++) {
        const struct link_view *link = &patient->network->links[i];

        for (size_t j = 0; j < link->address_count; j++) {
            const struct address_view *address = &link->addresses[j];

            if (!address->dad_failed)
                continue;
            finding_add(out, SEVERITY_ERROR, "duplicate-address", link->name,
                        "%s is not usable: another machine has it (Duplicate Address Detection)",
                        ip_address_format(&address->prefix.address, text, sizeof(text)));
            finding_fix(out,
                        "find the other one (`ip -6 neigh`, the switch), then set the link down "
                        "and up");
        }
    }
}

/* One hexadecimal address of /proc/net/tcp{,6}: 32-bit words in the host's order. */
static bool parse_local(const char *text, struct ip_address *out, unsigned *port)
{
    uint32_t words[4];
    size_t digits = strspn(text, "0123456789ABCDEFabcdef");
    size_t count = digits / 8;

    if ((digits != 8 && digits != 32) || text[digits] != ':')
        return false;
    for (size_t i = 0; i < count; i++) {
        char word[9];
        memcpy(word, text + i * 8, 8);
        word[8] = '\0';
        words[i] = (uint32_t)strtoul(word, NULL, 16);
    }
    *out = ip_address_from_octets(count == 1 ? IP_FAMILY_IPV4 : IP_FAMILY_IPV6, words);
    *port = (unsigned)strtoul(text + digits + 1, NULL, 16);
    return true;
}

static const struct config_instance *owner_of(const struct patient *patient,
                                              const struct ip_address *address)
{
    const struct config_instance *instance;

    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++) {
        size_t count = 0;
        const struct ip_prefix *list = config_addresses(instance, address->family, &count);

        for (size_t j = 0; j < count; j++)
            if (ip_address_equal(&list[j].address, address))
                return instance;
    }
    return NULL;
}

/* "  0: LOCAL:PORT REMOTE:PORT STATE ..." */
static void examine_socket(const struct patient *patient, const char *line, struct findings *out)
{
    struct ip_address local;
    unsigned port = 0;
    char text[ADDRESS_TEXT_SIZE];
    const char *colon = strchr(line, ':');

    if (colon == NULL || !parse_local(colon + 1 + strspn(colon + 1, " "), &local, &port))
        return;
    const char *remote = strchr(colon + 1 + strspn(colon + 1, " "), ' ');
    const char *state = remote != NULL ? strchr(remote + 1, ' ') : NULL;
    const struct config_instance *owner = owner_of(patient, &local);
    if (state == NULL || strtoul(state, NULL, 16) != LISTENING || owner == NULL)
        return;
    finding_add(out, SEVERITY_NOTE, "nonlocal-bind", owner->name,
                "a service listens on %s port %u, and ip_nonlocal_bind = 0: it cannot be started "
                "on a node that is BACKUP",
                ip_address_format(&local, text, sizeof(text)), port);
    finding_fix(out,
                "sysctl -w net.%s.ip_nonlocal_bind=1 on all nodes (see "
                "/etc/sysctl.d/30-vipd.conf), or let it listen on all addresses",
                local.family == IP_FAMILY_IPV4 ? "ipv4" : "ipv6");
}

static void examine_sockets(const struct patient *patient, const char *path, struct findings *out)
{
    char error[128];
    char *save = NULL;
    char *text = read_file(path, SOCKETS_BYTES_MAX, error, sizeof(error));

    if (text == NULL) {
        finding_add(out, SEVERITY_NOT_CHECKED, "services", this_node,
                    "services on virtual addresses: %s: %s", path, error);
        return;
    }
    for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
        examine_socket(patient, line, out);
    free(text);
}

void examine_services(const struct patient *patient, struct findings *out)
{
    if (setting(1, "ipv4/ip_nonlocal_bind") == 0)
        examine_sockets(patient, "/proc/net/tcp", out);
    if (setting(1, "ipv6/ip_nonlocal_bind") == 0)
        examine_sockets(patient, "/proc/net/tcp6", out);
}
