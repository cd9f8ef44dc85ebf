/* Headers of sections: which one begins, and what stands against it. */
#include "lib/config/reading.h"
#include "lib/config/suggest.h"

#include <assert.h>
#include <string.h>

/* The section's values will be judged, whether or not its header was refused: then `spare` is
 * where it is noted what was written. */
static void begin_node(struct reading *reading, unsigned line, size_t name_length)
{
    const struct config_place place = config_reading_place(reading, line, "");
    struct section_draft *node = &reading->draft->node;

    reading->section = config_schema_node();
    reading->base = reading->draft->config;
    reading->written = &reading->spare;
    reading->spare = (struct section_draft){0};
    if (name_length > 0) {
        config_problem_add(reading->draft->problems, &place, "expected [node], without a name");
    } else if (node->file != NULL) {
        config_problem_add(reading->draft->problems, &place, "a second time, the first is at %s:%u",
                           node->file, node->line);
    } else {
        node->file = reading->file;
        node->line = line;
        reading->written = node;
    }
}

/* The section of that kind that has the name already, or NULL. */
static const struct section_draft *find_named(const struct config_draft *draft,
                                              const struct config_section *kind, const char *name,
                                              size_t length)
{
    bool checks = kind == config_schema_check();
    size_t count = checks ? draft->config->check_count : draft->config->instance_count;

    for (size_t i = 0; i < count; i++) {
        const char *other =
            checks ? draft->config->checks[i].name : draft->config->instances[i].name;

        if (strlen(other) == length && memcmp(other, name, length) == 0)
            return checks ? &draft->checks[i] : &draft->instances[i];
    }
    return NULL;
}

/* Adds a problem and returns false unless a section of that kind can have this name. */
static bool name_is_free(const struct reading *reading, const struct config_place *place,
                         const struct config_section *kind, const char *name, size_t length)
{
    struct config_problems *problems = reading->draft->problems;
    const struct section_draft *other = find_named(reading->draft, kind, name, length);

    if (length == 0) {
        config_problem_add(problems, place, "the %s has no name, expected [%s NAME]", kind->name,
                           kind->name);
        return false;
    }
    if (!config_name_valid(name, length)) {
        config_problem_add(
            problems, place, "expected %s %s name of 1 to %d letters, digits, '.', '_' or '-'",
            kind == config_schema_instance() ? "an" : "a", kind->name, NAME_SIZE - 1);
        return false;
    }
    if (other != NULL) {
        config_problem_add(problems, place, "a second time, the first is at %s:%u", other->file,
                           other->line);
        return false;
    }
    return true;
}

static void begin_named(struct reading *reading, unsigned line, const struct config_section *kind,
                        const char *name, size_t length)
{
    const struct config_place place = config_reading_place(reading, line, "");
    struct config_draft *draft = reading->draft;
    bool check = kind == config_schema_check();
    size_t index = check ? draft->config->check_count : draft->config->instance_count;
    size_t max = check ? CHECKS_MAX : INSTANCES_MAX;

    if (index >= max) {
        config_problem_add(draft->problems, &place, "too many %ss, at most %zu are possible",
                           kind->name, max);
        return;
    }
    bool taken = name_is_free(reading, &place, kind, name, length);
    size_t kept = taken ? length : 0;
    if (!(check ? config_draft_add_check(draft, reading->file, line, name, kept)
                : config_draft_add_instance(draft, reading->file, line, name, kept))) {
        reading->out_of_memory = true;
        return;
    }
    reading->section = kind;
    reading->instance = index;
    reading->base =
        check ? (void *)&draft->config->checks[index] : (void *)&draft->config->instances[index];
    reading->written = check ? &draft->checks[index] : &draft->instances[index];
    reading->written->set_aside = !taken;
}

static void begin_group(struct reading *reading, unsigned line, const char *name, size_t length)
{
    const struct config_place place = config_reading_place(reading, line, "");
    struct config_draft *draft = reading->draft;
    size_t index = draft->config->group_count;
    bool taken = false;

    if (index >= CONFIG_GROUPS_MAX) {
        config_problem_add(draft->problems, &place, "too many groups, at most %d are possible",
                           CONFIG_GROUPS_MAX);
        return;
    }
    for (size_t i = 0; i < index; i++)
        taken = taken || (strlen(draft->config->groups[i].name) == length &&
                          memcmp(draft->config->groups[i].name, name, length) == 0);
    bool valid = config_name_valid(name, length);
    if (!valid)
        config_problem_add(draft->problems, &place,
                           "expected [group NAME], of 1 to %d letters, digits, '.', '_' or '-'",
                           NAME_SIZE - 1);
    else if (taken)
        config_problem_add(draft->problems, &place, "a second time");
    if (!config_draft_add_group(draft, reading->file, line, name, valid && !taken ? length : 0)) {
        reading->out_of_memory = true;
        return;
    }
    reading->section = config_schema_group();
    reading->base = &draft->config->groups[index];
    reading->written = &draft->groups[index];
    reading->written->set_aside = !valid || taken;
}

static void begin_unknown(struct reading *reading, unsigned line, const char *kind)
{
    const struct config_place place = config_reading_place(reading, line, "");
    const char *names[8];
    size_t count = 0;
    const struct config_section *sections = config_schema(&count);

    assert(count <= sizeof(names) / sizeof(names[0]));
    for (size_t i = 0; i < count; i++)
        names[i] = sections[i].name;
    const char *near = suggest(kind, names, count);
    if (near != NULL)
        config_problem_add(reading->draft->problems, &place, "unknown section, did you mean '%s'?",
                           near);
    else
        config_problem_add(
            reading->draft->problems, &place,
            "unknown section, expected [node], [instance NAME], [group NAME] or [check NAME]");
}

void config_reading_section(struct reading *reading, unsigned line, const char *header,
                            size_t length)
{
    char kind[NAME_SIZE] = "";
    size_t kind_length = 0;

    if (config_problems_full(reading->draft->problems))
        return;
    while (kind_length < length && header[kind_length] != ' ' && header[kind_length] != '\t')
        kind_length++;
    const char *name = header + kind_length;
    size_t name_length = length - kind_length;
    while (name_length > 0 && (*name == ' ' || *name == '\t')) {
        name++;
        name_length--;
    }
    if (kind_length < sizeof(kind))
        memcpy(kind, header, kind_length);

    config_quote(header, length, reading->section_text, sizeof(reading->section_text));
    reading->section = NULL;
    reading->section_seen = true;
    if (strcmp(kind, config_schema_node()->name) == 0)
        begin_node(reading, line, name_length);
    else if (strcmp(kind, config_schema_instance()->name) == 0)
        begin_named(reading, line, config_schema_instance(), name, name_length);
    else if (strcmp(kind, config_schema_check()->name) == 0)
        begin_named(reading, line, config_schema_check(), name, name_length);
    else if (strcmp(kind, config_schema_group()->name) == 0)
        begin_group(reading, line, name, name_length);
    else
        begin_unknown(reading, line, kind);
}
