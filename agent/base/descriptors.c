/* The limit of open files; see descriptors.h. */
#include "agent/base/descriptors.h"

#include "agent/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ORDINARY = 1024 };

void descriptors_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        log_msg(LOG_NOTICE, "the limit of open files cannot be raised: %s", strerror(errno));
}

void descriptors_make_room(void)
{
    struct rlimit limit;
    int most = DESCRIPTORS_ROOM;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t)most)
        most = (int)limit.rlim_cur;
    int any = eventfd(0, EFD_CLOEXEC);
    int highest = any < 0 ? -1 : fcntl(any, F_DUPFD_CLOEXEC, most - 1);

    if (highest < 0)
        log_msg(LOG_NOTICE, "no room can be made for open files: %s", strerror(errno));
    else
        close(highest);
    if (any >= 0)
        close(any);
}

/* The system gives the lowest that is free. */
bool descriptors_scarce(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return false;
    int fd = eventfd(0, EFD_CLOEXEC);
    if (fd < 0)
        return true;
    close(fd);
    return limit.rlim_cur < (rlim_t)fd + DESCRIPTORS_KEPT;
}

void descriptors_lower(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= ORDINARY)
        return;
    limit.rlim_cur = ORDINARY;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}
