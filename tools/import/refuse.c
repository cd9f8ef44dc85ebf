/*
 * What is made is read with vipd's own parser, and what that refuses is taken out and becomes an
 * item, until nothing is refused: what an operator gets always passes `vipctl check`. Of a list
 * only the element goes that the problem names: one bad element must not drop the others.
 */
#include "tools/import/refuse.h"

#include "lib/config/config.h"
#include "lib/config/problem.h"
#include "lib/config/schema.h"
#include "tools/import/keys.h"
#include "tools/import/text.h"

#include <stdlib.h>
#include <string.h>

#define OUTPUT_NAME "vipd.conf"

/* The problem without lines of a text that changes with every pass. */
static const char *reason_of(struct import_output *out, const struct config_problem *problem)
{
    char *text = arena_print(out->arena, "%s%s%s", problem->key, *problem->key != '\0' ? ": " : "",
                             problem->text);
    char *place = strstr(text, " (" OUTPUT_NAME ":");
    char *end = place != NULL ? strchr(place, ')') : NULL;

    if (end != NULL)
        memmove(place, end + 1, strlen(end + 1) + 1);
    return text;
}

/* What it means that a key or a section (key NULL) is not there. */
static enum import_kind kind_of(const struct import_section *section, const struct import_key *key)
{
    static const char *const shared[] = {
        "interface",       "vrid",       KEY_ADDRESSES, "version",     "advert-interval",
        KEY_UNICAST_PEERS, KEY_PASSWORD, KEY_AUTH_KEY,  KEY_AUTH_MODE, KEY_MULTICAST_GROUP,
        KEY_SOURCE};

    if (strcmp(section->type, "instance") != 0)
        return strcmp(section->type, SECTION_NODE) != 0 ? IMPORT_FAILOVER : IMPORT_LOST;
    if (key == NULL)
        return IMPORT_MASTERS;
    for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
        if (strcmp(shared[i], key->name) == 0)
            return IMPORT_MASTERS;
    }
    return IMPORT_FAILOVER;
}

/* What the problem names: "found 'X'", "found X, which ...", "no [check X]". NULL: nothing. */
static const char *named_by(struct arena *arena, const char *problem)
{
    const char *found = strstr(problem, "found ");
    const char *check = strstr(problem, "no [check ");

    if (check != NULL)
        return arena_text(arena, check + 10, strcspn(check + 10, "]"));
    if (found == NULL)
        return NULL;
    found += 6;
    if (*found == '\'')
        return arena_text(arena, found + 1, strcspn(found + 1, "'"));
    return arena_text(arena, found, strcspn(found, ", "));
}

/* Whether an element is `name`, or begins with it and a prefix length or a word. */
static bool is_element(const char *element, size_t size, const char *name)
{
    size_t wanted = strlen(name);

    return size >= wanted && strncmp(element, name, wanted) == 0 &&
           (size == wanted || element[wanted] == '/' || element[wanted] == ' ');
}

/* Whether `name` is one of the words behind the first one of an element. */
static bool has_word(const char *element, size_t size, const char *name)
{
    size_t wanted = strlen(name);

    for (size_t i = 1; i + wanted <= size; i++) {
        if (element[i - 1] == ' ' && strncmp(element + i, name, wanted) == 0 &&
            (i + wanted == size || element[i + wanted] == ' '))
            return true;
    }
    return false;
}

/* The last element of a list that is `name`, else the only one that has it among its words. */
static const char *find_element(const char *list, const char *name, size_t *length)
{
    const char *last = NULL;
    const char *with_word = NULL;
    size_t with_word_length = 0;
    unsigned words = 0;

    for (const char *at = list; at != NULL;) {
        const char *comma = strstr(at, ", ");
        size_t size = comma != NULL ? (size_t)(comma - at) : strlen(at);

        if (is_element(at, size, name)) {
            last = at;
            *length = size;
        } else if (has_word(at, size, name)) {
            with_word = at;
            with_word_length = size;
            words++;
        }
        at = comma != NULL ? comma + 2 : NULL;
    }
    if (last != NULL || words != 1)
        return last;
    *length = with_word_length;
    return with_word;
}

static bool is_list(const struct import_section *section, const struct import_key *key)
{
    const struct config_key *known =
        config_schema_key(config_schema_section(section->type), key->name);

    return known != NULL && config_value_is_list(known->type);
}

/* Takes one element out of a list with several. False: the problem names none of it. */
static bool refuse_element(struct import_output *out, struct import_section *section,
                           struct import_key *key, const struct config_problem *problem)
{
    const char *name = named_by(out->arena, problem->text);
    size_t length = 0;

    if (name == NULL || !is_list(section, key) || strstr(key->value, ", ") == NULL)
        return false;
    const char *element = find_element(key->value, name, &length);
    if (element == NULL)
        return false;
    const char *behind = element + length;
    size_t before = (size_t)(element - key->value);
    import_item_text(
        out, section, kind_of(section, key), key->node, NULL,
        arena_print(out->arena, "%s: %s", key->name, arena_text(out->arena, element, length)),
        arena_print(out->arena, "vipd refuses %s", reason_of(out, problem)));
    if (*behind != '\0')
        behind += 2;
    else
        before -= 2;
    key->value = arena_print(out->arena, "%.*s%s", (int)before, key->value, behind);
    /* A group of one is none; its member goes on by itself. */
    if (strcmp(section->type, SECTION_GROUP) == 0 && strstr(key->value, ", ") == NULL)
        section->refused = true;
    return true;
}

static void refuse_section(struct import_output *out, struct import_section *section,
                           const struct config_problem *problem)
{
    section->refused = true;
    import_item(out, section, kind_of(section, NULL), section->node,
                arena_print(out->arena, "the whole section, which vipd refuses: %s",
                            reason_of(out, problem)));
}

static struct import_section *section_at(const struct import_output *out, unsigned line)
{
    struct import_section *hit = NULL;

    for (struct import_section *s = out->first; s != NULL; s = s->next) {
        if (s->line != 0 && s->line <= line)
            hit = s;
    }
    return hit;
}

/* The key that is written in a line; NULL: it is a header's. */
static struct import_key *key_at(const struct import_section *section, unsigned line)
{
    for (size_t i = section->count; i-- > 0;) {
        if (!section->keys[i].refused && section->keys[i].line <= line)
            return &section->keys[i];
    }
    return NULL;
}

/* Takes out what is written in the problem's line. again: of the key of the problem before, from a
 * list of which something was taken. False: nothing is, or it was taken out before. */
static bool refuse(struct import_output *out, const struct config_problem *problem, bool again,
                   struct import_key **key)
{
    struct import_section *hit = section_at(out, problem->line);

    if (hit == NULL || hit->refused)
        return false;
    if (!again)
        *key = key_at(hit, problem->line);
    if (again && (*key == NULL || (*key)->refused))
        return false;
    if (*key == NULL) {
        refuse_section(out, hit, problem);
        return true;
    }
    if (refuse_element(out, hit, *key, problem) || again)
        return true;
    (*key)->refused = true;
    import_item(out, hit, kind_of(hit, *key), (*key)->node,
                arena_print(out->arena, "vipd refuses %s", reason_of(out, problem)));
    return true;
}

/* A section that this vipd does not know is told of once. */
static void tell_unknown_sections(struct import_output *out)
{
    for (struct import_section *s = out->first; s != NULL; s = s->next) {
        if (!s->known)
            import_item(out, s, IMPORT_FAILOVER, s->node,
                        arena_print(out->arena, "this version of vipd has no [%s]%s", s->type,
                                    strcmp(s->type, SECTION_GROUP) == 0
                                        ? ": its instances fail over one by one. IPv4 and IPv6 "
                                          "addresses of one instance do move together"
                                        : ""));
    }
}

/* Takes out what a reading found; the lines of all problems are those of one rendering. */
static bool refuse_all(struct import_output *out, const struct config_problems *problems)
{
    struct import_key *key = NULL;
    unsigned last = 0;
    bool some = false;

    for (size_t i = 0; i < problems->count; i++) {
        const struct config_problem *problem = &problems->list[i];

        some = refuse(out, problem, problem->line == last, &key) || some;
        last = problem->line;
    }
    return some;
}

const char *import_text(struct import_output *out)
{
    const char *result = NULL;
    bool again = true;

    tell_unknown_sections(out);
    while (again) {
        char *text = import_render(out);
        const struct config_source source = {OUTPUT_NAME, text};
        struct config_problems problems = {0};
        struct config *config = config_parse(&source, 1, &problems);

        again = config == NULL && refuse_all(out, &problems);
        if (config != NULL)
            result = arena_copy(out->arena, text);
        else if (!again)
            out->problem = arena_copy(out->arena, problems.count > 0 ? problems.list[0].text : "");
        config_free(config);
        config_problems_free(&problems);
        free(text);
    }
    return result;
}
