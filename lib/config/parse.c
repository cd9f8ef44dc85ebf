/*
 * Text to configuration: the lexer gives headers and values, reading_section.c and reading_value.c
 * find out by the schema what they are and store them, config_validate looks at the whole.
 * Everything found wrong is collected; the configuration is handed out only when nothing was.
 */
#include "lib/config/group.h"
#include "lib/config/lexer.h"
#include "lib/config/reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void on_section(void *user, unsigned line, const char *header, size_t length)
{
    config_reading_section(user, line, header, length);
}

static void on_value(void *user, unsigned line, const char *name, const char *value, bool continued)
{
    config_reading_value(user, line, name, value, continued);
}

/* Of a line that may have a password or a key on it no more than that. */
static void quote_line(const char *text, size_t length, char *buffer, size_t size)
{
    static const char *const words[] = {"pass", "auth"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t begin = strlen(words[i]);

        if (length >= begin && strncasecmp(text, words[i], begin) == 0) {
            snprintf(buffer, size, "%.*s...", (int)begin, text);
            return;
        }
    }
    config_quote(text, length, buffer, size);
}

static void on_fault(void *user, unsigned line, enum config_lexer_fault fault, const char *text,
                     size_t length)
{
    struct reading *reading = user;
    const struct config_place place = config_reading_place(reading, line, "");
    char quoted[CONFIG_QUOTE_SIZE];

    quote_line(text, length, quoted, sizeof(quoted));
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
        if (!config_draft_complete(draft, i) || !config_draft_complete_addresses(draft, i))
            return false;
    }
    config_validate(draft);
    config_validate_groups(draft);
    config_validate_avoid(draft);
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
