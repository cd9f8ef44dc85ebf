/* Regular files alone, of bounded size; see regular_file.h. */
#include "agent/base/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a file has that is read while it is written to. */
enum { GROWTH = 4096 };

int regular_file_open(const char *path, int flags, unsigned mode)
{
    struct stat st;
    /* O_NONBLOCK: a FIFO would be waited for before it can be told that it is one. */
    int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);
    int r;

    if (fd < 0)
        return errno == EISDIR || errno == ENXIO ? -EMEDIUMTYPE : -errno;
    r = fstat(fd, &st) < 0 ? -errno : 0;
    if (r == 0 && !S_ISREG(st.st_mode))
        r = -EMEDIUMTYPE;
    else if (r == 0 && (flags & O_ACCMODE) != O_RDONLY && st.st_nlink > 1)
        r = -EMLINK;
    if (r < 0) {
        close(fd);
        return r;
    }
    return fd;
}

int regular_file_create(int directory, const char *path, unsigned mode)
{
    if (unlinkat(directory, path, 0) < 0 && errno != ENOENT)
        return -errno;
    int fd = openat(directory, path,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, mode);
    return fd < 0 ? -errno : fd;
}

/* Until the end or one octet more than `max`. The octets, or a negative errno. */
static ssize_t read_until(int fd, char *text, size_t max)
{
    size_t used = 0;

    while (used <= max) {
        ssize_t n = read(fd, text + used, max + 1 - used);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        used += (size_t)n;
    }
    return (ssize_t)used;
}

static int read_all(int fd, size_t max, char **text, size_t *length)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if ((size_t)st.st_size > max)
        return -EFBIG;
    /* What is in /proc and the like says nothing of its size. */
    size_t room = st.st_size == 0 ? max : (size_t)st.st_size + GROWTH;
    room = room < max ? room : max;
    *text = malloc(room + 1);
    if (*text == NULL)
        return -ENOMEM;
    ssize_t n = read_until(fd, *text, room);
    if (n > (ssize_t)room)
        n = -EFBIG;
    if (n < 0) {
        free(*text);
        *text = NULL;
        return (int)n;
    }
    (*text)[n] = '\0';
    *length = (size_t)n;
    return 0;
}

int regular_file_read(const char *path, size_t max, char **text, size_t *length)
{
    int fd = regular_file_open(path, O_RDONLY, 0);

    *text = NULL;
    *length = 0;
    if (fd < 0)
        return fd;
    int r = read_all(fd, max, text, length);
    close(fd);
    return r;
}

const char *regular_file_error(int error, size_t max, char buffer[REGULAR_FILE_ERROR_SIZE])
{
    if (error == -EMEDIUMTYPE)
        snprintf(buffer, REGULAR_FILE_ERROR_SIZE, "it is no regular file");
    else if (error == -EMLINK)
        snprintf(buffer, REGULAR_FILE_ERROR_SIZE, "it has another name elsewhere (a hard link)");
    else if (error == -EFBIG)
        snprintf(buffer, REGULAR_FILE_ERROR_SIZE, "it has more than %zu octets", max);
    else
        snprintf(buffer, REGULAR_FILE_ERROR_SIZE, "%s", strerror(-error));
    return buffer;
}
