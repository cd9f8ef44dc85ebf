/* The connection to the service manager, over the system bus. */
#ifndef AGENT_PUBLISH_MANAGER_BUS_H
#define AGENT_PUBLISH_MANAGER_BUS_H

#include <systemd/sd-bus.h>

#define MANAGER_NAME      "org.freedesktop.systemd1"
#define MANAGER_PATH      "/org/freedesktop/systemd1"
#define MANAGER_INTERFACE "org.freedesktop.systemd1.Manager"

struct manager_bus {
    sd_bus *bus; /* NULL: not connected */
};

/* Connects where that is not so, or is not so any more; behind everything urgent. 1: it is another
 * connection now, without what was asked for on the one before; 0: it is the same; or a negative
 * errno: there is none. */
int manager_bus_connect(struct manager_bus *manager, sd_event *event);

void manager_bus_close(struct manager_bus *manager);

#endif
