/* Examinations of interfaces and addresses against the configuration; see doctor.h. */
#include "tools/doctor/doctor.h"
#include "tools/doctor/wire.h"

#include <stdio.h>
#include <string.h>

enum {
    IPV6_MTU_MIN = 1280,
    /* 20 octets of IP header, 8 of VRRP header, one address, the authentication data of VRRPv2. */
    IPV4_MTU_MIN = 40,
    IPV4_BITS = 32,
};

static const enum ip_family families[] = {IP_FAMILY_IPV4, IP_FAMILY_IPV6};

enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

const struct config_instance *patient_instance(const struct patient *patient, size_t i)
{
    return patient->config != NULL && i < patient->config->instance_count
               ? &patient->config->instances[i]
               : NULL;
}

const json_t *patient_status(const struct patient *patient, const json_t *status,
                             const struct config_instance *instance)
{
    const json_t *list = json_object_get(status, "instances");
    size_t count = json_array_size(list);
    /* vipd lists them as they are configured: mostly the first look is enough. */
    size_t first = (size_t)(instance - patient->config->instances);

    for (size_t i = 0; i < count; i++) {
        const json_t *running = json_array_get(list, (first + i) % count);
        const char *name = json_string_value(json_object_get(running, "name"));

        if (name != NULL && strcmp(name, instance->name) == 0)
            return running;
    }
    return NULL;
}

/* The link of an instance; NULL when it is missing, which examine_interfaces() says. */
static const struct link_view *link_of(const struct patient *patient,
                                       const struct config_instance *instance)
{
    return network_view_link(patient->network, instance->interface);
}

const char *patient_family(enum ip_family family)
{
    return family == IP_FAMILY_IPV4 ? "IPv4" : "IPv6";
}

bool patient_first_on_link(const struct patient *patient, size_t i)
{
    const struct config_instance *instance = patient_instance(patient, i);

    for (size_t j = 0; j < i; j++)
        if (strcmp(patient_instance(patient, j)->interface, instance->interface) == 0)
            return false;
    return true;
}

/* By its kind, and by what is asked of it: said for each instance. */
static void examine_fit(const struct config_instance *instance, const struct link_view *link,
                        struct findings *out)
{
    const struct interface_nature nature = link_view_nature(link);
    char text[INTERFACE_FIT_SIZE];

    if (interface_unfit(&nature, instance, text, sizeof(text)) == NULL)
        return;
    finding_add(out, SEVERITY_ERROR, "interface-unusable", instance->name, "%s", text);
    finding_fix(out, "see KINDS OF INTERFACE in vipd-guide(7)");
}

void examine_interfaces(const struct patient *patient, struct findings *out)
{
    const struct config_instance *instance;

    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++) {
        const struct link_view *link = link_of(patient, instance);
        const char *name = instance->interface;

        if (link != NULL)
            examine_fit(instance, link, out);
        if (!patient_first_on_link(patient, i))
            continue;
        if (link == NULL) {
            finding_add(out, SEVERITY_ERROR, "interface-missing", name,
                        "there is no such interface (instance %s, %s:%u)", instance->name,
                        instance->file, instance->line);
            finding_fix(out, "create it, or correct `interface` in [instance %s]", instance->name);
        } else if (!link->up) {
            finding_add(out, SEVERITY_ERROR, "interface-down", name, "the interface is down");
            finding_fix(out, "ip link set %s up", name);
        } else if (!link->carrier) {
            finding_add(out, SEVERITY_ERROR, "no-carrier", name,
                        "the interface is up and has no carrier");
            finding_fix(out, "look at the cable and at the port of the switch");
        } else if (!link->multicast && link->ethernet && !instance->unicast) {
            finding_add(out, SEVERITY_ERROR, "no-multicast", name,
                        "the interface does not do multicast, and no unicast-peers are configured");
            finding_fix(out, "ip link set %s multicast on, or list `unicast-peers`", name);
        }
    }
}

/* What vipd may send adverts of that family from. */
static bool is_source(const struct patient *patient, const struct config_instance *instance,
                      enum ip_family family, const struct address_view *address)
{
    const struct ip_address *candidate = &address->prefix.address;
    const struct config_instance *other;
    bool local = !instance->unicast;

    if (candidate->family != family || address->tentative)
        return false;
    if (instance->priority == PRIORITY_OWNER && family == IP_FAMILY_IPV4)
        return true;
    if (address->ours)
        return false;
    for (size_t i = 0; (other = patient_instance(patient, i)) != NULL; i++) {
        for (size_t j = 0; instance->priority != PRIORITY_OWNER && j < other->claim_count; j++)
            if (ip_address_equal(&other->claims[j].prefix.address, candidate))
                return false;
    }
    for (size_t i = 0; i < instance->peer_count; i++)
        if (instance->peers[i].family == family)
            local = ip_address_is_link_local(&instance->peers[i]);
    return family == IP_FAMILY_IPV4 || ip_address_is_link_local(candidate) == local;
}

static void examine_source(const struct patient *patient, const struct config_instance *instance,
                           enum ip_family family, struct findings *out)
{
    const struct link_view *link = link_of(patient, instance);
    const struct ip_address *fixed =
        family == IP_FAMILY_IPV4 ? &instance->source4 : &instance->source6;
    char text[ADDRESS_TEXT_SIZE];

    if (fixed->family != IP_FAMILY_NONE) {
        if (link_view_address(link, fixed) != NULL)
            return;
        finding_add(out, SEVERITY_ERROR, "source-missing", instance->name,
                    "source %s is not an address of %s",
                    ip_address_format(fixed, text, sizeof(text)), link->name);
        finding_fix(out, "add it to %s, or leave `source` out", link->name);
        return;
    }
    for (size_t i = 0; i < link->address_count; i++)
        if (is_source(patient, instance, family, &link->addresses[i]))
            return;
    finding_add(out, SEVERITY_ERROR, "no-primary-address", instance->name,
                "%s has no %s address of its own to send adverts from", link->name,
                patient_family(family));
    finding_fix(out, "give %s %s address", link->name,
                family == IP_FAMILY_IPV4 ? "an IPv4" : "a link-local IPv6");
}

void examine_sources(const struct patient *patient, struct findings *out)
{
    const struct config_instance *instance;

    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++) {
        const struct link_view *link = link_of(patient, instance);

        if (link == NULL || !link->up)
            continue;
        for (size_t f = 0; f < FAMILIES; f++) {
            if (config_has_router(instance, families[f]))
                examine_source(patient, instance, families[f], out);
        }
    }
}

static void examine_instance_mtu(const struct config_instance *instance,
                                 const struct link_view *link, enum ip_family family,
                                 struct findings *out)
{
    size_t count = 0;
    unsigned least = family == IP_FAMILY_IPV6 ? IPV6_MTU_MIN : IPV4_MTU_MIN;

    (void)config_addresses(instance, family, &count);
    if (!config_has_router(instance, family))
        return;
    if (link->mtu < least) {
        finding_add(out, SEVERITY_ERROR, "mtu-too-small", instance->name,
                    "the MTU of %s is %u: %s needs %u", link->name, link->mtu,
                    family == IP_FAMILY_IPV6 ? "IPv6" : "an advert", least);
        finding_fix(out, "ip link set %s mtu 1500", link->name);
        return;
    }
    size_t fit = packet_addresses_that_fit(instance->version, family, count, link->mtu);
    if (fit < count && fit < ADVERT_ADDRESSES_MAX) {
        finding_add(out, SEVERITY_NOTE, "adverts-list-not-all", instance->name,
                    "with the MTU %u of %s adverts list %zu of %zu addresses; all are claimed",
                    link->mtu, link->name, fit, count);
        finding_fix(out, "nothing, if all nodes have the same MTU");
    }
}

void examine_mtu(const struct patient *patient, struct findings *out)
{
    const struct config_instance *instance;

    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++) {
        const struct link_view *link = link_of(patient, instance);

        for (size_t f = 0; link != NULL && f < FAMILIES; f++)
            examine_instance_mtu(instance, link, families[f], out);
    }
}

/* Whether the node has that address by itself, on any link: not added by vipd. */
static const struct link_view *permanent_on(const struct patient *patient,
                                            const struct ip_address *address)
{
    for (size_t i = 0; i < patient->network->count; i++) {
        const struct link_view *link = &patient->network->links[i];
        const struct address_view *found = link_view_address(link, address);

        if (found != NULL && !found->ours)
            return link;
    }
    return NULL;
}

static void examine_address(const struct patient *patient, const struct config_instance *instance,
                            const struct link_view *link, const struct ip_prefix *prefix,
                            struct findings *out)
{
    const struct ip_address *address = &prefix->address;
    const struct address_view *network = link_view_network_of(link, address);
    const struct link_view *owner = permanent_on(patient, address);
    size_t host_length = ip_family_size(address->family) * 8;
    char text[ADDRESS_TEXT_SIZE];

    ip_prefix_format(prefix, text, sizeof(text));
    if (ip_address_is_link_local(address))
        return;
    if (owner != NULL && instance->priority != PRIORITY_OWNER) {
        finding_add(out, SEVERITY_ERROR, "address-permanent", instance->name,
                    "%s is a permanent address of %s: this node answers for it as BACKUP too", text,
                    owner->name);
        finding_fix(out, "take it out of the network configuration and `ip addr del` it, or set "
                         "priority = 255 if this node owns it");
    } else if (owner == NULL && network == NULL) {
        finding_add(out, SEVERITY_WARNING, "address-off-link", instance->name,
                    "%s lies in no network that %s has an address in", text, link->name);
        finding_fix(out, "check `addresses` and `interface`, or give %s an address of that network",
                    link->name);
    } else if (owner == NULL && prefix->length != host_length &&
               prefix->length != network->prefix.length) {
        finding_add(out, SEVERITY_WARNING, "prefix-mismatch", instance->name,
                    "%s has another prefix length than the network of %s, /%u", text, link->name,
                    network->prefix.length);
        finding_fix(out, "write it with /%u or /%zu", network->prefix.length, host_length);
    }
}

/* One that names a device. NULL: it cannot be there. */
static const struct link_view *device_of(const struct patient *patient,
                                         const struct config_instance *instance,
                                         const struct claimed_address *claim, struct findings *out)
{
    const struct link_view *link = network_view_link(patient->network, claim->device);
    char text[ADDRESS_TEXT_SIZE];

    if (link != NULL && link->up)
        return link;
    finding_add(out, SEVERITY_WARNING, "device-missing", instance->name,
                link == NULL ? "%s has to wait: there is no device %s"
                             : "%s has to wait: the device %s is down",
                ip_prefix_format(&claim->prefix, text, sizeof(text)), claim->device);
    finding_fix(out,
                "ip link set %s up; a check of type link in `track` withdraws a node without it",
                claim->device);
    return NULL;
}

/* The kernel takes every address of an IPv4 network on the loopback for one of its own. */
static void examine_loopback(const struct config_instance *instance,
                             const struct claimed_address *claim, struct findings *out)
{
    char text[ADDRESS_TEXT_SIZE];

    if (claim->prefix.address.family != IP_FAMILY_IPV4 || claim->prefix.length == IPV4_BITS)
        return;
    finding_add(out, SEVERITY_WARNING, "network-on-loopback", instance->name,
                "%s on %s makes its whole network this node's own",
                ip_prefix_format(&claim->prefix, text, sizeof(text)), claim->device);
    finding_fix(out, "write it with /32");
}

static void examine_claim(const struct patient *patient, const struct config_instance *instance,
                          const struct claimed_address *claim, struct findings *out)
{
    const struct link_view *link = claim->device[0] != '\0'
                                       ? device_of(patient, instance, claim, out)
                                       : link_of(patient, instance);

    if (link == NULL)
        return;
    if (link->loopback)
        examine_loopback(instance, claim, out);
    else
        examine_address(patient, instance, link, &claim->prefix, out);
}

void examine_virtual_addresses(const struct patient *patient, struct findings *out)
{
    const struct config_instance *instance;

    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++)
        for (size_t j = 0; j < instance->claim_count; j++)
            examine_claim(patient, instance, &instance->claims[j], out);
}

void examine_peers(const struct patient *patient, struct findings *out)
{
    const struct config_instance *instance;
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++) {
        const struct link_view *link = link_of(patient, instance);

        for (size_t j = 0; link != NULL && j < instance->peer_count; j++) {
            const struct ip_address *peer = &instance->peers[j];

            ip_address_format(peer, text, sizeof(text));
            if (link_view_address(link, peer) != NULL) {
                finding_add(out, SEVERITY_ERROR, "peer-is-this-node", instance->name,
                            "unicast peer %s is an address of %s itself", text, link->name);
                finding_fix(out, "list the other nodes in `unicast-peers`, not this one");
            } else if (!ip_address_is_link_local(peer) &&
                       link_view_network_of(link, peer) == NULL) {
                finding_add(out, SEVERITY_NOTE, "peer-off-link", instance->name,
                            "unicast peer %s is in none of the networks of %s: adverts are routed",
                            text, link->name);
                finding_fix(out,
                            "nothing, if that is meant; all nodes must still share the network "
                            "of the virtual addresses");
            }
        }
    }
}

void examine_snooping(const struct patient *patient, struct findings *out)
{
    const struct config_instance *instance;

    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++) {
        const struct link_view *link = link_of(patient, instance);
        const struct link_view *bridge = link;

        if (link == NULL || instance->unicast || !patient_first_on_link(patient, i))
            continue;
        if (link->master != 0)
            bridge = network_view_link_at(patient->network, link->master);
        const struct wire_interface *listened = wire_interface(patient->wire, link->name);
        if (bridge == NULL || !bridge->snoops || bridge->queries ||
            (listened != NULL && listened->query))
            continue;
        finding_add(out, SEVERITY_NOTE, "snooping-without-querier", bridge->name,
                    "the bridge snoops IGMP and MLD and sends no queries: unless a router does, "
                    "switches behind it forget who wants adverts");
        finding_fix(out, "ip link set %s type bridge mcast_querier 1, or mcast_snooping 0",
                    bridge->name);
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
