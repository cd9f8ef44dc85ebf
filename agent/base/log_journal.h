/*
 * Entries for the journal, in its native protocol (systemd: docs/JOURNAL_NATIVE_PROTOCOL): one
 * datagram of fields an entry. sd_journal_sendv() would be the library's way, but it waits while
 * the journal does not read. A thread around it would need a queue, lose the last lines of a crash
 * and stamp late; the protocol is fixed for ever and small.
 */
#ifndef AGENT_BASE_LOG_JOURNAL_H
#define AGENT_BASE_LOG_JOURNAL_H

#include <stddef.h>

#define LOG_JOURNAL_SOCKET "/run/systemd/journal/socket"

enum {
    LOG_JOURNAL_RECORD_SIZE = 4096,
    LOG_JOURNAL_VALUE_SIZE = 2048,
};

/* All zero is an empty one. */
struct log_journal_record {
    char octets[LOG_JOURNAL_RECORD_SIZE];
    size_t used;
};

/* Where to send to. fd: -1, then ours for good. */
struct log_journal {
    const char *path;
    int fd;
};

/* Adds NAME=value. A value that is too long is cut; a field for which there is no room is left
 * out. */
void log_journal_add(struct log_journal_record *record, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Never waits. 0, or a negative errno: -EAGAIN when the journal has no room now, others (-ENOENT,
 * -ECONNREFUSED) when it is not there; it may come later, every call looks for it anew. */
int log_journal_send(struct log_journal *journal, const struct log_journal_record *record);

#endif
