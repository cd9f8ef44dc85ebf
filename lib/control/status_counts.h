/* The part of the status that counts what happened to an instance. For status.c only. */
#ifndef VIP_CONTROL_STATUS_COUNTS_H
#define VIP_CONTROL_STATUS_COUNTS_H

#include "lib/control/control.h"

/* Adds "transitions", "failover_gap" and "hook_counts" to an instance's object. */
void control_counts_add(json_t *object, const struct status_instance *instance);

#endif
