/* What was seen at a transition and its sentence does not say yet. */
#ifndef TOOLS_STATUS_EVIDENCE_H
#define TOOLS_STATUS_EVIDENCE_H

#include <jansson.h>
#include <stddef.h>

enum { EVIDENCE_REST_SIZE = 256 };

/* "peer priority 100, own priority 150" of an entry of the history; "" when its sentence says all.
 * Returns buffer. */
const char *evidence_rest(const json_t *entry, char *buffer, size_t size);

#endif
