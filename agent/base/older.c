/* Newer calls and their substitutes; see older.h. */
#include "agent/base/older.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    /* The same on every architecture; older headers have no names. */
    CALL_PIDFD_OPEN = 434,
    CALL_CLOSE_RANGE = 436,
    ENTRIES_BYTES = 4096,
    ENTRIES_READS_MAX = 65536,
};

int older_pidfd(pid_t pid)
{
    int fd = (int)syscall(CALL_PIDFD_OPEN, pid, 0);

    return fd < 0 ? -errno : fd;
}

/* As getdents64() gives it. */
struct entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

static bool is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* What is listed in one go. The directory itself stays open. */
static void close_listed(const char *octets, long size, unsigned first, int directory)
{
    for (long at = 0; at < size;) {
        const struct entry *entry = (const struct entry *)(const void *)(octets + at);
        int fd = is_number(entry->name) ? atoi(entry->name) : -1;

        if (fd >= (int)first && fd != directory)
            close(fd);
        at += entry->length;
    }
}

void older_close_from(unsigned first)
{
    _Alignas(8) char octets[ENTRIES_BYTES];

    if (syscall(CALL_CLOSE_RANGE, first, ~0U, 0) == 0)
        return;
    int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return;
    for (int i = 0; i < ENTRIES_READS_MAX; i++) {
        long size = syscall(SYS_getdents64, directory, octets, sizeof(octets));

        if (size <= 0)
            break;
        close_listed(octets, size, first, directory);
    }
    close(directory);
}

const char *older_error_text(int error)
{
    return strerrordesc_np != NULL ? strerrordesc_np(error) : NULL;
}

int older_set_ratelimit(sd_event_source *source, uint64_t interval_us, unsigned burst)
{
    return sd_event_source_set_ratelimit != NULL
               ? sd_event_source_set_ratelimit(source, interval_us, burst)
               : 0;
}
