/* See arrival.h. */
#include "tools/doctor/arrival.h"

#include "lib/config/identity.h"
#include "tools/common/field.h"

#include <string.h>

enum { OWN_ADDRESSES_MAX = 256 };

const json_t *patient_router(const struct patient *patient, const json_t *status,
                             const struct config_instance *instance, enum ip_family family)
{
    const json_t *router;
    size_t i;

    json_array_foreach (json_object_get(patient_status(patient, status, instance), "routers"), i,
                        router)
        if (strcmp(field_text(router, "family"), ip_family_name(family)) == 0)
            return router;
    return NULL;
}

bool patient_stayed(const struct patient *patient, const struct config_instance *instance,
                    enum ip_family family, const char *state)
{
    const json_t *before = patient_router(patient, patient->before, instance, family);
    const json_t *after = patient_router(patient, patient->after, instance, family);

    return strcmp(field_text(before, "state"), state) == 0 &&
           strcmp(field_text(after, "state"), state) == 0;
}

void arrival_receive(struct arrival *arrival)
{
    enum ip_family family = arrival->heard->ip.source.family;
    struct ip_address peers[INSTANCE_PEERS_MAX];
    struct ip_address own[OWN_ADDRESSES_MAX];
    struct packet_receiver receiver;
    struct advert advert;

    config_receiver(arrival->instance, family, peers, &receiver);
    for (size_t i = 0; i < arrival->link->address_count && i < OWN_ADDRESSES_MAX; i++)
        own[receiver.own_count++] = arrival->link->addresses[i].prefix.address;
    receiver.own = own;
    arrival->received =
        packet_receive(&arrival->heard->ip, arrival->heard->payload, arrival->heard->size,
                       &receiver, &advert, &arrival->warnings);
}

static bool is_like(const struct heard *heard, const struct config_instance *instance)
{
    return config_has_router(instance, heard->ip.source.family) && heard->vrid == instance->vrid &&
           strcmp(heard->interface, instance->interface) == 0;
}

bool arrival_concerns(const struct patient *patient, const struct heard *heard,
                      const struct config_instance *instance)
{
    const struct packet_ip *ip = &heard->ip;
    const struct config_instance *other;

    if (!is_like(heard, instance))
        return false;
    if (config_identity_fits(instance, &ip->source, &ip->destination))
        return true;
    for (size_t i = 0; (other = patient_instance(patient, i)) != NULL; i++)
        if (is_like(heard, other) && config_identity_fits(other, &ip->source, &ip->destination))
            return false;
    return true;
}
