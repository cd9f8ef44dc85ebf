/* The lock of a network namespace; see namespace_lock.h. */
#include "agent/base/namespace_lock.h"

#include "agent/base/log.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    /* Nobody accepts: who only asks stays in the queue. */
    BACKLOG = 4096,
    /* Users of people begin after that. */
    SYSTEM_UID_MAX = 999,
};

static const char name[] = "\0vipd";

static socklen_t put_name(struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, name, sizeof(name) - 1);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(name) - 1);
}

static int open_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    return fd < 0 ? -errno : fd;
}

/* Who listens under the name, as the kernel has it. False: nobody does, or it cannot be known. */
static bool ask(struct ucred *who)
{
    struct sockaddr_un address;
    socklen_t length = put_name(&address);
    socklen_t size = sizeof(*who);
    int fd = open_socket();

    if (fd < 0)
        return false;
    bool known = connect(fd, (const struct sockaddr *)&address, length) == 0 &&
                 getsockopt(fd, SOL_SOCKET, SO_PEERCRED, who, &size) == 0;
    close(fd);
    return known;
}

/* vipd runs as root or as a system's user; whoever else has the name only wants to be in the way.
 */
static bool may_be_vipd(const struct ucred *who)
{
    return who->uid <= SYSTEM_UID_MAX || who->uid == geteuid();
}

bool namespace_lock_is_held(pid_t *holder)
{
    struct ucred who;

    if (!ask(&who) || !may_be_vipd(&who))
        return false;
    *holder = who.pid;
    return true;
}

int namespace_lock_take(int *fd, pid_t *holder)
{
    struct sockaddr_un address;
    socklen_t length = put_name(&address);
    int r = 0;

    *fd = open_socket();
    if (*fd < 0)
        r = *fd;
    else if (bind(*fd, (const struct sockaddr *)&address, length) < 0 || listen(*fd, BACKLOG) < 0)
        r = -errno;
    if (r == 0)
        return 0;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    if (r == -EADDRINUSE && namespace_lock_is_held(holder))
        return -EEXIST;
    log_msg(LOG_WARNING, "cannot make sure that no other vipd runs in this network namespace: %s",
            r == -EADDRINUSE ? "somebody who is not vipd has taken the socket @vipd"
                             : strerror(-r));
    return 0;
}
