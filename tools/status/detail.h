/* All that is known of one instance, for people. */
#ifndef TOOLS_STATUS_DETAIL_H
#define TOOLS_STATUS_DETAIL_H

#include "tools/common/context.h"

#include <jansson.h>

/* Prints an element of the status's instances. all: counters that are zero too. */
void status_detail_print(const struct context *context, const json_t *instance, bool all);

#endif
