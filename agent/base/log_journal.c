/* Fields into one datagram, and that to the journal; see log_journal.h. */
#include "agent/base/log_journal.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum {
    /* More than the journal's own queue holds (512 entries): a burst ends at that limit. */
    SEND_BUFFER_SIZE = 4 << 20,
};

static void append(struct log_journal_record *record, const void *octets, size_t count)
{
    memcpy(record->octets + record->used, octets, count);
    record->used += count;
}

void log_journal_add(struct log_journal_record *record, const char *name, const char *format, ...)
{
    char value[LOG_JOURNAL_VALUE_SIZE];
    size_t name_length = strlen(name);
    uint64_t length_le;
    va_list arguments;

    va_start(arguments, format);
    int n = vsnprintf(value, sizeof(value), format, arguments);
    va_end(arguments);
    if (n < 0)
        return;
    size_t length = (size_t)n < sizeof(value) ? (size_t)n : sizeof(value) - 1;
    if (name_length + length + sizeof(length_le) + 2 > sizeof(record->octets) - record->used)
        return;
    append(record, name, name_length);
    if (memchr(value, '\n', length) == NULL) {
        append(record, "=", 1);
    } else {
        /* The line's end does not end such a value: its length is told. */
        length_le = htole64(length);
        append(record, "\n", 1);
        append(record, &length_le, sizeof(length_le));
    }
    append(record, value, length);
    append(record, "\n", 1);
}

static int open_socket(void)
{
    const int size = SEND_BUFFER_SIZE;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    /* Where neither is allowed the default has to do: it takes a smaller burst. */
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    return fd;
}

int log_journal_send(struct log_journal *journal, const struct log_journal_record *record)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(journal->path);

    assert(length < sizeof(address.sun_path));
    memcpy(address.sun_path, journal->path, length);
    if (journal->fd < 0) {
        int fd = open_socket();
        if (fd < 0)
            return fd;
        journal->fd = fd;
    }
    /* Not connected: whoever has bound the path now gets it. */
    if (sendto(journal->fd, record->octets, record->used, MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    return 0;
}
