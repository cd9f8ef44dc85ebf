/* Values that are addresses; see value_parsers.h. */
#include "lib/config/config.h"
#include "lib/config/list.h"
#include "lib/config/value_parsers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *config_address_unusable(const struct ip_address *address)
{
    static const uint8_t broadcast[4] = {255, 255, 255, 255};

    if (ip_address_is_multicast(address))
        return ", a multicast address";
    if (ip_address_is_unspecified(address))
        return ", the unspecified address";
    if (ip_address_is_loopback(address))
        return ", a loopback address";
    if (ip_address_is_mapped(address))
        return ", an IPv4-mapped address";
    if (address->family == IP_FAMILY_IPV4 && memcmp(address->octets, broadcast, 4) == 0)
        return ", the broadcast address";
    return NULL;
}

static int parse_host(const struct refusal *r, struct ip_address *out)
{
    if (!ip_address_parse(r->text, out))
        return config_refuse(r, "");
    const char *why = config_address_unusable(out);
    return why != NULL ? config_refuse(r, why) : 0;
}

int config_parse_peer(const struct refusal *r, void *base)
{
    struct config_instance *instance = base;
    struct ip_address peer;
    int result = parse_host(r, &peer);

    if (result != 0)
        return result;
    for (size_t i = 0; i < instance->peer_count; i++) {
        if (ip_address_equal(&instance->peers[i], &peer))
            return config_refuse(r, " a second time");
    }
    if (instance->peer_count >= INSTANCE_PEERS_MAX)
        return config_refuse_more(r, "peers", INSTANCE_PEERS_MAX);
    struct ip_address *grown =
        config_list_grow(instance->peers, instance->peer_count, sizeof(*grown));
    if (grown == NULL)
        return -ENOMEM;
    instance->peers = grown;
    grown[instance->peer_count++] = peer;
    instance->unicast = true;
    return 0;
}

int config_parse_source(const struct refusal *r, void *base)
{
    struct config_instance *instance = base;
    struct ip_address source;
    int result = parse_host(r, &source);

    if (result != 0)
        return result;
    struct ip_address *field =
        source.family == IP_FAMILY_IPV4 ? &instance->source4 : &instance->source6;
    if (field->family != IP_FAMILY_NONE)
        return config_refuse(r, ", the second of its family");
    *field = source;
    return 0;
}

int config_parse_group(const struct refusal *r, void *base)
{
    struct config_instance *instance = base;
    struct ip_address group;

    if (!ip_address_parse(r->text, &group))
        return config_refuse(r, "");
    if (!ip_address_is_multicast(&group))
        return config_refuse(r, ", which is no multicast address");
    struct ip_address *field =
        group.family == IP_FAMILY_IPV4 ? &instance->group4 : &instance->group6;
    if (field->family != IP_FAMILY_NONE)
        return config_refuse(r, ", the second of its family");
    *field = group;
    return 0;
}

static bool parse_port(const char *text, uint16_t *port)
{
    size_t length = strlen(text);
    unsigned value = 0;

    if (length == 0 || length > 5 || text[strspn(text, "0123456789")] != '\0')
        return false;
    for (; *text != '\0'; text++)
        value = value * 10 + (unsigned)(*text - '0');
    *port = (uint16_t)value;
    return value >= 1 && value <= UINT16_MAX;
}

/* "A.B.C.D:PORT" or "[IPV6]:PORT" */
int config_parse_endpoint(const struct refusal *r, void *base)
{
    struct config_endpoint *field = base;
    char host[ADDRESS_TEXT_SIZE];
    struct config_endpoint endpoint;
    const char *colon = strrchr(r->text, ':');
    bool brackets = r->text[0] == '[';

    memset(&endpoint, 0, sizeof(endpoint));
    if (colon == NULL || (size_t)(colon - r->text) >= sizeof(host))
        return config_refuse(r, "");
    const char *begin = r->text + (brackets ? 1 : 0);
    const char *end = colon - (brackets ? 1 : 0);
    if (end <= begin || (brackets && *end != ']'))
        return config_refuse(r, "");
    snprintf(host, sizeof(host), "%.*s", (int)(end - begin), begin);
    if (!ip_address_parse(host, &endpoint.address) ||
        brackets != (endpoint.address.family == IP_FAMILY_IPV6) ||
        !parse_port(colon + 1, &endpoint.port))
        return config_refuse(r, "");
    memcpy(field, &endpoint, sizeof(endpoint));
    return 0;
}

int config_parse_address(const struct refusal *r, void *base)
{
    struct ip_address *field = base;
    struct ip_address address;

    if (!ip_address_parse(r->text, &address) || ip_address_is_multicast(&address) ||
        ip_address_is_unspecified(&address) || ip_address_is_loopback(&address))
        return config_refuse(r, "");
    *field = address;
    return 0;
}
