/* Reading a file with a bound on its size. */
#include "tools/common/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM_AT_FIRST = 16 * 1024 };

/* Reads until the end or until `max` is exceeded. NULL with errno set. */
static char *read_all(int fd, size_t max, size_t *out_length)
{
    size_t room = ROOM_AT_FIRST;
    size_t length = 0;
    char *text = malloc(room);

    while (text != NULL) {
        ssize_t got = read(fd, text + length, room - length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || length + (size_t)got > max) {
            int reason = got < 0 ? errno : EFBIG;
            free(text);
            errno = reason;
            return NULL;
        }
        if (got == 0)
            break;
        length += (size_t)got;
        if (length == room) {
            char *grown = realloc(text, room * 2);
            if (grown == NULL)
                free(text);
            text = grown;
            room *= 2;
        }
    }
    *out_length = length;
    return text;
}

/* Closes fd; one that is -1 is an error. */
static char *read_text(int fd, size_t max, char *error, size_t error_size)
{
    size_t length = 0;

    if (fd < 0) {
        snprintf(error, error_size, "%s", strerror(errno));
        return NULL;
    }
    char *text = read_all(fd, max, &length);
    if (text == NULL)
        snprintf(error, error_size, "%s", strerror(errno));
    close(fd);
    if (text == NULL)
        return NULL;
    text[length] = '\0'; /* there is room: a full buffer was grown */
    if (strlen(text) != length) {
        snprintf(error, error_size, "not a text file, it has a NUL octet");
        free(text);
        return NULL;
    }
    return text;
}

char *read_file(const char *path, size_t max, char *error, size_t error_size)
{
    return read_text(open(path, O_RDONLY | O_CLOEXEC), max, error, error_size);
}

char *read_regular_file(const char *path, size_t max, char *error, size_t error_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
        snprintf(error, error_size, "it is no regular file");
        close(fd);
        return NULL;
    }
    return read_text(fd, max, error, error_size);
}
