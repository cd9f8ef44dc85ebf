/* Values of keepalived's language, and texts as vipd takes them. */
#include "lib/config/duration.h"
#include "tools/import/import.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool import_number(const char *text, long min, long max, long *out)
{
    char *end = NULL;

    if (text == NULL)
        return false;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < min || value > max)
        return false;
    *out = value;
    return true;
}

bool import_seconds(const char *text, uint64_t *out_ns)
{
    char with_unit[64];

    if (text == NULL || strlen(text) > sizeof(with_unit) - 2 ||
        strspn(text, "0123456789.") != strlen(text))
        return false;
    snprintf(with_unit, sizeof(with_unit), "%ss", text);
    return duration_parse(with_unit, out_ns);
}

const char *import_value(const struct keepalived_node *node)
{
    return node != NULL && node->count > 1 ? node->words[1] : NULL;
}

bool import_bool(const struct keepalived_node *node)
{
    const char *value = import_value(node);

    return node != NULL && (value == NULL || strcmp(value, "on") == 0 ||
                            strcmp(value, "true") == 0 || strcmp(value, "yes") == 0);
}

const char *import_joined(struct import *import, const char *const *texts, size_t count)
{
    size_t size = 1;

    for (size_t i = 0; i < count; i++)
        size += strlen(texts[i]) + 2;
    char *out = arena_take(import->arena, size);
    char *end = out;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            end = stpcpy(end, ", ");
        end = stpcpy(end, texts[i]);
    }
    return out;
}

const char *import_name(struct import *import, const struct keepalived_node *node, const char *text)
{
    char *name = arena_copy(import->arena, text);

    if (strlen(name) >= NAME_SIZE)
        name[NAME_SIZE - 1] = '\0';
    for (char *at = name; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && *at != '.' && *at != '_' && *at != '-')
            *at = '-';
    }
    if (*name == '\0')
        name = arena_copy(import->arena, "unnamed");
    if (strcmp(name, text) != 0)
        IMPORT_ITEM(import, NULL, IMPORT_NOTE, node, "called '%s' in vipd.conf", name);
    return name;
}

/* True when a shell would do something with it that a plain list of words cannot. */
static bool needs_shell(const char *command)
{
    char quote = '\0';

    for (const char *at = command; *at != '\0'; at++) {
        if (quote == '\0' && strchr("$`|&;<>()*?[~", *at) != NULL)
            return true;
        if (*at == '\\' && quote != '\'' && at[1] != '\0')
            at++;
        else if (quote != '\0' ? *at == quote : *at == '"' || *at == '\'')
            quote = quote != '\0' ? '\0' : *at;
    }
    return false;
}

/* The text as one word of a shell. */
static char *quoted(struct import *import, const char *text)
{
    char *out = arena_take(import->arena, 4 * strlen(text) + 3);
    char *end = out;

    *end++ = '\'';
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            end = stpcpy(end, "'\\''");
        else
            *end++ = *text;
    }
    *end = '\'';
    return out;
}

const char *import_command(struct import *import, struct import_section *section,
                           const struct keepalived_node *node, const char *command)
{
    if (needs_shell(command)) {
        import_item(import->out, section, IMPORT_NOTE, node,
                    "vipd runs commands without a shell: this one is given to /bin/sh");
        command = arena_print(import->arena, "/bin/sh -c %s", quoted(import, command));
    } else if (command[strspn(command, "\"'")] != '/') {
        command = arena_print(import->arena, "/usr/bin/env %s", command);
    }
    return command;
}
