/* Groups, found from their instances. */
#include "lib/config/group.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void config_group_resolve(struct config *config)
{
    for (size_t g = 0; g < config->group_count; g++)
        for (size_t i = 0; i < config->instance_count; i++)
            if (config_names_have(&config->groups[g].instances, config->instances[i].name))
                config->instances[i].group = &config->groups[g];
}

static int compare_mates(const void *a, const void *b)
{
    const struct config_instance *const *x = a;
    const struct config_instance *const *y = b;

    if ((*x)->vrid != (*y)->vrid)
        return (*x)->vrid < (*y)->vrid ? -1 : 1;
    return strcmp((*x)->name, (*y)->name);
}

size_t config_group_mates(const struct config *config, const struct config_instance *instance,
                          const struct config_instance **out)
{
    size_t count = 0;

    if (instance->group == NULL) {
        out[0] = instance;
        return 1;
    }
    for (size_t i = 0; i < config->instance_count; i++) {
        if (config->instances[i].group != instance->group)
            continue;
        assert(count < GROUP_INSTANCES_MAX);
        out[count++] = &config->instances[i];
    }
    qsort(out, count, sizeof(*out), compare_mates);
    return count;
}

uint8_t config_group_priority(const struct config *config, const struct config_instance *instance)
{
    const struct config_instance *mates[GROUP_INSTANCES_MAX];
    size_t count = config_group_mates(config, instance, mates);
    uint8_t lowest = instance->priority;

    for (size_t i = 0; i < count; i++)
        if (mates[i]->priority < lowest)
            lowest = mates[i]->priority;
    return lowest;
}

bool config_group_same(const struct config *before, const struct config_instance *old,
                       const struct config *after, const struct config_instance *new)
{
    const struct config_instance *was[GROUP_INSTANCES_MAX];
    const struct config_instance *is[GROUP_INSTANCES_MAX];
    size_t count = config_group_mates(before, old, was);

    if (config_group_mates(after, new, is) != count ||
        (old->group == NULL) != (new->group == NULL) ||
        (new->group != NULL &&strcmp(old->group->name, new->group->name) != 0))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(was[i]->name, is[i]->name) != 0)
            return false;
    return true;
}
