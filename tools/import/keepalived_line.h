/* Lines of a keepalived configuration as they are in the file: continued ones put together. */
#ifndef TOOLS_IMPORT_KEEPALIVED_LINE_H
#define TOOLS_IMPORT_KEEPALIVED_LINE_H

#include <stdbool.h>

/* The next line at *at, which is not at its end, without its comment and with those that continue
 * it (a backslash at the end): behind a '\n' each when it is a definition, else behind a space.
 * Counts *line; *first becomes the number of the first of them. To be freed by the caller. */
char *keepalived_next_line(const char **at, unsigned *line, unsigned *first);

/* True when there is what is neither text nor white space: somebody gave the wrong file. */
bool keepalived_has_control(const char *text);

#endif
