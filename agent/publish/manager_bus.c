/* See manager_bus.h. */
#include "agent/publish/manager_bus.h"

#include "agent/base/priorities.h"

int manager_bus_connect(struct manager_bus *manager, sd_event *event)
{
    int r;

    if (manager->bus != NULL && sd_bus_is_open(manager->bus) > 0)
        return 0;
    manager->bus = sd_bus_close_unref(manager->bus);
    r = sd_bus_open_system(&manager->bus);
    /* Nothing is sent at the end of the loop that was not sent before: that could wait for ever. */
    if (r >= 0)
        r = sd_bus_set_close_on_exit(manager->bus, 0);
    if (r >= 0)
        r = sd_bus_attach_event(manager->bus, event, AGENT_PRIORITY_HOOKS);
    if (r < 0)
        manager->bus = sd_bus_close_unref(manager->bus);
    return r < 0 ? r : 1;
}

void manager_bus_close(struct manager_bus *manager)
{
    manager->bus = sd_bus_close_unref(manager->bus);
}
