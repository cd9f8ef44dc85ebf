/* Sentences on a terminal: broken between words, so that they can be read at 80 columns. */
#ifndef TOOLS_COMMON_WRAP_H
#define TOOLS_COMMON_WRAP_H

#include <stddef.h>
#include <stdio.h>

enum { WRAP_COLUMNS = 80 };

/* Columns of the terminal that stdout is: what COLUMNS says, else what the terminal says, else 0:
 * it is none, and lines are left whole for whoever searches them. */
size_t wrap_columns(void);

/* Prints the words of a text, the first of which begins in column `at`. Lines that follow are
 * indented by `indent`. No new line at the end. columns 0: on one line. Returns the column behind
 * the last word. */
size_t wrap_print(FILE *out, const char *text, size_t at, size_t indent, size_t columns);

#endif
