/* The fields of a decoded advertisement as JSON; the names are a contract (vipctl decode). */
#ifndef TOOLS_CAPTURE_ADVERT_JSON_H
#define TOOLS_CAPTURE_ADVERT_JSON_H

#include "lib/packet/packet.h"

#include <jansson.h>

/* Adds them to the object. */
void advert_json_add(json_t *object, const struct advert *advert);

#endif
