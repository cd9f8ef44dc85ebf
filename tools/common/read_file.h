/* A whole text file into memory. */
#ifndef TOOLS_COMMON_READ_FILE_H
#define TOOLS_COMMON_READ_FILE_H

#include <stddef.h>

/* Reads at most `max` octets of path ("-" is nothing special; pipes are fine) as NUL-terminated
 * text, to be freed by the caller. NULL: unreadable, larger than max or not text, with the reason
 * (without the path) in error. */
char *read_file(const char *path, size_t max, char *error, size_t error_size);

/* The same of a regular file alone: a FIFO or a device, which could keep us waiting, is refused. */
char *read_regular_file(const char *path, size_t max, char *error, size_t error_size);

#endif
