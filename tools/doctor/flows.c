/*
 * Examinations of the flow of adverts through this node. Captures hear what comes in before the
 * firewall does, and what leaves after it: what was heard and not counted by vipd was lost here.
 */
#include "tools/common/field.h"
#include "tools/doctor/arrival.h"

#include <string.h>

/* How many adverts went that way for one virtual router; those from ourselves do not count as
 * having come in. */
static unsigned count_adverts(const struct patient *patient, const struct wire_interface *wire,
                              const struct link_view *link, const struct config_instance *instance,
                              enum ip_family family, bool outgoing)
{
    unsigned count = 0;

    for (size_t i = 0; i < wire->count; i++) {
        struct arrival arrival = {
            .patient = patient, .instance = instance, .link = link, .heard = &wire->list[i]};

        if (arrival.heard->outgoing != outgoing || arrival.heard->ip.source.family != family ||
            !arrival_concerns(patient, arrival.heard, instance))
            continue;
        if (!outgoing)
            arrival_receive(&arrival);
        count += outgoing || arrival.received == PACKET_OK ? arrival.heard->count : 0;
    }
    return count;
}

static long long received_by_vipd(const json_t *router)
{
    return field_number(json_object_get(router, "counters"), "advertisement-rcvd");
}

static void examine_flow(const struct patient *patient, const struct config_instance *instance,
                         const struct link_view *link, enum ip_family family, struct findings *out)
{
    const struct wire_interface *wire = wire_interface(patient->wire, link->name);
    const json_t *before = patient_router(patient, patient->before, instance, family);
    const json_t *after = patient_router(patient, patient->after, instance, family);
    unsigned in = count_adverts(patient, wire, link, instance, family, false);
    unsigned sent = count_adverts(patient, wire, link, instance, family, true);
    bool init = strcmp(field_text(after, "state"), "INIT") == 0 ||
                strcmp(field_text(before, "state"), "INIT") == 0;
    uint64_t interval_ns = (uint64_t)field_number(after, "advert_interval_ms") * NS_PER_MS;
    /* Else it means nothing that nothing was heard. */
    bool long_enough =
        !wire->overflown && !wire->missed && patient->wire->listened_ns >= 2 * interval_ns;
    const char *name = patient_family(family);

    if (before == NULL || after == NULL || before == after || init)
        return;
    if (in >= ADVERTS_THAT_TELL && received_by_vipd(after) == received_by_vipd(before)) {
        finding_add(out, SEVERITY_ERROR, "advert-lost-here", instance->name,
                    "%u %s adverts came in on %s and vipd saw none of them", in, name, link->name);
        finding_fix(out, "something on this node drops them: nftables, iptables, tc, XDP; let "
                         "protocol 112 in");
    }
    if (long_enough && in == 0 && patient_stayed(patient, instance, family, "BACKUP")) {
        finding_add(out, SEVERITY_WARNING, "no-advert-heard", instance->name,
                    "this node is BACKUP and heard no %s advert on %s", name, link->name);
        finding_fix(out, "see whether the master runs; if it does, look at the switch: IGMP "
                         "snooping without a querier, VLANs, filters");
    }
    if (long_enough && sent == 0 && patient_stayed(patient, instance, family, "MASTER")) {
        finding_add(out, SEVERITY_ERROR, "advert-not-sent", instance->name,
                    "this node is MASTER and no %s advert left %s", name, link->name);
        finding_fix(out, "something on this node drops them: let protocol 112 out");
    }
}

void examine_flows(const struct patient *patient, struct findings *out)
{
    static const enum ip_family families[] = {IP_FAMILY_IPV4, IP_FAMILY_IPV6};
    const struct config_instance *instance;

    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++) {
        const struct wire_interface *listened = wire_interface(patient->wire, instance->interface);
        const struct link_view *link = network_view_link(patient->network, instance->interface);

        for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++)
            if (listened != NULL && listened->problem[0] == '\0' && link != NULL)
                examine_flow(patient, instance, link, families[f], out);
    }
}

void examine_listening(const struct patient *patient, struct findings *out)
{
    const struct wire *wire = patient->wire;

    if (wire == NULL) {
        finding_add(out, SEVERITY_NOT_CHECKED, "wire", "this node",
                    "the wire: nothing was listened to");
        finding_fix(out, "--listen 5s, with an interface that is up");
        return;
    }
    for (size_t i = 0; i < wire->interface_count; i++) {
        const struct wire_interface *interface = &wire->interfaces[i];

        if (interface->overflown) {
            finding_add(out, SEVERITY_WARNING, "advert-flood", interface->name,
                        "adverts come from so many senders that not all were looked at");
            finding_fix(out, "find out where they come from: tcpdump -eni %s proto 112",
                        interface->name);
        }
        if (interface->problem[0] == '\0')
            continue;
        finding_add(out, SEVERITY_NOT_CHECKED, "wire", interface->name, "the wire: %s",
                    interface->problem);
        finding_fix(out, "run vipctl doctor as root");
    }
}
