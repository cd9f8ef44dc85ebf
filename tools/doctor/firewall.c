/*
 * Examination of the firewall: asks nft for its ruleset and follows the adverts of each instance
 * through it (nft_rules.h), in and out.
 */
#include "tools/common/read_file.h"
#include "tools/doctor/arrival.h"
#include "tools/doctor/nft_rules.h"
#include "tools/doctor/run_command.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RULESET_BYTES_MAX = 64 * 1024 * 1024,
    NFT_TIMEOUT_MS = 5000,
    LEGACY_BYTES_MAX = 4096,
};

static const char this_node[] = "this node";

/* Judges packets of one instance and family; what one rule does to many is said once. */
struct firewall {
    const struct patient *patient;
    const json_t *ruleset;
    const struct config_instance *instance;
    const struct link_view *link;
    enum ip_family family;
    struct findings *out;
};

static json_t *read_ruleset(struct findings *out)
{
    char *const argv[] = {"nft", "-j", "list", "ruleset", NULL};
    struct command_result result;
    json_error_t error;
    json_t *ruleset = NULL;
    int r = run_command(argv, RULESET_BYTES_MAX, NFT_TIMEOUT_MS, &result);

    if (r == 0) {
        ruleset = json_loads(result.output, 0, &error);
        if (ruleset == NULL)
            snprintf(result.error, sizeof(result.error), "no JSON: %s", error.text);
    }
    free(result.output);
    if (ruleset != NULL)
        return ruleset;
    finding_add(out, SEVERITY_NOT_CHECKED, "firewall", this_node, "the firewall: nft: %s",
                result.error);
    finding_fix(out, "%s",
                r == -ENOENT     ? "install nftables, or make sure that protocol 112 may pass"
                : geteuid() != 0 ? "run vipctl doctor as root"
                                 : "try nft -j list ruleset, and mend what it says");
    return NULL;
}

/* Rules of the old iptables are not in nft's ruleset. */
static void examine_legacy(const struct patient *patient, struct findings *out)
{
    static const char *const files[] = {"proc/net/ip_tables_names", "proc/net/ip6_tables_names"};
    char path[PATH_MAX];
    char error[128];

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", patient->root, files[i]);
        char *text = read_file(path, LEGACY_BYTES_MAX, error, sizeof(error));
        if (text != NULL && strstr(text, "filter") != NULL) {
            finding_add(out, SEVERITY_NOT_CHECKED, "iptables-legacy", this_node,
                        "the firewall: there are rules of iptables-legacy (/%s)", files[i]);
            finding_fix(out, "look at them with iptables-legacy -S: protocol 112 must pass");
        }
        free(text);
    }
}

/* The network that an unknown sender on the link is in. */
static struct ip_prefix neighbourhood(const struct link_view *link, enum ip_family family)
{
    static const uint8_t link_local[16] = {0xfe, 0x80};

    if (family == IP_FAMILY_IPV6)
        return (struct ip_prefix){ip_address_from_octets(family, link_local), 10};
    for (size_t i = 0; i < link->address_count; i++)
        if (!link->addresses[i].ours && link->addresses[i].prefix.address.family == family)
            return link->addresses[i].prefix;
    return (struct ip_prefix){{.family = family}, 0};
}

/* What the instance sends from, or the network that must be in. */
static struct ip_prefix own_source(const struct firewall *firewall)
{
    const struct ip_address *fixed = firewall->family == IP_FAMILY_IPV4
                                         ? &firewall->instance->source4
                                         : &firewall->instance->source6;
    uint8_t bits = (uint8_t)(ip_family_size(firewall->family) * 8);

    if (fixed->family != IP_FAMILY_NONE)
        return (struct ip_prefix){*fixed, bits};
    for (size_t i = 0; i < firewall->link->address_count; i++) {
        const struct address_view *own = &firewall->link->addresses[i];

        if (!own->ours && own->prefix.address.family == firewall->family &&
            (firewall->family == IP_FAMILY_IPV4 || ip_address_is_link_local(&own->prefix.address) ||
             firewall->instance->unicast))
            return (struct ip_prefix){own->prefix.address, bits};
    }
    return neighbourhood(firewall->link, firewall->family);
}

/* False: it passes. True: found something, one such finding is enough. */
static bool judge(const struct firewall *firewall, const struct nft_packet *packet)
{
    struct nft_judgement judgement = nft_judge(firewall->ruleset, packet);
    bool certain = judgement.verdict == NFT_DROPPED;
    bool whole_network = packet->source.length < ip_family_size(firewall->family) * 8;
    const char *name =
        firewall->instance->unicast ? firewall->instance->name : firewall->link->name;
    char peer[ADDRESS_TEXT_SIZE];
    char rule[64] = "its policy";

    if (judgement.verdict == NFT_ACCEPTED)
        return false;
    if (packet->outgoing)
        ip_address_format(&packet->destination.address, peer, sizeof(peer));
    else if (whole_network)
        ip_prefix_format(&packet->source, peer, sizeof(peer));
    else
        ip_address_format(&packet->source.address, peer, sizeof(peer));
    if (judgement.handle != 0)
        snprintf(rule, sizeof(rule), "the rule with handle %lld", judgement.handle);
    finding_add(firewall->out, certain ? SEVERITY_ERROR : SEVERITY_WARNING,
                certain ? "firewall-drops" : "firewall-may-drop", name,
                "nftables %s %s adverts %s%s%s: table %s %s, chain %s, %s",
                certain ? "drops" : "may drop", patient_family(firewall->family),
                packet->outgoing ? "to " : "from ",
                packet->outgoing || !whole_network ? "" : "anybody in ", peer, judgement.family,
                judgement.table, judgement.chain, rule);
    finding_fix(firewall->out,
                "nft insert rule %s %s %s meta l4proto 112 accept; and the same in "
                "/etc/nftables.conf",
                judgement.family, judgement.table, judgement.base_chain);
    return true;
}

static bool judge_incoming(const struct firewall *firewall, const struct ip_prefix *source)
{
    struct nft_packet packet = {.source = *source, .interface = firewall->link->name};

    if (firewall->instance->unicast)
        packet.destination = own_source(firewall);
    else
        packet.destination = (struct ip_prefix){config_group(firewall->instance, firewall->family),
                                                (uint8_t)(ip_family_size(firewall->family) * 8)};
    return judge(firewall, &packet);
}

/* Peers that were heard; unicast ones are known; else anybody on the link. */
static void examine_incoming(const struct firewall *firewall)
{
    const struct config_instance *instance = firewall->instance;
    const struct wire_interface *wire =
        wire_interface(firewall->patient->wire, firewall->link->name);
    struct ip_prefix source = {.length = (uint8_t)(ip_family_size(firewall->family) * 8)};
    size_t asked = 0;

    for (size_t i = 0; i < instance->peer_count; i++) {
        source.address = instance->peers[i];
        if (source.address.family == firewall->family && judge_incoming(firewall, &source))
            return;
    }
    for (size_t i = 0; !instance->unicast && wire != NULL && i < wire->count; i++) {
        const struct heard *heard = &wire->list[i];

        source.address = heard->ip.source;
        if (heard->outgoing || source.address.family != firewall->family ||
            !arrival_concerns(heard, instance) ||
            link_view_address(firewall->link, &source.address) != NULL)
            continue;
        asked++;
        if (judge_incoming(firewall, &source))
            return;
    }
    source = neighbourhood(firewall->link, firewall->family);
    if (!instance->unicast && asked == 0)
        (void)judge_incoming(firewall, &source);
}

static void examine_outgoing(const struct firewall *firewall)
{
    const struct config_instance *instance = firewall->instance;
    uint8_t bits = (uint8_t)(ip_family_size(firewall->family) * 8);
    struct nft_packet packet = {
        .source = own_source(firewall), .outgoing = true, .interface = firewall->link->name};
    char name[INTERFACE_NAME_SIZE];

    /* Adverts leave through the link of the virtual MAC. */
    if (instance->mac == MAC_VIRTUAL) {
        packet.interface =
            virtual_link_name(firewall->link->ifindex, firewall->family, instance->vrid, name);
    }
    packet.destination = (struct ip_prefix){config_group(instance, firewall->family), bits};
    if (!instance->unicast) {
        (void)judge(firewall, &packet);
        return;
    }
    for (size_t i = 0; i < instance->peer_count; i++) {
        packet.destination.address = instance->peers[i];
        if (instance->peers[i].family == firewall->family && judge(firewall, &packet))
            return;
    }
}

/* Multicast adverts of one family are alike on a link, but for the virtual MAC's own one. */
static bool is_examined(const struct patient *patient, size_t index, enum ip_family family)
{
    const struct config_instance *instance = patient_instance(patient, index);

    for (size_t i = 0; i < index; i++) {
        const struct config_instance *other = patient_instance(patient, i);

        if (config_has_router(other, family) && !other->unicast && !instance->unicast &&
            other->mac == instance->mac && strcmp(other->interface, instance->interface) == 0)
            return true;
    }
    return false;
}

static void examine_ruleset(const struct patient *patient, const json_t *ruleset,
                            struct findings *out)
{
    static const enum ip_family families[] = {IP_FAMILY_IPV4, IP_FAMILY_IPV6};
    const struct config_instance *instance;

    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++) {
        const struct link_view *link = network_view_link(patient->network, instance->interface);

        for (size_t f = 0; link != NULL && f < sizeof(families) / sizeof(families[0]); f++) {
            const struct firewall firewall = {.patient = patient,
                                              .ruleset = ruleset,
                                              .instance = instance,
                                              .link = link,
                                              .family = families[f],
                                              .out = out};

            if (!config_has_router(instance, families[f]) || is_examined(patient, i, families[f]))
                continue;
            examine_incoming(&firewall);
            examine_outgoing(&firewall);
        }
    }
}

void examine_firewall(const struct patient *patient, struct findings *out)
{
    json_t *ruleset = read_ruleset(out);

    if (ruleset != NULL)
        examine_ruleset(patient, ruleset, out);
    json_decref(ruleset);
    examine_legacy(patient, out);
}
