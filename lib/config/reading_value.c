/* Keys and their values: each to its field by the schema, or to a problem. */
#include "lib/config/lexer.h"
#include "lib/config/reading.h"
#include "lib/config/suggest.h"
#include "lib/config/value_parsers.h"
#include "lib/config/values.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
        config_reading_place(reading, line, config_quote(key, strlen(key), quoted, sizeof(quoted)));

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

static bool is_claims(const struct config_key *key)
{
    return key->type == VALUE_LISTED || key->type == VALUE_EXTRA;
}

/* Remembers where the address that was read last is written. */
static void place_last(struct reading *reading, unsigned line)
{
    const struct config_instance *instance = reading->base;
    const struct claimed_address *claim = &instance->claims[instance->claim_count - 1];
    struct placed_address placed = {.address = claim->prefix.address,
                                    .instance = reading->instance,
                                    .line = line,
                                    .extra = claim->extra};

    memcpy(placed.device, claim->device, sizeof(placed.device));
    if (!config_draft_place(reading->draft, &placed))
        reading->out_of_memory = true;
}

/* One value, or one item of a list. */
static void take_item(struct reading *reading, unsigned line, const struct config_key *key,
                      const char *text)
{
    struct config_draft *draft = reading->draft;
    char error[CONFIG_ERROR_SIZE] = "";

    int result = config_value_parse(key, text, reading->base, error, sizeof(error));
    if (result == -EINVAL) {
        const struct config_place place = config_reading_place(reading, line, key->name);

        config_problem_add(draft->problems, &place, "%s", error);
        reading->written->bad[key - reading->section->keys] = true;
    } else if (result != 0) {
        reading->out_of_memory = true;
    } else if (is_claims(key) && !reading->written->set_aside) {
        place_last(reading, line);
    }
}

/* How long the item is that begins the text. */
static size_t item_length(const struct config_key *key, const char *text)
{
    if (is_claims(key))
        return config_claim_length(text);
    if (!config_value_is_phrases(key->type))
        return strcspn(text, ", \t");
    size_t length = strcspn(text, ",");
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    return length;
}

/* Items are separated by commas and spaces, or by commas alone. What was meant as a comment is
 * refused at one go. */
static void take_list(struct reading *reading, unsigned line, const struct config_key *key,
                      const char *value, unsigned *items)
{
    static const char separators[] = ", \t";

    for (const char *next = value + strspn(value, separators); *next != '\0';
         next += strspn(next, separators)) {
        size_t length = item_length(key, next);

        if (config_lexer_comment_in(next, length)) {
            take_item(reading, line, key, value);
            (*items)++;
            return;
        }
        char *item = strndup(next, length);
        if (item == NULL) {
            reading->out_of_memory = true;
            return;
        }
        take_item(reading, line, key, item);
        explicit_bzero(item, length); /* it may be a key */
        free(item);
        (*items)++;
        next += length;
    }
}

void config_reading_value(struct reading *reading, unsigned line, const char *name,
                          const char *value, bool continued)
{
    struct config_draft *draft = reading->draft;
    char quoted[CONFIG_QUOTE_SIZE];

    if (config_problems_full(draft->problems))
        return;
    if (reading->section == NULL) {
        const struct config_place place = config_reading_place(
            reading, line, config_quote(name, strlen(name), quoted, sizeof(quoted)));

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

    const struct config_place place = config_reading_place(reading, line, key->name);
    size_t index = (size_t)(key - reading->section->keys);
    struct section_draft *section = reading->written;
    bool first = section->key_line[index] == 0;
    if (first)
        section->key_line[index] = line;
    if (config_value_is_list(key->type)) {
        take_list(reading, line, key, value, &section->items[index]);
    } else if (first || (continued && key->type == VALUE_WORDS)) {
        take_item(reading, line, key, value);
    } else if (continued && key->type == VALUE_PASSWORD) {
        config_problem_add(draft->problems, &place, "found a second line, expected a single value");
    } else if (continued) {
        config_problem_add(draft->problems, &place, "found '%s' as well, expected a single value",
                           config_quote(value, strlen(value), quoted, sizeof(quoted)));
    } else {
        config_problem_add(draft->problems, &place, "a second time, the first is in line %u",
                           section->key_line[index]);
    }
}
