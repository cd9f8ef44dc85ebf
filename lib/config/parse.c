/*
 * Text to configuration: config_lexer gives headers and values, the schema says what they are,
 * config_values turns them into fields, config_validate looks at the whole. Everything found wrong
 * is collected; the configuration is handed out only when nothing was.
 */
#include "lib/config/draft.h"
#include "lib/config/group.h"
#include "lib/config/lexer.h"
#include "lib/config/suggest.h"
#include "lib/config/values.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The reading of one source: which section the lexer is in. */
struct reading {
    struct config_draft *draft;
    const char *file;
    const struct config_section *section; /* NULL: none, or one whose content is passed over */
    bool section_seen;
    size_t instance;               /* its index, in a section of that kind */
    void *base;                    /* the struct the values of the section go to */
    struct section_draft *written; /* what is known of the section */
    struct section_draft spare;
    char section_text[CONFIG_QUOTE_SIZE];
    bool out_of_memory;
};

static struct config_place place_of(const struct reading *reading, unsigned line, const char *key)
{
    return (struct config_place){
        .file = reading->file, .line = line, .section = reading->section_text, .key = key};
}

/* The section's values will be judged, whether or not its header was refused: then `spare` is
 * where it is noted what was written. */
static void begin_node(struct reading *reading, unsigned line, size_t name_length)
{
    const struct config_place place = place_of(reading, line, "");
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
    const struct config_place place = place_of(reading, line, "");
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
    const struct config_place place = place_of(reading, line, "");
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
    if (!config_group_begin(draft, reading->file, line, name, valid && !taken ? length : 0)) {
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
    const struct config_place place = place_of(reading, line, "");
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

static void on_section(void *user, unsigned line, const char *header, size_t length)
{
    struct reading *reading = user;
    char kind[NAME_SIZE] = "";
    size_t kind_length = 0;

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

/* The section that has this key, if that is not the one it was found in. */
static const struct config_section *other_section(const struct config_section *section,
                                                  const char *key)
{
    size_t count = 0;
    const struct config_section *sections = config_schema(&count);

    for (size_t i = 0; i < count; i++) {
        if (&sections[i] != section && config_schema_key(&sections[i], key) != NULL)
            return &sections[i];
    }
    return NULL;
}

static void unknown_key(const struct reading *reading, unsigned line, const char *key)
{
    char quoted[CONFIG_QUOTE_SIZE];
    const char *names[SECTION_KEYS_MAX];
    const struct config_section *section = reading->section;
    const struct config_section *other = other_section(section, key);
    const struct config_place place =
        place_of(reading, line, config_quote(key, strlen(key), quoted, sizeof(quoted)));

    assert(section->key_count <= sizeof(names) / sizeof(names[0]));
    for (size_t i = 0; i < section->key_count; i++)
        names[i] = section->keys[i].name;
    const char *near = suggest(key, names, section->key_count);
    if (other != NULL)
        config_problem_add(reading->draft->problems, &place, "a key of [%s%s], not of this section",
                           other->name, other->named ? " NAME" : "");
    else if (near != NULL)
        config_problem_add(reading->draft->problems, &place, "unknown key, did you mean '%s'?",
                           near);
    else
        config_problem_add(reading->draft->problems, &place, "unknown key");
}

/* One value, or one item of a list. */
static void take_item(struct reading *reading, unsigned line, const struct config_key *key,
                      const char *text)
{
    struct config_draft *draft = reading->draft;
    char error[CONFIG_ERROR_SIZE] = "";
    struct ip_prefix prefix;

    int result = config_value_parse(key, text, reading->base, error, sizeof(error));
    if (result == -EINVAL) {
        const struct config_place place = place_of(reading, line, key->name);

        config_problem_add(draft->problems, &place, "%s", error);
        reading->written->bad[key - reading->section->keys] = true;
    } else if (result != 0) {
        reading->out_of_memory = true;
    } else if (key->type == VALUE_PREFIXES && !reading->written->set_aside &&
               ip_prefix_parse(text, &prefix)) {
        const struct placed_address placed = {
            .address = prefix.address, .instance = reading->instance, .line = line};

        if (!config_draft_place(draft, &placed))
            reading->out_of_memory = true;
    }
}

/* Items are separated by commas and spaces. What was meant as a comment is refused at one go. */
static void take_list(struct reading *reading, unsigned line, const struct config_key *key,
                      const char *value, unsigned *items)
{
    static const char separators[] = ", \t";
    char item[CONFIG_QUOTE_SIZE]; /* a longer one is no address anyway */

    for (const char *next = value + strspn(value, separators); *next != '\0';
         next += strspn(next, separators)) {
        size_t length = strcspn(next, separators);

        if (config_lexer_comment_in(next, length)) {
            take_item(reading, line, key, value);
            (*items)++;
            return;
        }
        snprintf(item, sizeof(item), "%.*s", (int)length, next);
        take_item(reading, line, key, item);
        (*items)++;
        next += length;
    }
}

static void on_value(void *user, unsigned line, const char *name, const char *value, bool continued)
{
    struct reading *reading = user;
    struct config_draft *draft = reading->draft;
    char quoted[CONFIG_QUOTE_SIZE];

    if (reading->section == NULL) {
        const struct config_place place =
            place_of(reading, line, config_quote(name, strlen(name), quoted, sizeof(quoted)));

        if (!reading->section_seen)
            config_problem_add(draft->problems, &place,
                               "outside of a section, expected [node] or [instance NAME] before");
        return;
    }
    const struct config_key *key = config_schema_key(reading->section, name);
    if (key == NULL) {
        if (!continued)
            unknown_key(reading, line, name);
        return;
    }

    const struct config_place place = place_of(reading, line, key->name);
    size_t index = (size_t)(key - reading->section->keys);
    struct section_draft *section = reading->written;
    bool first = section->key_line[index] == 0;
    if (first)
        section->key_line[index] = line;
    if (config_value_is_list(key->type)) {
        take_list(reading, line, key, value, &section->items[index]);
    } else if (first || (continued && key->type == VALUE_WORDS)) {
        take_item(reading, line, key, value);
    } else if (continued) {
        config_problem_add(draft->problems, &place, "found '%s' as well, expected a single value",
                           config_quote(value, strlen(value), quoted, sizeof(quoted)));
    } else {
        config_problem_add(draft->problems, &place, "a second time, the first is in line %u",
                           section->key_line[index]);
    }
}

static void on_fault(void *user, unsigned line, enum config_lexer_fault fault, const char *text,
                     size_t length)
{
    struct reading *reading = user;
    const struct config_place place = place_of(reading, line, "");
    char quoted[CONFIG_QUOTE_SIZE];

    config_quote(text, length, quoted, sizeof(quoted));
    switch (fault) {
    case LEXER_UNREADABLE:
        config_problem_add(reading->draft->problems, &place,
                           *text == '[' && config_lexer_comment_in(text, length)
                               ? "found '%s': a comment needs a line of its own"
                               : "found '%s', expected KEY = VALUE, a [SECTION] or a comment",
                           quoted);
        break;
    case LEXER_KEY_TOO_LONG:
        config_problem_add(reading->draft->problems, &place, "found '%s', the key is too long",
                           quoted);
        break;
    case LEXER_CONTROL_CHARACTER:
        config_problem_add(reading->draft->problems, &place,
                           "found '%s', which has a control character", quoted);
        break;
    }
}

static bool read_source(struct config_draft *draft, const char *name, const char *text)
{
    struct reading reading = {.draft = draft, .file = name};
    const struct config_lexer_events events = {
        .user = &reading, .section = on_section, .value = on_value, .fault = on_fault};

    return config_lex(text, &events) && !reading.out_of_memory;
}

/* The bound of the texts together: nothing is read of what goes beyond. */
static bool within_bound(struct config_draft *draft, const struct config_source *sources,
                         size_t count)
{
    size_t total = 0;

    for (size_t i = 0; i < count; i++) {
        const struct config_place place = {sources[i].name, 0, "", ""};

        total += strnlen(sources[i].text, CONFIG_BYTES_MAX + 1);
        if (total > CONFIG_BYTES_MAX) {
            config_problem_add(draft->problems, &place,
                               "too large, all files together may have %d octets",
                               CONFIG_BYTES_MAX);
            return false;
        }
    }
    return true;
}

static bool build(struct config_draft *draft, const struct config_source *sources, size_t count)
{
    if (!config_draft_begin(draft, sources, count))
        return false;
    if (!within_bound(draft, sources, count))
        return true;
    for (size_t i = 0; i < count; i++) {
        if (!read_source(draft, draft->config->files[i], sources[i].text))
            return false;
    }
    config_draft_complete_checks(draft);
    for (size_t i = 0; i < draft->config->instance_count; i++) {
        if (!config_draft_complete(draft, i))
            return false;
    }
    config_validate(draft);
    config_group_validate(draft);
    return true;
}

struct config *config_parse(const struct config_source *sources, size_t count,
                            struct config_problems *problems)
{
    struct config_draft draft = {.problems = problems};

    if (!config_problems_open(problems))
        return NULL;
    if (!build(&draft, sources, count)) {
        const struct config_place place = {count > 0 ? sources[0].name : "-", 0, "", ""};

        config_problem_add(problems, &place, "out of memory");
    }
    config_problems_sort(problems, sources, count);
    if (problems->count > 0) {
        config_free(draft.config);
        draft.config = NULL;
    }
    if (draft.config != NULL)
        config_group_resolve(draft.config);
    free(draft.instances);
    free(draft.groups);
    free(draft.checks);
    free(draft.placed);
    return draft.config;
}
