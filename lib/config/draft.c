/*
 * Growing a configuration while it is read. Nothing here judges what was written.
 */
#include "lib/config/draft.h"

#include "lib/config/list.h"
#include "lib/config/schema.h"
#include "lib/config/text.h"
#include "lib/config/values.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Defaults go through the same parsers as what people write. */
static void set_defaults(const struct config_section *section, void *base)
{
    char error[CONFIG_ERROR_SIZE];

    for (size_t i = 0; i < section->key_count; i++) {
        const struct config_key *key = &section->keys[i];

        if (key->default_text == NULL)
            continue;
        int result = config_value_parse(key, key->default_text, base, error, sizeof(error));
        assert(result == 0);
        (void)result;
    }
}

bool config_draft_begin(struct config_draft *draft, const struct config_source *sources,
                        size_t count)
{
    struct config *config = calloc(1, sizeof(*config));

    draft->config = config;
    if (config == NULL)
        return false;
    set_defaults(config_schema_node(), config);
    config->files = calloc(count > 0 ? count : 1, sizeof(*config->files));
    if (config->files == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        config->files[i] = strdup(sources[i].name);
        if (config->files[i] == NULL)
            return false;
        config->file_count++;
    }
    return true;
}

/* What is known of the section that comes to stand at `count`. */
static bool add_section(struct section_draft **sections, size_t count, const char *file,
                        unsigned line)
{
    struct section_draft *grown = config_list_grow(*sections, count, sizeof(*grown));

    if (grown == NULL)
        return false;
    *sections = grown;
    grown[count] = (struct section_draft){.file = file, .line = line};
    return true;
}

bool config_draft_add_instance(struct config_draft *draft, const char *file, unsigned line,
                               const char *name, size_t length)
{
    struct config *config = draft->config;
    size_t count = config->instance_count;

    assert(length < NAME_SIZE);
    struct config_instance *instances =
        config_list_grow(config->instances, count, sizeof(*instances));
    if (instances == NULL)
        return false;
    config->instances = instances;
    const char *kept = config_text_keep(&config->texts, name, length);
    if (kept == NULL || !add_section(&draft->instances, count, file, line))
        return false;

    instances[count] = (struct config_instance){.name = kept, .file = file, .line = line};
    set_defaults(config_schema_instance(), &instances[count]);
    config->instance_count++;
    return true;
}

bool config_draft_add_check(struct config_draft *draft, const char *file, unsigned line,
                            const char *name, size_t length)
{
    struct config *config = draft->config;
    size_t count = config->check_count;

    assert(length < NAME_SIZE);
    struct config_check *checks = config_list_grow(config->checks, count, sizeof(*checks));
    if (checks == NULL)
        return false;
    config->checks = checks;
    if (!add_section(&draft->checks, count, file, line))
        return false;

    /* Padding as well: values are compared octet by octet. */
    memset(&checks[count], 0, sizeof(checks[count]));
    checks[count].file = file;
    checks[count].line = line;
    memcpy(checks[count].name, name, length);
    set_defaults(config_schema_check(), &checks[count]);
    config->check_count++;
    return true;
}

bool config_draft_add_group(struct config_draft *draft, const char *file, unsigned line,
                            const char *name, size_t length)
{
    struct config *config = draft->config;
    size_t count = config->group_count;

    assert(length < NAME_SIZE);
    struct config_group *groups = config_list_grow(config->groups, count, sizeof(*groups));
    if (groups == NULL)
        return false;
    config->groups = groups;
    if (!add_section(&draft->groups, count, file, line))
        return false;

    groups[count] = (struct config_group){.file = file, .line = line};
    memcpy(groups[count].name, name, length);
    config->group_count++;
    return true;
}

void config_draft_complete_checks(struct config_draft *draft)
{
    for (size_t i = 0; i < draft->config->check_count; i++)
        config_check_complete(&draft->config->checks[i]);
}

/* An instance follows the checks of [node] behind its own. */
static bool inherit_track(struct config_names *track, const struct config_names *node)
{
    for (size_t i = 0; i < node->count; i++) {
        if (!config_names_have(track, node->list[i]) && !config_names_add(track, node->list[i]))
            return false;
    }
    return true;
}

/* user: of [node]; empty: none. */
static bool inherit_user(struct config_instance *instance, const struct section_draft *section,
                         const char *user)
{
    if (section->key_line[INSTANCE_HOOK_USER] != 0 || user[0] == '\0')
        return true;
    instance->hook_user = strdup(user);
    return instance->hook_user != NULL;
}

bool config_draft_place(struct config_draft *draft, const struct placed_address *placed)
{
    struct placed_address *grown =
        config_list_grow(draft->placed, draft->placed_count, sizeof(*grown));

    if (grown == NULL)
        return false;
    draft->placed = grown;
    grown[draft->placed_count++] = *placed;
    return true;
}

bool config_draft_complete(struct config_draft *draft, size_t index)
{
    struct config_instance *instance = &draft->config->instances[index];
    const struct section_draft *section = &draft->instances[index];

    if (section->key_line[INSTANCE_LEASE] == 0)
        instance->lease_ns = draft->config->lease_ns;
    if (!inherit_user(instance, section, draft->config->hook_user))
        return false;
    if (instance->group4.family == IP_FAMILY_NONE)
        instance->group4 = ip_address_vrrp_group(IP_FAMILY_IPV4);
    if (instance->group6.family == IP_FAMILY_NONE)
        instance->group6 = ip_address_vrrp_group(IP_FAMILY_IPV6);
    return inherit_track(&instance->track, &draft->config->track);
}
