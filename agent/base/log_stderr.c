/*
 * Lines to standard error, without waiting; see log_stderr.h. Others share its open file
 * description, so O_NONBLOCK may not be set on it: a pipe or terminal is opened once more for each
 * line, which gives a description of our own.
 */
#include "agent/base/log_stderr.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* As write(). */
static ssize_t write_through_own(int fd, const char *text, size_t length)
{
    ssize_t n = write(fd, text, length);
    int error = errno;

    close(fd);
    errno = error;
    return n;
}

/* As write(), for a pipe or terminal. */
static ssize_t write_unless_full(const char *text, size_t length)
{
    struct pollfd standard_error = {.fd = STDERR_FILENO, .events = POLLOUT};
    int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0)
        return write_through_own(fd, text, length);
    /* Somebody else's, or there is no /proc. A pipe that is ready has room for PIPE_BUF. */
    if (poll(&standard_error, 1, 0) != 1 || (standard_error.revents & POLLOUT) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(STDERR_FILENO, text, length);
}

int log_stderr_write(const char *text, size_t length)
{
    struct stat st;
    ssize_t n;

    assert(length <= PIPE_BUF);
    if (fstat(STDERR_FILENO, &st) < 0)
        return -errno;
    if (S_ISSOCK(st.st_mode))
        n = send(STDERR_FILENO, text, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    else if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))
        n = write_unless_full(text, length);
    else
        n = write(STDERR_FILENO, text, length);
    if (n < 0)
        return -errno;
    return (size_t)n == length ? 0 : -EAGAIN;
}
