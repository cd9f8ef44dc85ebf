/* The groups of a configuration: which instances move together, and how they do. */
#ifndef VIP_CONFIG_GROUP_H
#define VIP_CONFIG_GROUP_H

#include "lib/config/config.h"

/* Points each instance of a valid configuration to its group. */
void config_group_resolve(struct config *config);

/*
 * The instances that move with this one, itself included, in the order that is the same on all
 * nodes: by VRID, then by name. out: GROUP_INSTANCES_MAX entries. Returns how many; 1 without a
 * group.
 */
size_t config_group_mates(const struct config *config, const struct config_instance *instance,
                          const struct config_instance **out);

/* The priority that an instance adverts: the lowest one of its group. */
uint8_t config_group_priority(const struct config *config, const struct config_instance *instance);

/* True when the same instances move together with this one before and after. */
bool config_group_same(const struct config *before, const struct config_instance *old,
                       const struct config *after, const struct config_instance *new);

#endif
