/*
 * The other interfaces that keepalived tracks with an instance without being told: those that its
 * addresses, routes and rules name. One that is down is a fault of the instance, as if it stood in
 * track_interface without a weight; no_track behind the line leaves it out.
 */
#ifndef TOOLS_IMPORT_DEVICES_H
#define TOOLS_IMPORT_DEVICES_H

#include "tools/import/import.h"

struct import_device {
    const char *name;
    const struct keepalived_node *node; /* the first line that names it */
};

struct import_devices {
    struct import_device *list;
    size_t count;
};

/* Of a vrrp_instance: each once, its own interface not among them. */
struct import_devices import_devices_of(struct import *import, const struct keepalived_node *block);

/* Whether the interface is one of them. */
bool import_device_is_tracked(struct import *import, const struct keepalived_node *block,
                              const char *name);

#endif
