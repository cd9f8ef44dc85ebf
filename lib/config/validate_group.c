/* Groups as a whole: see config_validate_groups() in draft.h. */
#include "lib/config/draft.h"
#include "lib/config/schema.h"
#include "lib/config/suggest.h"

#include <stdio.h>
#include <stdlib.h>

enum { SECTION_TEXT_SIZE = NAME_SIZE + 16 };

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

    for (size_t i = 0; i < group->instances.count; i++) {
        const char *name = group->instances.list[i];

        if (config_find_instance(draft->config, name) == NULL)
            unknown_instance(draft, &place, name);
        for (size_t other = 0; other < index; other++)
            if (config_names_have(&draft->config->groups[other].instances, name))
                config_problem_add(
                    draft->problems, &place, "found '%s', which is in [group %s] (%s:%u) already",
                    name, draft->config->groups[other].name, draft->config->groups[other].file,
                    draft->config->groups[other].line);
    }
}

static bool is_owner(const struct config_instance *instance)
{
    return instance->priority == PRIORITY_OWNER;
}

static bool releases_first(const struct config_instance *instance)
{
    return instance->release_first;
}

/* Says so where it holds for some of the members and for others not. */
static void check_same(const struct config_draft *draft, size_t index,
                       bool (*holds)(const struct config_instance *instance), const char *text)
{
    const struct config_group *group = &draft->config->groups[index];
    char section[SECTION_TEXT_SIZE];
    const struct config_place place = place_of(draft, index, section, sizeof(section));
    size_t members = 0;
    size_t those = 0;

    for (size_t i = 0; i < group->instances.count; i++) {
        const struct config_instance *member =
            config_find_instance(draft->config, group->instances.list[i]);

        members += member != NULL;
        those += member != NULL && holds(member);
    }
    if (those != 0 && those != members)
        config_problem_add(draft->problems, &place, "%s", text);
}

/* The owner of addresses always takes over; a group cannot when some of it may not. And a group
 * goes as a whole: what is released first would be away for as long as the rest lingers. */
static void check_alike(const struct config_draft *draft, size_t index)
{
    check_same(draft, index, is_owner,
               "some of its instances have priority 255 and others do not, expected all or none");
    check_same(draft, index, releases_first,
               "some of its instances have release-first = yes and others do not, expected all or "
               "none: they move together");
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
    else if (group->instances.count == 0)
        config_problem_add(draft->problems, &place, "found nothing, expected %s", key->expected);
    check_members(draft, index);
    check_alike(draft, index);
}

void config_validate_groups(const struct config_draft *draft)
{
    for (size_t i = 0; i < draft->config->group_count; i++)
        check_group(draft, i);
}
