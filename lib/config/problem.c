/* Problems: worded where they are found, kept here, printed by whoever asked. */
#include "lib/config/problem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool config_problems_open(struct config_problems *problems)
{
    *problems = (struct config_problems){0};
    problems->list = calloc(CONFIG_PROBLEMS_MAX, sizeof(*problems->list));
    return problems->list != NULL;
}

/* A copy that failed for lack of memory is NULL; config_problem_format() copes. */
void config_problem_add_list(struct config_problems *problems, const struct config_place *place,
                             const char *format, va_list arguments)
{
    if (problems->list == NULL || problems->count == CONFIG_PROBLEMS_MAX)
        return;

    struct config_problem *problem = &problems->list[problems->count++];
    *problem = (struct config_problem){.line = place->line, .file = strdup(place->file)};
    if (problems->count == CONFIG_PROBLEMS_MAX) {
        problem->line = 0;
        problem->text = strdup("there are more problems; these are the first");
        return;
    }
    problem->section = strdup(place->section);
    problem->key = strdup(place->key);
    if (vasprintf(&problem->text, format, arguments) < 0)
        problem->text = NULL;
}

void config_problem_add(struct config_problems *problems, const struct config_place *place,
                        const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    config_problem_add_list(problems, place, format, arguments);
    va_end(arguments);
}

bool config_problems_full(const struct config_problems *problems)
{
    return problems->count == CONFIG_PROBLEMS_MAX;
}

void config_problems_free(struct config_problems *problems)
{
    if (problems == NULL)
        return;
    for (size_t i = 0; i < problems->count; i++) {
        free(problems->list[i].file);
        free(problems->list[i].section);
        free(problems->list[i].key);
        free(problems->list[i].text);
    }
    free(problems->list);
    *problems = (struct config_problems){0};
}

static size_t position(const char *file, const struct config_source *sources, size_t count)
{
    size_t i = 0;

    while (i < count && (file == NULL || strcmp(sources[i].name, file) != 0))
        i++;
    return i;
}

void config_problems_sort(struct config_problems *problems, const struct config_source *sources,
                          size_t count)
{
    /* Insertion: stable, and there are few. The remark that there are more stays last. */
    size_t sorted = problems->count < CONFIG_PROBLEMS_MAX ? problems->count : problems->count - 1;

    for (size_t i = 1; i < sorted; i++) {
        struct config_problem problem = problems->list[i];
        size_t at = position(problem.file, sources, count);
        size_t hole = i;

        for (; hole > 0; hole--) {
            const struct config_problem *before = &problems->list[hole - 1];
            size_t before_at = position(before->file, sources, count);

            if (before_at < at || (before_at == at && before->line <= problem.line))
                break;
            problems->list[hole] = *before;
        }
        problems->list[hole] = problem;
    }
}

static bool given(const char *text)
{
    return text != NULL && *text != '\0';
}

const char *config_problem_format(const struct config_problem *problem, char *buffer, size_t size)
{
    char line[16] = "";
    bool section = given(problem->section);
    bool key = given(problem->key);

    if (problem->line != 0)
        snprintf(line, sizeof(line), ":%u", problem->line);
    snprintf(buffer, size, "%s%s: %s%s%s%s%s%s%s", given(problem->file) ? problem->file : "-", line,
             section ? "[" : "", section ? problem->section : "", section ? "]" : "",
             section && key ? " " : "", key ? problem->key : "", section || key ? ": " : "",
             problem->text != NULL ? problem->text : "out of memory");
    return buffer;
}

const char *config_quote(const char *text, size_t length, char *buffer, size_t size)
{
    static const char cut[] = "...";
    size_t used = 0;

    assert(size > sizeof(cut) + 4);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (used + 4 + sizeof(cut) > size) {
            memcpy(buffer + used, cut, sizeof(cut));
            return buffer;
        }
        if (c >= 0x20 && c < 0x7f)
            buffer[used++] = (char)c;
        else
            used += (size_t)snprintf(buffer + used, size - used, "\\x%02x", c);
    }
    buffer[used] = '\0';
    return buffer;
}
