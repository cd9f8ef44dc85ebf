/* Who gives way, and to whom; see avoidance.h. */
#include "agent/instances/avoidance.h"

#include "lib/config/group.h"

#include <string.h>

bool avoidance_any(struct instance *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i]->config->avoid[0] != '\0' || list[i]->avoiding[0] != '\0')
            return true;
    return false;
}

static bool is_master(const char *name, struct instance *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i]->state == VRRP_MASTER && strcmp(list[i]->config->name, name) == 0)
            return true;
    return false;
}

bool avoidance_changed(struct instance *instance, struct instance *const *list, size_t count)
{
    const struct config_instance *mates[GROUP_INSTANCES_MAX];
    size_t mate_count = config_group_mates(instance->box->config, instance->config, mates);
    const char *found = "";

    for (size_t m = 0; m < mate_count && found[0] == '\0'; m++)
        if (mates[m]->avoid[0] != '\0' && is_master(mates[m]->avoid, list, count))
            found = mates[m]->avoid;
    if (strcmp(found, instance->avoiding) == 0)
        return false;
    memcpy(instance->avoiding, found, strlen(found) + 1);
    return true;
}
