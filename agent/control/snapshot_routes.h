/* How it is with the routes and rules of an instance, for the status. Looks only. */
#ifndef AGENT_CONTROL_SNAPSHOT_ROUTES_H
#define AGENT_CONTROL_SNAPSHOT_ROUTES_H

#include "agent/instances/state.h"
#include "lib/control/control.h"

/* Fills in those of the instance's configuration: *out has room for its routes, then its rules. */
void snapshot_routes(const struct instance *instance, struct status_route *out);

/* A warning when some that a router wants are not there. Returns how many warnings: 0 or 1. */
size_t snapshot_routes_warning(const struct instance *instance, const struct router *router,
                               struct status_warning *out);

#endif
