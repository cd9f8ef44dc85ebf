/* See arrival.h. */
#include "tools/doctor/arrival.h"

#include "lib/config/identity.h"
#include "tools/common/field.h"

#include <string.h>
#include <time.h>

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

/* By an instance that has keys. It is the last one of its sender, as old as the listening was long
 * at most; whether it was heard before is not known. */
static enum packet_verdict authenticate(const struct arrival *arrival, const struct advert *advert)
{
    struct auth_policy policy = config_auth(arrival->instance);
    struct auth_mark unheard = {0};
    struct timespec now;

    if (policy.keys == NULL)
        return PACKET_OK;
    clock_gettime(CLOCK_REALTIME, &now);
    policy.rules.window_s += (uint32_t)(arrival->patient->wire->listened_ns / NS_PER_SEC) + 1;
    const struct auth_clock clock = {.utc_ns =
                                         (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec};
    return auth_outcome_verdict(auth_judge(&policy, advert, &unheard, &clock));
}

void arrival_receive(struct arrival *arrival)
{
    enum ip_family family = arrival->heard->ip.source.family;
    struct ip_address peers[INSTANCE_PEERS_MAX];
    struct ip_address own[OWN_ADDRESSES_MAX];
    struct packet_receiver receiver;
    struct advert advert;

    config_receiver(arrival->instance, family, peers, &receiver);
    receiver.names_trailers = true; /* as the agent does */
    for (size_t i = 0; i < arrival->link->address_count && i < OWN_ADDRESSES_MAX; i++)
        own[receiver.own_count++] = arrival->link->addresses[i].prefix.address;
    receiver.own = own;
    arrival->received =
        packet_receive(&arrival->heard->ip, arrival->heard->payload, arrival->heard->size,
                       &receiver, &advert, &arrival->warnings);
    if (arrival->received == PACKET_OK)
        arrival->received = authenticate(arrival, &advert);
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
