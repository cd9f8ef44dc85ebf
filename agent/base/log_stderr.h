/* Lines to standard error, whoever reads it or does not. */
#ifndef AGENT_BASE_LOG_STDERR_H
#define AGENT_BASE_LOG_STDERR_H

#include <stddef.h>

/* Writes all of it at once (length: at most PIPE_BUF), or not. Never waits for a reader; a file is
 * written as any other, so its disk is waited for. 0, or a negative errno: -EAGAIN when there is no
 * room now. */
int log_stderr_write(const char *text, size_t length);

#endif
