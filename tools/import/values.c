/* Values of keepalived's language, and names as vipd takes them. */
#include "lib/config/config.h"
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

/* The name with a number behind that makes it one of its own. */
static const char *numbered(struct import *import, const char *name,
                            bool (*taken)(const struct import *import, const char *name))
{
    enum { NUMBER_ROOM = 6 };
    const char *other = name;

    for (unsigned i = 2; taken(import, other); i++) {
        int room = NAME_SIZE - 1 - NUMBER_ROOM;
        other = arena_print(import->arena, "%.*s-%u", room, name, i);
    }
    return other;
}

const char *import_name(struct import *import, const struct keepalived_node *node, const char *text,
                        bool (*taken)(const struct import *import, const char *name))
{
    char *name = arena_copy(import->arena, text);

    if (strlen(name) >= NAME_SIZE)
        name[NAME_SIZE - 1] = '\0';
    for (char *at = name; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && *at != '.' && *at != '_' && *at != '-')
            *at = '-';
    }
    const char *result = *name != '\0' ? name : "unnamed";
    if (taken != NULL)
        result = numbered(import, result, taken);
    if (strcmp(result, text) != 0)
        IMPORT_ITEM(import, NULL, IMPORT_NOTE, node, "called '%s' in vipd.conf", result);
    return result;
}

bool import_takes(const char *lines)
{
    const char *text = NULL;
    char *all = NULL;
    struct config_problems problems = {0};

    if (asprintf(&all, "[instance x]\ninterface = x\nvrid = 1\naddresses = 192.0.2.1\n%s\n",
                 lines) < 0)
        all = NULL;
    text = arena_must(all);
    const struct config_source source = {"x", text};
    struct config *config = config_parse(&source, 1, &problems);
    bool taken = config != NULL;
    config_free(config);
    config_problems_free(&problems);
    free(all);
    return taken;
}
