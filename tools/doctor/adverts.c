/* Examinations of the adverts that were heard (wire.h) against the configuration: strangers, peers
 * that differ, our own adverts coming back, second masters. */
#include "tools/doctor/adverts_auth.h"
#include "tools/doctor/arrival.h"

#include "lib/config/duration.h"

#include <stdio.h>
#include <string.h>

enum {
    /* For one instance; somebody may make up any number of senders. */
    FINDINGS_MAX = 20,
};

/* Whether the advert lists any address of the instance, or that lists none. A link-local one that
 * follows from the VRID says nothing. */
static bool shares_address(const struct arrival *arrival)
{
    enum ip_family family = arrival->heard->ip.source.family;
    struct ip_address derived = ip_address_virtual_link_local(arrival->instance->vrid);
    size_t count = 0;
    const struct ip_prefix *list = config_addresses(arrival->instance, family, &count);

    for (size_t i = 0; i < arrival->advert.count; i++) {
        struct ip_address listed = advert_address(&arrival->advert, i);

        for (size_t j = 0; j < count; j++)
            if (ip_address_equal(&listed, &list[j].address) && !ip_address_equal(&listed, &derived))
                return true;
    }
    return count == 0;
}

static void judge_own(const struct arrival *arrival, struct findings *out)
{
    const struct heard *heard = arrival->heard;
    uint8_t virtual[6];
    char mac[MAC_TEXT_SIZE];

    virtual_mac(heard->ip.source.family, heard->vrid, virtual);
    mac_format(heard->mac, mac, sizeof(mac));
    if (memcmp(heard->mac, arrival->link->mac, sizeof(virtual)) == 0 ||
        memcmp(heard->mac, virtual, sizeof(virtual)) == 0) {
        finding_add(out, SEVERITY_ERROR, "advert-looped", arrival->instance->name,
                    "adverts that this node sent from %s come back to %s", arrival->source,
                    heard->interface);
        finding_fix(out, "look for a loop in the network: a switch without spanning tree, a bond "
                         "or bridge that reflects");
    } else {
        finding_add(out, SEVERITY_ERROR, "advert-own-address", arrival->instance->name,
                    "%s sends adverts from %s, an address of this node", mac, arrival->source);
        finding_fix(out, "two machines have the address %s: find the one with that MAC",
                    arrival->source);
    }
}

static void judge_stranger(const struct arrival *arrival, struct findings *out)
{
    struct ip_address listed = advert_address(&arrival->advert, 0);
    char text[ADDRESS_TEXT_SIZE];

    /* Erratum 8300 puts a link-local one first; the next tells more. */
    if (ip_address_is_link_local(&listed) && arrival->advert.count > 1)
        listed = advert_address(&arrival->advert, 1);
    finding_add(out, SEVERITY_ERROR, "vrid-stranger", arrival->instance->name,
                "%s uses VRID %u on %s as well, for other addresses (%s%s)", arrival->sender,
                arrival->instance->vrid, arrival->heard->interface,
                ip_address_format(&listed, text, sizeof(text)),
                arrival->advert.count > 1 ? ", ..." : "");
    finding_fix(out, "one of the two clusters needs another `vrid`, on all of its nodes");
}

static void judge_interval(const struct arrival *arrival, struct findings *out)
{
    bool dropped = arrival->advert.version == VRRP_V2;
    char theirs[DURATION_TEXT_SIZE];
    char ours[DURATION_TEXT_SIZE];

    if (arrival->advert.interval_ns == arrival->instance->advert_interval_ns)
        return;
    finding_add(out, dropped ? SEVERITY_ERROR : SEVERITY_WARNING, "peer-interval",
                arrival->instance->name, "peer %s adverts every %s, here it is %s%s",
                arrival->source,
                duration_format(arrival->advert.interval_ns, theirs, sizeof(theirs)),
                duration_format(arrival->instance->advert_interval_ns, ours, sizeof(ours)),
                dropped ? ": VRRPv2 refuses such adverts" : "");
    finding_fix(out, "the same `advert-interval` on all nodes");
}

/* Passwords are never shown, in part neither. */
static void judge_auth(const struct arrival *arrival, struct findings *out)
{
    const char *seen = NULL;
    const char *fix = "the same `password` on all nodes";

    switch (arrival->received) {
    case PACKET_AUTH_TYPE_ERROR:
        seen = "sends a password, this node expects none";
        fix = "set `password` here (the auth_pass of a keepalived), or take it out there";
        break;
    case PACKET_AUTH_MISSING:
        seen = "sends no password, this node expects one";
        fix = "set it there too (keepalived: auth_type PASS, auth_pass), or take `password` out";
        break;
    case PACKET_AUTH_FAILURE:
        seen = "sends another password than this node expects";
        break;
    case PACKET_AUTH_UNSUPPORTED:
        seen = "authenticates its adverts in a way that vipd does not know";
        fix = "take the authentication out of that node's configuration";
        break;
    default:
        return;
    }
    finding_add(out, SEVERITY_ERROR, "peer-auth", arrival->instance->name,
                "peer %s %s: its adverts are dropped", arrival->sender, seen);
    finding_fix(out, "%s", fix);
}

static void judge_checksum(const struct arrival *arrival, struct findings *out)
{
    const struct config_instance *instance = arrival->instance;
    enum checksum_kind kind = arrival->advert.checksum_kind;
    enum checksum_kind wanted = instance->checksum == CHECKSUM_MODE_RFC9568
                                    ? CHECKSUM_MESSAGE_ONLY
                                    : CHECKSUM_IPV4_PSEUDO_HEADER;

    if (instance->checksum == CHECKSUM_MODE_AUTO || arrival->advert.version != VRRP_V3 ||
        kind == CHECKSUM_IPV6_PSEUDO_HEADER || kind == wanted)
        return;
    finding_add(out, instance->strict ? SEVERITY_ERROR : SEVERITY_WARNING, "peer-checksum",
                instance->name, "peer %s sends checksums of the form %s, here it is %s%s",
                arrival->source, checksum_kind_name(kind), checksum_kind_name(wanted),
                instance->strict ? ": refused" : "; it may refuse those of this node");
    finding_fix(out, "checksum = auto, or the same `checksum` on all nodes");
}

static void judge_refusal(const struct arrival *arrival, enum packet_verdict verdict,
                          struct findings *out)
{
    static const struct {
        enum packet_verdict verdict;
        const char *fix;
    } fixes[] = {
        {PACKET_NOT_A_PEER, "add it to `unicast-peers`, if it is one"},
        {PACKET_BAD_DESTINATION, "all nodes with `unicast-peers`, or none"},
        {PACKET_IP_TTL_ERROR,
         "multicast adverts must not pass a router or a tunnel that counts; those "
         "of unicast peers are held to unicast-min-ttl and unicast-max-ttl"},
        {PACKET_CHECKSUM_ERROR, "find what changes packets on the way; an offload of the sender's "
                                "interface may be broken"},
        {PACKET_OWNER, "only one node may have priority 255"},
        {PACKET_FOREIGN_ADDRESSES,
         "another cluster uses this VRID: give one of them another `vrid`; "
         "or the `addresses` of the nodes have none in common"},
    };
    const char *name = packet_verdict_name(verdict);
    const char *fix = "vipctl decode explains packets; look at that node's configuration";

    for (size_t i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++)
        if (fixes[i].verdict == verdict)
            fix = fixes[i].fix;
    finding_add(out, SEVERITY_ERROR, "advert-refused", arrival->instance->name,
                "adverts of %s with VRID %u are refused: %s", arrival->sender,
                arrival->instance->vrid, name);
    finding_fix(out, "%s", fix);
}

static bool advert_has(const struct advert *advert, const struct ip_address *address)
{
    for (size_t i = 0; i < advert->count; i++) {
        struct ip_address listed = advert_address(advert, i);
        if (ip_address_equal(&listed, address))
            return true;
    }
    return false;
}

static bool is_listed(const struct ip_address *address, const struct ip_prefix *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ip_address_equal(address, &list[i].address))
            return true;
    return false;
}

/* Names one address that only one side has. */
static void judge_addresses(const struct arrival *arrival, struct findings *out)
{
    const struct advert *advert = &arrival->advert;
    size_t count = 0;
    const struct ip_prefix *list =
        config_addresses(arrival->instance, advert->ip.source.family, &count);
    struct ip_address odd = {0};
    bool theirs = false;
    char text[ADDRESS_TEXT_SIZE];

    if ((arrival->warnings & PACKET_WARN_ADDRESS_LIST_MISMATCH) == 0)
        return;
    for (size_t i = 0; i < count; i++)
        if (!advert_has(advert, &list[i].address))
            odd = list[i].address;
    for (size_t i = 0; i < advert->count; i++) {
        struct ip_address listed = advert_address(advert, i);
        if (is_listed(&listed, list, count))
            continue;
        odd = listed;
        theirs = true;
    }
    finding_add(out, SEVERITY_WARNING, "peer-addresses", arrival->instance->name,
                "peer %s adverts other addresses than are configured here: %s only %s",
                arrival->source, ip_address_format(&odd, text, sizeof(text)),
                theirs ? "there" : "here");
    finding_fix(out, "the same `addresses` on all nodes");
}

/* An advert of the same VRID that is about our addresses. */
static void judge_peer(const struct arrival *arrival, struct findings *out)
{
    const struct config_instance *instance = arrival->instance;
    const struct advert *advert = &arrival->advert;

    if (advert->version != instance->version) {
        finding_add(out, SEVERITY_ERROR, "peer-version", instance->name,
                    "peer %s speaks VRRPv%u, here it is VRRPv%d: neither hears the other",
                    arrival->source, advert->version, (int)instance->version);
        finding_fix(out, "the same `version` on all nodes");
        return;
    }
    judge_auth(arrival, out);
    bool trailer = judge_trailer(arrival, out);
    judge_interval(arrival, out);
    judge_checksum(arrival, out);
    judge_addresses(arrival, out);
    if (arrival->received != PACKET_OK && !trailer && !packet_verdict_is_auth(arrival->received) &&
        arrival->received != PACKET_INTERVAL_ERROR && arrival->received != PACKET_CHECKSUM_ERROR)
        judge_refusal(arrival, arrival->received, out);
    if (arrival->received == PACKET_OK && advert->priority > PRIORITY_RESIGN &&
        arrival->heard->count >= ADVERTS_THAT_TELL &&
        patient_stayed(arrival->patient, instance, advert->ip.source.family, "MASTER")) {
        finding_add(out, SEVERITY_ERROR, "two-masters", instance->name,
                    "this node is MASTER, and %s adverts as a master too (priority %u)",
                    arrival->sender, advert->priority);
        finding_fix(out, "one does not hear the other: look at the findings on firewall and "
                         "adverts on both nodes");
    }
}

/* Anybody can send from any address. */
static void name_sender(struct arrival *arrival)
{
    static const uint8_t none[MAC_SIZE];
    const struct heard *heard = arrival->heard;
    char mac[MAC_TEXT_SIZE];

    ip_address_format(&heard->ip.source, arrival->source, sizeof(arrival->source));
    if (memcmp(heard->mac, none, sizeof(none)) == 0)
        snprintf(arrival->sender, sizeof(arrival->sender), "%s", arrival->source);
    else
        snprintf(arrival->sender, sizeof(arrival->sender), "%s (%s)", arrival->source,
                 mac_format(heard->mac, mac, sizeof(mac)));
}

static void judge(struct arrival *arrival, struct findings *out)
{
    const struct heard *heard = arrival->heard;

    name_sender(arrival);
    struct ip_address group = config_group(arrival->instance, heard->ip.source.family);
    arrival->verdict =
        packet_read(&heard->ip, heard->payload, heard->size, &group, &arrival->advert);
    arrival_receive(arrival);
    if (link_view_address(arrival->link, &heard->ip.source) != NULL)
        judge_own(arrival, out);
    else if (arrival->verdict != PACKET_OK)
        judge_refusal(arrival, arrival->verdict, out);
    else if (!shares_address(arrival))
        judge_stranger(arrival, out);
    else
        judge_peer(arrival, out);
}

/* All senders that one instance hears. */
static void judge_all(const struct patient *patient, const struct config_instance *instance,
                      const struct link_view *link, struct findings *out)
{
    const struct wire_interface *wire = wire_interface(patient->wire, link->name);
    size_t before = out->count;

    for (size_t i = 0; wire != NULL && i < wire->count; i++) {
        struct arrival arrival = {
            .patient = patient, .instance = instance, .link = link, .heard = &wire->list[i]};

        if (arrival.heard->outgoing || !arrival_concerns(patient, arrival.heard, instance))
            continue;
        if (out->count - before > FINDINGS_MAX) {
            finding_add(out, SEVERITY_WARNING, "advert-flood", instance->name,
                        "VRID %u is used by so many senders on %s that only some are listed",
                        instance->vrid, link->name);
            finding_fix(out, "find out where they come from: tcpdump -eni %s proto 112",
                        link->name);
            return;
        }
        judge(&arrival, out);
    }
}

void examine_adverts(const struct patient *patient, struct findings *out)
{
    const struct config_instance *instance;

    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++) {
        const struct link_view *link = network_view_link(patient->network, instance->interface);

        if (link != NULL)
            judge_all(patient, instance, link, out);
    }
}
