/* Who gives way, and to whom; see avoidance.h. */
#include "agent/instances/avoidance.h"

#include "lib/config/group.h"

#include <stdlib.h>
#include <string.h>

bool avoidance_any(struct instance *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i]->config->avoid != NULL || list[i]->avoiding != NULL)
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
    const char *found = NULL;

    for (size_t m = 0; m < mate_count && found == NULL; m++)
        if (mates[m]->avoid != NULL && is_master(mates[m]->avoid, list, count))
            found = mates[m]->avoid;
    if (found == NULL ? instance->avoiding == NULL
                      : instance->avoiding != NULL && strcmp(found, instance->avoiding) == 0)
        return false;
    /* In memory of its own: a reload takes the configuration away. */
    char *avoiding = found != NULL ? strdup(found) : NULL;
    if (found != NULL && avoiding == NULL)
        return false;
    free(instance->avoiding);
    instance->avoiding = avoiding;
    return true;
}
