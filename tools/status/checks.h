/* The health checks of an instance in `vipctl status NAME`. */
#ifndef TOOLS_STATUS_CHECKS_H
#define TOOLS_STATUS_CHECKS_H

#include "tools/common/context.h"

#include <jansson.h>

/* Prints its checks and what flap-damping does; nothing when it has neither. */
void status_checks_print(const struct context *context, const json_t *instance);

#endif
