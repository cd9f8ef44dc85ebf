/*
 * What kernels since 4.19 and the C and systemd libraries of Debian 11 may lack, with what does
 * instead: callers need not know on which they run. Found out by asking, never by version.
 */
#ifndef AGENT_BASE_OLDER_H
#define AGENT_BASE_OLDER_H

#include <sys/types.h>
#include <systemd/sd-event.h>

/* Weak: NULL where the library that we run with has none. For older.c only. */
const char *strerrordesc_np(int error) __attribute__((weak));
int sd_event_source_set_ratelimit(sd_event_source *source, uint64_t interval_usec, unsigned burst)
    __attribute__((weak));

/* pidfd_open(), since Linux 5.3. -ENOSYS before that, or another negative errno. */
int older_pidfd(pid_t pid);

/* Closes all descriptors from that one on. Safe between fork() and execve(). */
void older_close_from(unsigned first);

/* The kernel's words for an error, or NULL where the C library has none that are safe between
 * fork() and execve(). */
const char *older_error_text(int error);

/* sd_event_source_set_ratelimit(), since systemd 248: without it there is no limit. */
int older_set_ratelimit(sd_event_source *source, uint64_t interval_us, unsigned burst);

#endif
