/* Groups: read like any section, checked as a whole, then found from their instances. */
#include "lib/config/group.h"

#include "lib/config/draft.h"
#include "lib/config/suggest.h"
#include "lib/config/values.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTION_TEXT_SIZE = NAME_SIZE + 16 };

bool config_group_begin(struct config_draft *draft, const char *file, unsigned line,
                        const char *name, size_t length)
{
    struct config *config = draft->config;
    size_t count = config->group_count;

    assert(length < NAME_SIZE);
    struct config_group *groups = config_list_grow(config->groups, count, sizeof(*groups));
    if (groups == NULL)
        return false;
    config->groups = groups;
    struct section_draft *sections = config_list_grow(draft->groups, count, sizeof(*sections));
    if (sections == NULL)
        return false;
    draft->groups = sections;
    groups[count] = (struct config_group){.file = file, .line = line};
    memcpy(groups[count].name, name, length);
    sections[count] = (struct section_draft){.file = file, .line = line};
    config->group_count++;
    return true;
}

void config_group_free(struct config_group *group)
{
    free(group->instances);
}

static bool has(const struct config_group *group, const char *name)
{
    for (size_t i = 0; i < group->instance_count; i++)
        if (strcmp(group->instances[i], name) == 0)
            return true;
    return false;
}

static struct config_place place_of(const struct config_draft *draft, size_t index, char *text,
                                    size_t size)
{
    const struct config_group *group = &draft->config->groups[index];
    const struct section_draft *section = &draft->groups[index];
    unsigned line = section->key_line[GROUP_INSTANCES];

    snprintf(text, size, "%s %s", config_schema_group()->name, group->name);
    return (struct config_place){
        .file = section->file,
        .line = line != 0 ? line : section->line,
        .section = text,
        .key = config_schema_group()->keys[GROUP_INSTANCES].name,
    };
}

/* A name that no instance has. */
static void unknown_instance(const struct config_draft *draft, const struct config_place *place,
                             const char *name)
{
    const struct config *config = draft->config;
    const char **names = calloc(config->instance_count + 1, sizeof(*names));
    const char *near = NULL;

    for (size_t i = 0; names != NULL && i < config->instance_count; i++)
        names[i] = config->instances[i].name;
    if (names != NULL)
        near = suggest(name, names, config->instance_count);
    if (near != NULL)
        config_problem_add(draft->problems, place,
                           "found '%s', there is no such instance, did you mean '%s'?", name, near);
    else
        config_problem_add(draft->problems, place,
                           "found '%s', there is no such instance, expected names of [instance "
                           "NAME] sections",
                           name);
    free(names);
}

static void check_members(const struct config_draft *draft, size_t index)
{
    const struct config_group *group = &draft->config->groups[index];
    char text[SECTION_TEXT_SIZE];
    const struct config_place place = place_of(draft, index, text, sizeof(text));

    for (size_t i = 0; i < group->instance_count; i++) {
        const char *name = group->instances[i];

        if (config_find_instance(draft->config, name) == NULL)
            unknown_instance(draft, &place, name);
        for (size_t other = 0; other < index; other++)
            if (has(&draft->config->groups[other], name))
                config_problem_add(
                    draft->problems, &place, "found '%s', which is in [group %s] (%s:%u) already",
                    name, draft->config->groups[other].name, draft->config->groups[other].file,
                    draft->config->groups[other].line);
    }
}

/* The owner of addresses always takes over; a group cannot when some of it may not. */
static void check_owners(const struct config_draft *draft, size_t index)
{
    const struct config_group *group = &draft->config->groups[index];
    char text[SECTION_TEXT_SIZE];
    const struct config_place place = place_of(draft, index, text, sizeof(text));
    size_t owners = 0;

    for (size_t i = 0; i < group->instance_count; i++) {
        const struct config_instance *member =
            config_find_instance(draft->config, group->instances[i]);

        owners += member != NULL && member->priority == PRIORITY_OWNER;
    }
    if (owners != 0 && owners != group->instance_count)
        config_problem_add(draft->problems, &place,
                           "some of its instances have priority 255 and others do not, expected "
                           "all or none");
}

static void check_group(const struct config_draft *draft, size_t index)
{
    const struct config_group *group = &draft->config->groups[index];
    const struct section_draft *section = &draft->groups[index];
    const struct config_key *key = &config_schema_group()->keys[GROUP_INSTANCES];
    char text[SECTION_TEXT_SIZE];
    const struct config_place place = place_of(draft, index, text, sizeof(text));

    if (section->set_aside || section->bad[GROUP_INSTANCES])
        return;
    if (section->key_line[GROUP_INSTANCES] == 0)
        config_problem_add(draft->problems, &place, "missing, expected %s", key->expected);
    else if (group->instance_count < 2)
        config_problem_add(draft->problems, &place, "found %s, expected %s",
                           group->instance_count == 0 ? "nothing" : "one name alone",
                           key->expected);
    check_members(draft, index);
    check_owners(draft, index);
}

void config_group_validate(const struct config_draft *draft)
{
    for (size_t i = 0; i < draft->config->group_count; i++)
        check_group(draft, i);
}

void config_group_resolve(struct config *config)
{
    for (size_t g = 0; g < config->group_count; g++)
        for (size_t i = 0; i < config->instance_count; i++)
            if (has(&config->groups[g], config->instances[i].name))
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
