/* A drained instance, in words. */
#ifndef TOOLS_COMMON_DRAINED_H
#define TOOLS_COMMON_DRAINED_H

#include <jansson.h>

/* "drained, 28 min left" or "drained until resumed" of an element of the status's instances; NULL
 * when it is not drained. Returns buffer. */
const char *drained_text(const json_t *instance, char *buffer, size_t size);

#endif
