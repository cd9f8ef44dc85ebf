/* Definitions of a keepalived configuration (keepalived.conf(5), "Parameter substitution"). */
#include "tools/import/keepalived_define.h"

#include <ctype.h>
#include <string.h>

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_space_or_end(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t name_length_of(const char *text)
{
    size_t length = 0;

    if (isdigit((unsigned char)text[0]))
        return 0;
    while (is_name(text[length]))
        length++;
    return length;
}

static struct keepalived_define *find(const struct keepalived_defines *defines, const char *name,
                                      size_t length)
{
    for (size_t i = 0; i < defines->count; i++) {
        struct keepalived_define *define = &defines->list[i];

        if (strncmp(define->name, name, length) == 0 && define->name[length] == '\0')
            return define;
    }
    return NULL;
}

void keepalived_define(struct keepalived_defines *defines, const char *name, size_t length,
                       const char *value)
{
    struct keepalived_define *define = find(defines, name, length);

    if (define == NULL) {
        defines->list =
            arena_grow(defines->arena, defines->list, defines->count, sizeof(*defines->list));
        define = &defines->list[defines->count++];
        define->name = arena_text(defines->arena, name, length);
    } else if (strcmp(define->value, value) == 0) {
        return;
    }
    define->value = arena_copy(defines->arena, value);
}

bool keepalived_is_definition(const char *text, size_t *name_length, const char **value)
{
    if (text[0] != '$')
        return false;
    *name_length = name_length_of(text + 1);
    if (*name_length == 0 || text[1 + *name_length] != '=')
        return false;
    *value = text + 1 + *name_length + 1;
    return true;
}

const char *keepalived_find_use(const struct keepalived_defines *defines, const char *text,
                                size_t *start, size_t *end)
{
    for (const char *at = strchr(text, '$'); at != NULL; at = strchr(at + 1, '$')) {
        bool braces = at[1] == '{';
        const char *name = at + 1 + (braces ? 1 : 0);
        size_t length = name_length_of(name);
        const struct keepalived_define *define = find(defines, name, length);

        if (length == 0 || define == NULL)
            continue;
        if (braces ? name[length] != '}' : !is_space_or_end(name[length]))
            continue;
        *start = (size_t)(at - text);
        *end = (size_t)(name - text) + length + (braces ? 1 : 0);
        return define->value;
    }
    return NULL;
}
