/*
 * How single values are written as JSON, the same everywhere: times, spans, addresses and texts
 * that may be anything. The functions return a new reference, owned by the caller, or NULL when
 * memory ran out.
 */
#ifndef VIP_CONTROL_JSON_H
#define VIP_CONTROL_JSON_H

#include "lib/packet/address.h"

#include <jansson.h>

/* "2026-11-21T14:03:22.118Z" with its NUL. */
enum { CONTROL_TIME_SIZE = 32 };

/* RFC 3339 in UTC with milliseconds. Returns buffer. size: CONTROL_TIME_SIZE is enough. */
const char *control_time_format(uint64_t wall_ns, char *buffer, size_t size);

/* A string. Octets of a text that is not UTF-8 (file and interface names may be anything) become
 * '?', so that one odd name cannot spoil a whole message. */
json_t *control_text_to_json(const char *text);

/* A wall-clock time; null for 0. */
json_t *control_time_json(uint64_t wall_ns);

/* An address; null for NONE. */
json_t *control_address_json(const struct ip_address *address);

/* A span that may not be there, in whole milliseconds; null for DEADLINE_NEVER. */
json_t *control_span_ms_json(uint64_t ns);

/* Whole microseconds, as milliseconds. */
json_t *control_ms_json(uint64_t ns);

/* Sets one number of an object. */
void control_set_number(json_t *object, const char *name, uint64_t value);

#endif
