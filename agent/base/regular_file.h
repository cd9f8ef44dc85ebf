/*
 * Files that others may have put there: opened and read without waiting for anybody's other end,
 * and never without a bound. A FIFO, a device, a socket or a directory is refused, and nothing is
 * written to a file that has another name elsewhere. A disk can still take its time: not for the
 * loop, but at start and in a worker's thread.
 */
#ifndef AGENT_BASE_REGULAR_FILE_H
#define AGENT_BASE_REGULAR_FILE_H

#include <stddef.h>

enum { REGULAR_FILE_ERROR_SIZE = 96 };

/* Opens it with those flags (O_WRONLY | O_CREAT ..., with `mode` for a new one; not O_TRUNC). A
 * descriptor or a negative errno; -EMEDIUMTYPE: it is no regular file; -EMLINK: it is to be written
 * to, and is somebody else's file as well. */
int regular_file_open(const char *path, int flags, unsigned mode);

/* Makes one that was not there, to be written to, relative to that directory (or AT_FDCWD). What
 * has the name loses it: nothing that a link leads to is touched. A descriptor or a negative
 * errno. */
int regular_file_create(int directory, const char *path, unsigned mode);

/* All of it and a NUL behind (owned by the caller). 0 or a negative errno; -EFBIG: more than
 * `max` octets. */
int regular_file_read(const char *path, size_t max, char **text, size_t *length);

/* What a negative errno of these means. Returns buffer. */
const char *regular_file_error(int error, size_t max, char buffer[REGULAR_FILE_ERROR_SIZE]);

#endif
