/* Sections, keys and items of the configuration being made: see output.h. */
#include "tools/import/output.h"

#include "lib/config/schema.h"
#include "tools/import/keys.h"

#include <ctype.h>
#include <string.h>

/* So far back the same item is looked for. */
enum { REPEATS = 16 };

struct import_section *import_section(struct import_output *out, const char *type, const char *name,
                                      const struct keepalived_node *node)
{
    struct import_section *section = arena_take(out->arena, sizeof(*section));

    section->type = type;
    section->name = name;
    section->node = node;
    section->known = config_schema_section(type) != NULL;
    if (out->last != NULL)
        out->last->next = section;
    else
        out->first = section;
    out->last = section;
    return section;
}

static const struct config_key *find_key(const char *type, const char *key)
{
    const struct config_section *section = config_schema_section(type);

    return section != NULL ? config_schema_key(section, key) : NULL;
}

bool import_knows(const char *type, const char *key)
{
    return find_key(type, key) != NULL;
}

bool import_knows_unit_hooks(void)
{
    const struct config_key *key = find_key("instance", KEY_ON_MASTER);

    return key != NULL && (strstr(key->expected, "unit:") != NULL ||
                           (key->help != NULL && strstr(key->help, "unit:") != NULL));
}

/* Something, without a control character. */
static bool fits_a_line(const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        if (iscntrl((unsigned char)*at))
            return false;
    }
    return *value != '\0';
}

static void add_key(struct import_output *out, struct import_section *section,
                    const struct import_key *key)
{
    section->keys = arena_grow(out->arena, section->keys, section->count, sizeof(*section->keys));
    size_t at = section->count++;
    while (at > 0 && section->keys[at - 1].order > key->order) {
        section->keys[at] = section->keys[at - 1];
        at--;
    }
    section->keys[at] = *key;
}

bool import_set(struct import_output *out, struct import_section *section,
                const struct keepalived_node *node, const char *key, const char *value)
{
    const struct config_section *schema = config_schema_section(section->type);
    const struct config_key *known = find_key(section->type, key);

    if (schema == NULL)
        return false; /* told once, of the section */
    if (known == NULL) {
        import_item(out, section, IMPORT_LOST, node,
                    arena_print(out->arena, "this version of vipd has no '%s' in [%s]", key,
                                section->type));
        return false;
    }
    if (!fits_a_line(value)) {
        import_item(out, section, IMPORT_LOST, node,
                    arena_print(out->arena,
                                "'%s' cannot hold it: it is empty, or has a control character; put "
                                "the command into a script of its own",
                                key));
        return false;
    }
    add_key(out, section,
            &(struct import_key){.name = known->name,
                                 .value = arena_copy(out->arena, value),
                                 .order = (size_t)(known - schema->keys),
                                 .node = node});
    return true;
}

void import_item_text(struct import_output *out, struct import_section *section,
                      enum import_kind kind, const struct keepalived_node *node,
                      const struct keepalived_place *place, const char *text, const char *why)
{
    struct import_items *items = section != NULL ? &section->items : &out->items;

    place = node != NULL ? &node->place : place;

    for (size_t i = items->count > REPEATS ? items->count - REPEATS : 0; i < items->count; i++) {
        const struct import_item *item = &items->list[i];

        if (item->place.line == place->line && item->kind == kind && strcmp(item->why, why) == 0 &&
            strcmp(item->text, text) == 0 && strcmp(item->place.file, place->file) == 0)
            return; /* once is enough */
    }
    items->list = arena_grow(out->arena, items->list, items->count, sizeof(*items->list));
    items->list[items->count++] = (struct import_item){
        .kind = kind,
        .place = *place,
        .node = node,
        .text = arena_copy(out->arena, text),
        .why = arena_copy(out->arena, why),
    };
}

void import_item(struct import_output *out, struct import_section *section, enum import_kind kind,
                 const struct keepalived_node *node, const char *why)
{
    const char *text = keepalived_text(out->arena, node, 0);

    if (strncmp(text, "auth_", 5) == 0)
        text =
            arena_print(out->arena, "%s ...", node->words[0]); /* passwords stay where they are */
    if (node->block)
        text = arena_print(out->arena, "%s { ... }", text);
    import_item_text(out, section, kind, node, NULL, text, why);
}

static void each_of(const struct import_items *items, const struct import_section *section,
                    void (*call)(void *user, const struct import_section *section,
                                 const struct import_item *item),
                    void *user)
{
    for (size_t i = 0; i < items->count; i++)
        call(user, section, &items->list[i]);
}

void import_each_item(const struct import_output *out,
                      void (*call)(void *user, const struct import_section *section,
                                   const struct import_item *item),
                      void *user)
{
    for (const struct import_section *s = out->first; s != NULL; s = s->next)
        each_of(&s->items, s, call, user);
    each_of(&out->items, NULL, call, user);
}

struct counter {
    enum import_kind kind;
    size_t count;
};

static void count_item(void *user, const struct import_section *section,
                       const struct import_item *item)
{
    struct counter *counter = user;

    (void)section;
    counter->count += item->kind == counter->kind ? 1 : 0;
}

size_t import_count(const struct import_output *out, enum import_kind kind)
{
    struct counter counter = {kind, 0};

    import_each_item(out, count_item, &counter);
    return counter.count;
}

size_t import_count_lost(const struct import_output *out)
{
    size_t count = 0;

    for (unsigned kind = IMPORT_NOTE + 1; kind < IMPORT_KINDS; kind++)
        count += import_count(out, kind);
    return count;
}

const char *import_short_name(const struct import_output *out, const char *file)
{
    const char *slash = strrchr(out->source, '/');
    size_t length = slash != NULL ? (size_t)(slash - out->source) + 1 : 0;

    return strncmp(file, out->source, length) == 0 ? file + length : file;
}
