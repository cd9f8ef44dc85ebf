/* The listening socket; see listen.h. */
#include "tools/exporter/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64, HOST_SIZE = 64, SOCKET_MODE = 0666 };

static const char *const UNIX_PREFIX = "unix:";

static int fail(const char *where, int fd, const char *why)
{
    fprintf(stderr, "vipd-exporter: cannot listen on '%s': %s\n", where, why);
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool is_unix(const char *where)
{
    return strncmp(where, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0;
}

/* A socket that nobody listens on is of one that died. */
static void remove_stale(const struct sockaddr_un *at)
{
    struct stat about;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 && errno == ECONNREFUSED &&
        lstat(at->sun_path, &about) == 0 && S_ISSOCK(about.st_mode))
        (void)unlink(at->sun_path);
    close(fd);
}

static int open_unix(const char *where)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const char *path = where + strlen(UNIX_PREFIX);

    if (path[0] != '/' || strlen(path) >= sizeof(at.sun_path))
        return fail(where, -1, "not a usable path");
    memcpy(at.sun_path, path, strlen(path) + 1);
    remove_stale(&at);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* As vipd's own socket: every local user may ask. */
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
        chmod(path, SOCKET_MODE) < 0 || listen(fd, BACKLOG) < 0)
        return fail(where, fd, strerror(errno));
    return fd;
}

/* Takes "HOST:PORT" apart. False: it is something else. */
static bool split(const char *where, char host[HOST_SIZE], const char **port)
{
    const char *colon = strrchr(where, ':');
    size_t length = colon != NULL ? (size_t)(colon - where) : 0;

    if (colon == NULL || colon[1] == '\0' || length >= HOST_SIZE)
        return false;
    memcpy(host, where, length);
    host[length] = '\0';
    *port = colon + 1;
    bool bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';
    if (bracketed) {
        memmove(host, host + 1, length - 2);
        host[length - 2] = '\0';
    }
    return bracketed || strchr(host, ':') == NULL;
}

/* An address that is not there yet (a network that comes up later) can be listened on all the same.
 */
static int open_address(const struct addrinfo *at)
{
    const int on = 1;
    const int off = 0;
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
    if (at->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
        int error = errno;

        close(fd);
        return -error;
    }
    return fd;
}

static int open_inet(const char *where)
{
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    char host[HOST_SIZE];
    const char *port;
    struct addrinfo *found = NULL;
    int fd = -1;

    if (!split(where, host, &port))
        return fail(where, -1, "expected ADDRESS:PORT, [ADDRESS]:PORT, :PORT or unix:/path");
    /* "::" takes both families; where there is no IPv6 at all, IPv4 alone. */
    const char *const hosts[] = {host[0] != '\0' ? host : "::", host[0] != '\0' ? host : "0.0.0.0"};
    for (size_t i = 0; i < 2 && fd < 0; i++) {
        if (getaddrinfo(hosts[i], port, &hints, &found) != 0)
            return fail(where, -1, "not a numeric address and port");
        fd = open_address(found);
        freeaddrinfo(found);
        if (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL)
            break;
    }
    return fd >= 0 ? fd : fail(where, -1, strerror(-fd));
}

int listen_open(const char *where)
{
    return is_unix(where) ? open_unix(where) : open_inet(where);
}

void listen_remove(const char *where)
{
    if (is_unix(where))
        (void)unlink(where + strlen(UNIX_PREFIX));
}
