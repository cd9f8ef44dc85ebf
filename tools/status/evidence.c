/* See evidence.h. */
#include "tools/status/evidence.h"

#include "tools/common/field.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

/* As the sentences have a span. */
static void span_text(double ms, char *buffer, size_t size)
{
    if (ms >= 1000)
        snprintf(buffer, size, "%.3f s", ms / 1000);
    else
        snprintf(buffer, size, "%.3f ms", ms);
}

/* Whether the sentence has that value, as a word of its own. */
static bool is_said(const char *text, const char *value)
{
    size_t length = strlen(value);

    for (const char *at = text; (at = strstr(at, value)) != NULL; at++) {
        bool begins = at == text || strchr(" (", at[-1]) != NULL;

        if (begins && strchr(" ,;:)", at[length]) != NULL)
            return true;
    }
    return false;
}

/* Who the user is, where this machine knows. False: nothing to add. */
static bool user_text(const json_t *value, char *buffer, size_t size)
{
    const struct passwd *user = getpwuid((uid_t)json_integer_value(value));

    if (user == NULL || json_integer_value(value) == 0)
        return false;
    snprintf(buffer, size, "%s", user->pw_name);
    return true;
}

/* How long it would have waited says something only beside how long it has. */
static bool tells(const char *key, const json_t *evidence)
{
    return strcmp(key, "limit_ms") != 0 || json_object_get(evidence, "silence_ms") != NULL;
}

/* The value in words. False: it is not to be shown. */
static bool value_text(const char *key, const json_t *value, const char *text, char *buffer,
                       size_t size)
{
    size_t length = strlen(key);

    if (strcmp(key, "uid") == 0)
        return user_text(value, buffer, size);
    if (json_is_string(value))
        snprintf(buffer, size, "%s", json_string_value(value));
    else if (length > 3 && strcmp(key + length - 3, "_ms") == 0)
        span_text(json_number_value(value), buffer, size);
    else
        snprintf(buffer, size, "%.10g", json_number_value(value));
    return !is_said(text, buffer);
}

static const char *label_of(const char *key)
{
    static const struct {
        const char *key;
        const char *label;
    } labels[] = {
        {"peer_priority", "its priority"},
        {"own_priority", "our priority"},
        {"silence_ms", "silent for"},
        {"limit_ms", "limit"},
        {"uid", "asked by"},
    };

    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
        if (strcmp(labels[i].key, key) == 0)
            return labels[i].label;
    return key;
}

const char *evidence_rest(const json_t *entry, char *buffer, size_t size)
{
    const json_t *evidence = json_object_get(entry, "evidence");
    const char *text = field_text(entry, "text");
    const char *key;
    json_t *value;
    size_t used = 0;

    buffer[0] = '\0';
    json_object_foreach ((json_t *)(uintptr_t)evidence, key, value) {
        char shown[128];

        if (!tells(key, evidence) || !value_text(key, value, text, shown, sizeof(shown)))
            continue;
        int n = snprintf(buffer + used, size - used, "%s%s %s", used > 0 ? ", " : "", label_of(key),
                         shown);
        if (n < 0 || (size_t)n >= size - used) {
            buffer[used] = '\0';
            break;
        }
        used += (size_t)n;
    }
    return buffer;
}
