/* Back-off of repairs; see mending.h. Owner of a struct: who repairs. */
#include "agent/kernel/mending.h"

#include "lib/limits.h"

#define BACKOFF_MIN_NS (20 * NS_PER_MS)
#define BACKOFF_MAX_NS (4 * NS_PER_SEC)
/* Longer than the longest back-off. */
#define QUIET_NS      (12 * NS_PER_SEC)
#define TELL_EVERY_NS (30 * NS_PER_SEC)

uint64_t mending_next(struct mending *mending, uint64_t now_ns)
{
    bool quiet = mending->last_ns == 0 || now_ns - mending->last_ns > QUIET_NS;

    if (quiet)
        mending->backoff_ns = 0;
    else if (mending->backoff_ns == 0)
        mending->backoff_ns = BACKOFF_MIN_NS;
    else if (mending->backoff_ns < BACKOFF_MAX_NS)
        mending->backoff_ns *= 2;
    mending->last_ns = now_ns;
    return now_ns + mending->backoff_ns;
}

bool mending_tell(struct mending *mending, uint64_t now_ns)
{
    bool tell = mending->told_ns == 0 || now_ns - mending->told_ns >= TELL_EVERY_NS;

    if (tell)
        mending->told_ns = now_ns;
    return tell;
}
