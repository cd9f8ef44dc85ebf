/* Aligned columns for people; colours only where the caller says so. */
#ifndef TOOLS_COMMON_TABLE_H
#define TOOLS_COMMON_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum table_colour { TABLE_PLAIN = 0, TABLE_GREEN, TABLE_YELLOW, TABLE_RED, TABLE_DIM, TABLE_BOLD };

struct table;

/* headers: `columns` static texts. NULL: out of memory. */
struct table *table_new(size_t columns, const char *const *headers);
void table_free(struct table *table);

/* The next cell, in reading order. The text is copied; NULL is "-". */
void table_cell(struct table *table, enum table_colour colour, const char *text);

/* Leaves columns out, in the order of that list (at most the first 32 can be), until a row has room
 * in so many columns of the terminal. */
void table_fit(struct table *table, size_t width, const size_t *dispensable, size_t count);

/* Prints header and rows, two spaces between columns, nothing after the last. */
void table_print(struct table *table, FILE *out, bool colour);

/* Columns of a terminal that UTF-8 text takes (one for each character). */
size_t table_width(const char *text);

/* Starts and ends a colour; nothing when colour is false. */
const char *table_colour_start(enum table_colour colour, bool enabled);
const char *table_colour_end(enum table_colour colour, bool enabled);

#endif
