/* The part of the status that is about authenticated adverts. For status.c only. */
#ifndef VIP_CONTROL_STATUS_AUTH_H
#define VIP_CONTROL_STATUS_AUTH_H

#include "lib/control/control.h"

/* Adds "authentication" to a router's object. No key is in it, only their ids. */
void control_auth_add(json_t *object, const struct status_router *router);

#endif
