/* The part of the status that is about the checks of an instance. For status.c only. */
#ifndef VIP_CONTROL_STATUS_CHECK_H
#define VIP_CONTROL_STATUS_CHECK_H

#include "lib/control/control.h"

/* Adds "checks" and "damping" to an instance's object. */
void control_checks_add(json_t *object, const struct status_instance *instance);

#endif
