/*
 * The configuration being made, as text: a preface that sums it up, the sections, and beside each
 * what was not carried over and what is worth knowing.
 */
#include "tools/import/text.h"

#include "lib/config/problem.h"
#include "lib/config/schema.h"
#include "tools/import/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 100, QUOTE_SIZE = 400 };

/* Text being written, with its lines counted. */
struct page {
    char *text;
    size_t size;
    FILE *file;
    unsigned line; /* of the next one */
    const struct import_output *out;
    const char **told; /* reasons that were printed */
    size_t told_count;
};

static void put_line(struct page *page, const char *text, size_t length)
{
    fwrite(text, 1, length, page->file);
    putc('\n', page->file);
    page->line++;
}

static void put(struct page *page, const char *text)
{
    put_line(page, text, strlen(text));
}

/* Text broken at spaces, each line behind `margin`. */
static void put_wrapped(struct page *page, const char *margin, const char *text)
{
    if (*text == '\0')
        put(page, "#");
    size_t room = WIDTH - strlen(margin);

    while (*text != '\0') {
        size_t length = strlen(text);
        size_t end = length;

        if (length > room) {
            end = room;
            while (end > 0 && text[end] != ' ')
                end--;
            if (end == 0)
                end = strcspn(text, " ");
        }
        fputs(margin, page->file);
        put_line(page, text, end);
        text += end + strspn(text + end, " ");
    }
}

/* A reason is printed in full where it comes first. */
static bool is_told(struct page *page, const char *why)
{
    struct arena *arena = page->out->arena;

    for (size_t i = 0; i < page->told_count; i++) {
        if (strcmp(page->told[i], why) == 0)
            return true;
    }
    page->told = arena_grow(arena, page->told, page->told_count, sizeof(*page->told));
    page->told[page->told_count++] = why;
    return false;
}

static void put_item(struct page *page, const struct import_item *item, bool last_of_its_why)
{
    char quoted[QUOTE_SIZE];
    char *line = NULL;
    const char *label = item->kind != IMPORT_NOTE ? "NOT CARRIED OVER" : "Note";
    bool told = last_of_its_why && is_told(page, item->why);

    config_quote(item->text, strlen(item->text), quoted, sizeof(quoted));
    int length =
        asprintf(&line, "# %s: %s:%u: %s%s", label, import_short_name(page->out, item->place.file),
                 item->place.line, quoted, told ? " (as above)" : "");
    arena_must(length < 0 ? NULL : line);
    put(page, line);
    free(line);
    if (last_of_its_why && !told)
        put_wrapped(page, "#     ", item->why);
}

/* Those of one reason in a row share it. */
static void put_items_of(struct page *page, const struct import_items *items, enum import_kind kind)
{
    const struct import_item *pending = NULL;

    for (size_t i = 0; i < items->count; i++) {
        const struct import_item *item = &items->list[i];

        if (item->kind != kind)
            continue;
        if (pending != NULL)
            put_item(page, pending, strcmp(pending->why, item->why) != 0);
        pending = item;
    }
    if (pending != NULL)
        put_item(page, pending, true);
}

static void put_items(struct page *page, const struct import_items *items)
{
    for (unsigned kind = IMPORT_KINDS; kind-- > IMPORT_NOTE;)
        put_items_of(page, items, kind);
}

static bool is_list(const struct import_section *section, const struct import_key *key)
{
    const struct config_key *known =
        config_schema_key(config_schema_section(section->type), key->name);

    return known != NULL && config_value_is_list(known->type);
}

/* "name = value"; lists that are long go on in indented lines. */
static void put_key(struct page *page, const struct import_section *section, struct import_key *key,
                    int name_width)
{
    const char *value = key->value;
    size_t room = WIDTH - (size_t)name_width - 3;

    key->line = page->line;
    fprintf(page->file, "%-*s = ", name_width, key->name);
    while (is_list(section, key) && strlen(value) > room) {
        size_t end = room;

        while (end > 0 && !(value[end] == ' ' && value[end - 1] == ','))
            end--;
        if (end == 0)
            break;
        put_line(page, value, end);
        value += end + 1;
        fprintf(page->file, "%*s", name_width + 3, "");
    }
    put(page, value);
}

static void put_header(struct page *page, const struct import_section *section)
{
    if (section->name != NULL)
        fprintf(page->file, "[%s %s]\n", section->type, section->name);
    else
        fprintf(page->file, "[%s]\n", section->type);
    page->line++;
}

static int width_of(const struct import_section *section)
{
    int width = 0;

    for (size_t i = 0; i < section->count; i++) {
        int length = (int)strlen(section->keys[i].name);

        if (!section->keys[i].refused)
            width = length > width ? length : width;
    }
    return width;
}

/* What would be in a section that vipd refuses, to be completed by hand. */
static void put_refused(struct page *page, const struct import_section *section)
{
    struct arena *arena = page->out->arena;

    put(page, arena_print(arena, "#[%s %s]", section->type, section->name));
    for (size_t i = 0; i < section->count; i++)
        put(page, arena_print(arena, "#%-*s = %s", width_of(section), section->keys[i].name,
                              section->keys[i].value));
}

static void put_section(struct page *page, struct import_section *section)
{
    if (section->known || section->items.count > 0)
        put(page, "");
    section->line = section->known ? page->line : 0;
    if (section->known && section->refused) {
        put_refused(page, section);
    } else if (section->known) {
        put_header(page, section);
        for (size_t i = 0; i < section->count; i++) {
            if (!section->keys[i].refused)
                put_key(page, section, &section->keys[i], width_of(section));
        }
    }
    put_items(page, &section->items);
}

static void put_preface(struct page *page)
{
    char quoted[QUOTE_SIZE];

    config_quote(page->out->source, strlen(page->out->source), quoted, sizeof(quoted));
    put(page, arena_print(page->out->arena, "# Made by 'vipctl import' from %s.", quoted));
    put(page, "#");
    for (const struct summary_line *line = import_summary(page->out); line != NULL;
         line = line->next)
        put_wrapped(page, arena_print(page->out->arena, "# %*s", line->indent, ""), line->text);
}

char *import_render(struct import_output *out)
{
    struct page page = {.line = 1, .out = out};

    page.file = arena_must(open_memstream(&page.text, &page.size));
    put_preface(&page);
    for (struct import_section *s = out->first; s != NULL; s = s->next)
        put_section(&page, s);
    if (out->items.count > 0)
        put(&page, "");
    put_items(&page, &out->items);
    fclose(page.file);
    return arena_must(page.text);
}
