/* Which columns fit, and how wide they are: see table.h. */
#include "tools/watch/table.h"

#include <stdlib.h>
#include <string.h>

enum { GAP = 2, WIDTH_MAX = 40 };

/* Left out in this order where the terminal is narrow. Name, state and master stay. */
static const enum watch_column dispensable[] = {
    WATCH_ADDRESSES, WATCH_VRID, WATCH_INTERFACE, WATCH_SINCE, WATCH_PRIORITY, WATCH_ADVERT,
};

static size_t widest(const struct watch_table *table, enum watch_column column)
{
    size_t width = strlen(watch_header(column));

    for (size_t i = 0; i < table->count; i++) {
        size_t cell = table_width(table->rows[i].cells[column]);

        width = cell > width ? cell : width;
    }
    return width < WIDTH_MAX ? width : WIDTH_MAX;
}

static size_t sum(const struct watch_table *table)
{
    size_t width = 0;

    for (size_t i = 0; i < WATCH_COLUMNS; i++) {
        if (table->widths[i] > 0)
            width += table->widths[i] + GAP;
    }
    return width - GAP;
}

bool watch_table_fill(struct watch_table *table, const json_t *status, const char *filter,
                      size_t columns)
{
    const json_t *instances = json_object_get(status, "instances");
    const json_t *instance = NULL;
    time_t now = time(NULL);
    size_t i = 0;

    *table = (struct watch_table){.total = json_array_size(instances)};
    table->rows = calloc(table->total + 1, sizeof(*table->rows));
    if (table->rows == NULL)
        return false;
    json_array_foreach (instances, i, instance) {
        struct watch_row *row = &table->rows[table->count];

        watch_row(instance, now, row);
        table->count += watch_row_matches(row, filter) ? 1 : 0;
    }
    for (i = 0; i < WATCH_COLUMNS; i++)
        table->widths[i] = widest(table, (enum watch_column)i);
    for (i = 0; i < sizeof(dispensable) / sizeof(dispensable[0]) && sum(table) > columns; i++)
        table->widths[dispensable[i]] = 0;
    return true;
}

void watch_table_free(struct watch_table *table)
{
    free(table->rows);
    *table = (struct watch_table){0};
}
