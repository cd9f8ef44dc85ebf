/* Who gives way to whom: see config_validate_avoid() in draft.h. */
#include "lib/config/draft.h"
#include "lib/config/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTION_TEXT_SIZE = NAME_SIZE + 16 };

static size_t index_of(const struct config *config, const char *name)
{
    size_t i = 0;

    while (i < config->instance_count && strcmp(config->instances[i].name, name) != 0)
        i++;
    return i;
}

/* They move together: the same one, or two of one group. */
static bool are_one(const struct config *config, size_t a, size_t b)
{
    if (a == b)
        return true;
    for (size_t g = 0; g < config->group_count; g++)
        if (config_names_have(&config->groups[g].instances, config->instances[a].name) &&
            config_names_have(&config->groups[g].instances, config->instances[b].name))
            return true;
    return false;
}

/* Whether whoever moves with `from` gives way to something that gives way, at last, to `target`.
 * seen: which were looked at; each is once. */
static bool leads_to(const struct config *config, size_t from, size_t target, bool *seen)
{
    for (size_t i = 0; i < config->instance_count; i++) {
        const char *avoid = config->instances[i].avoid;

        if (seen[i] || avoid == NULL || !are_one(config, from, i))
            continue;
        seen[i] = true;
        size_t next = index_of(config, avoid);
        if (next == config->instance_count)
            continue;
        if (are_one(config, next, target) || leads_to(config, next, target, seen))
            return true;
    }
    return false;
}

static void check_one(const struct config_draft *draft, size_t index)
{
    const struct config *config = draft->config;
    const struct config_instance *instance = &config->instances[index];
    const size_t other = index_of(config, instance->avoid);
    char text[SECTION_TEXT_SIZE];

    snprintf(text, sizeof(text), "%s %s", config_schema_instance()->name, instance->name);
    const struct config_place place = {
        .file = draft->instances[index].file,
        .line = draft->instances[index].key_line[INSTANCE_AVOID],
        .section = text,
        .key = config_schema_instance()->keys[INSTANCE_AVOID].name,
    };
    if (other == config->instance_count) {
        config_problem_add(draft->problems, &place,
                           "found '%s', there is no such instance, expected the name of an "
                           "[instance NAME] section",
                           instance->avoid);
    } else if (are_one(config, index, other)) {
        config_problem_add(
            draft->problems, &place, "found '%s', which %s; expected another one", instance->avoid,
            other == index ? "is this instance itself" : "moves with this instance, in one group");
    } else {
        bool *seen = calloc(config->instance_count, sizeof(*seen));

        if (seen != NULL && leads_to(config, other, index, seen))
            config_problem_add(draft->problems, &place,
                               "found '%s', which itself gives way to this one: they would never "
                               "come to rest",
                               instance->avoid);
        free(seen);
    }
}

void config_validate_avoid(const struct config_draft *draft)
{
    for (size_t i = 0; i < draft->config->instance_count; i++)
        if (draft->config->instances[i].avoid != NULL && !draft->instances[i].set_aside &&
            !draft->instances[i].bad[INSTANCE_AVOID])
            check_one(draft, i);
}
