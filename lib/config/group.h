/* The [group NAME] sections: which instances move together. */
#ifndef VIP_CONFIG_GROUP_H
#define VIP_CONFIG_GROUP_H

#include "lib/config/config.h"

struct config_draft;

/* Appends a group. file: one of config->files; name: valid, of `length` characters. False: out of
 * memory. */
bool config_group_begin(struct config_draft *draft, const char *file, unsigned line,
                        const char *name, size_t length);

/* Checks all groups: known instances, two at least, none in two groups. */
void config_group_validate(const struct config_draft *draft);

/* Points each instance of a valid configuration to its group. */
void config_group_resolve(struct config *config);

void config_group_free(struct config_group *group);

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
