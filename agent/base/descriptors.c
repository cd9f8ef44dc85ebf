/* The limit of open files; see descriptors.h. */
#include "agent/base/descriptors.h"

#include "agent/base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

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

void descriptors_lower(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= ORDINARY)
        return;
    limit.rlim_cur = ORDINARY;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}
