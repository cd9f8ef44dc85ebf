/* How an instance stands now, in one sentence in the present tense. */
#ifndef TOOLS_COMMON_PRESENT_H
#define TOOLS_COMMON_PRESENT_H

#include <jansson.h>
#include <stddef.h>
#include <time.h>

enum { PRESENT_SIZE = 640 };

/* "BACKUP: 10.99.0.1 is MASTER with 150, ours is 100", "INIT (link-down): eth0 is down or has no
 * carrier; ..." of an element of the status's instances. Returns buffer. */
const char *present_text(const json_t *instance, char *buffer, size_t size);

/* "seen 184 times, last 35 s ago" of an element of its warnings. Returns buffer. */
const char *present_sightings(const json_t *warning, time_t now, char *buffer, size_t size);

#endif
