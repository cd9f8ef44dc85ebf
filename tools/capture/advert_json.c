/* Advertisements as JSON; see advert_json.h. */
#include "tools/capture/advert_json.h"

#include <stdio.h>

json_t *address_json(const struct ip_address *address)
{
    char text[ADDRESS_TEXT_SIZE];

    return json_string(ip_address_format(address, text, sizeof(text)));
}

void advert_json_add(json_t *object, const struct advert *advert)
{
    json_t *addresses = json_array();
    char checksum[8];

    snprintf(checksum, sizeof(checksum), "%04x", advert->checksum);
    for (size_t i = 0; i < advert->count; i++) {
        struct ip_address address = advert_address(advert, i);
        json_array_append_new(addresses, address_json(&address));
    }
    json_t *fields = json_pack(
        "{s:i, s:i, s:i, s:i, s:i, s:I, s:s, s:s, s:o, s:o, s:i, s:o}", "version", advert->version,
        "type", advert->type, "vrid", advert->vrid, "priority", advert->priority, "count",
        advert->count, "interval_ms", (json_int_t)(advert->interval_ns / NS_PER_MS), "checksum",
        checksum, "checksum_kind", checksum_kind_name(advert->checksum_kind), "source",
        address_json(&advert->ip.source), "destination", address_json(&advert->ip.destination),
        "ttl", advert->ip.ttl, "addresses", addresses);
    if (advert->version == VRRP_V2)
        json_object_set_new(fields, "auth_type", json_integer(advert->auth_type));
    json_object_update(object, fields);
    json_decref(fields);
}
