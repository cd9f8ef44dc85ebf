/* Aligned columns; see table.h. */
#include "tools/common/table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct cell {
    char *text;
    enum table_colour colour;
};

struct table {
    size_t columns;
    struct cell *cells; /* row by row, the header first */
    size_t count;
    size_t room;
    uint32_t hidden; /* a bit for each column that is left out */
    size_t widths[]; /* one for each column */
};

static const char *const starts[] = {
    [TABLE_PLAIN] = "",         [TABLE_GREEN] = "\033[32m", [TABLE_YELLOW] = "\033[33m",
    [TABLE_RED] = "\033[1;31m", [TABLE_DIM] = "\033[2m",    [TABLE_BOLD] = "\033[1m",
};

const char *table_colour_start(enum table_colour colour, bool enabled)
{
    return enabled ? starts[colour] : "";
}

const char *table_colour_end(enum table_colour colour, bool enabled)
{
    return enabled && colour != TABLE_PLAIN ? "\033[0m" : "";
}

struct table *table_new(size_t columns, const char *const *headers)
{
    struct table *table = calloc(1, sizeof(*table) + columns * sizeof(table->widths[0]));

    if (table == NULL)
        return NULL;
    table->columns = columns;
    for (size_t i = 0; i < columns; i++)
        table_cell(table, TABLE_BOLD, headers[i]);
    return table;
}

void table_free(struct table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i].text);
    free(table->cells);
    free(table);
}

void table_cell(struct table *table, enum table_colour colour, const char *text)
{
    if (table->count == table->room) {
        size_t room = table->room * 2 + 64;
        struct cell *cells = realloc(table->cells, room * sizeof(*cells));
        if (cells == NULL)
            abort();
        table->cells = cells;
        table->room = room;
    }
    char *copy = strdup(text != NULL && text[0] != '\0' ? text : "-");
    if (copy == NULL)
        abort();
    table->cells[table->count++] = (struct cell){.text = copy, .colour = colour};
}

size_t table_width(const char *text)
{
    size_t width = 0;

    /* Continuation octets of UTF-8 take no column of their own. */
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* The widest cell of each column, header included. */
static void measure(struct table *table)
{
    memset(table->widths, 0, table->columns * sizeof(*table->widths));
    for (size_t i = 0; i < table->count; i++) {
        size_t *widest = &table->widths[i % table->columns];
        size_t width = table_width(table->cells[i].text);

        *widest = width > *widest ? width : *widest;
    }
}

static bool is_hidden(const struct table *table, size_t column)
{
    return column < 32 && (table->hidden >> column & 1) != 0;
}

static size_t width_of(const struct table *table)
{
    size_t width = 0;

    for (size_t i = 0; i < table->columns; i++)
        if (!is_hidden(table, i))
            width += table->widths[i] + (width > 0 ? 2 : 0);
    return width;
}

void table_fit(struct table *table, size_t width, const size_t *dispensable, size_t count)
{
    measure(table);
    for (size_t i = 0; i < count && width_of(table) > width; i++)
        table->hidden |= dispensable[i] < 32 ? UINT32_C(1) << dispensable[i] : 0;
}

void table_print(struct table *table, FILE *out, bool colour)
{
    measure(table);
    for (size_t i = 0; i < table->count; i++) {
        const struct cell *cell = &table->cells[i];
        size_t column = i % table->columns;
        bool last = column == table->columns - 1;

        if (is_hidden(table, column))
            continue;
        fprintf(out, "%s%s%s", table_colour_start(cell->colour, colour), cell->text,
                table_colour_end(cell->colour, colour));
        if (last)
            fputc('\n', out);
        else
            fprintf(out, "%*s", (int)(table->widths[column] - table_width(cell->text) + 2), "");
    }
}
