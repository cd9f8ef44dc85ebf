/* The fields of a decoded advertisement as JSON; the names are a contract (vipctl decode). */
#ifndef TOOLS_CAPTURE_ADVERT_JSON_H
#define TOOLS_CAPTURE_ADVERT_JSON_H

#include "lib/packet/packet.h"

#include <jansson.h>

/* As a string. */
json_t *address_json(const struct ip_address *address);

/* Adds them to the object. */
void advert_json_add(json_t *object, const struct advert *advert);

#endif
