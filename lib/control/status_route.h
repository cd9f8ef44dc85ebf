/* The part of the status that is about the routes and rules of an instance. For status.c only. */
#ifndef VIP_CONTROL_STATUS_ROUTE_H
#define VIP_CONTROL_STATUS_ROUTE_H

#include "lib/control/control.h"

/* Adds "routes" and "rules" to an instance's object. */
void control_routes_add(json_t *object, const struct status_instance *instance);

#endif
