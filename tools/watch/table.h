/* The instances as a table that fits the terminal. */
#ifndef TOOLS_WATCH_TABLE_H
#define TOOLS_WATCH_TABLE_H

#include "tools/watch/model.h"

struct watch_table {
    struct watch_row *rows; /* those that the filter lets through */
    size_t count;
    size_t total;
    size_t widths[WATCH_COLUMNS]; /* 0: the column is left out */
};

/* Makes it of a status; `columns` is the width of the terminal. False: out of memory. */
bool watch_table_fill(struct watch_table *table, const json_t *status, const char *filter,
                      size_t columns);
void watch_table_free(struct watch_table *table);

#endif
