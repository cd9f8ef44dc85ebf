/* When repairs are made and told; see repairs.h. Owner of a struct: the desired set. */
#include "agent/kernel/repairs.h"

#include "agent/base/log.h"
#include "lib/limits.h"

#define BACKOFF_MIN_NS (20 * NS_PER_MS)
#define BACKOFF_MAX_NS (4 * NS_PER_SEC)
/* Longer than the longest back-off: without a repair for that time it begins anew. */
#define QUIET_NS      (12 * NS_PER_SEC)
#define TELL_EVERY_NS (30 * NS_PER_SEC)

static const char *plural(size_t count)
{
    return count == 1 ? "" : "es";
}

bool repairs_may(struct repairs *repairs, uint64_t now_ns)
{
    if (repairs == NULL)
        return true;
    repairs->waiting = now_ns < repairs->next_ns;
    return !repairs->waiting;
}

static void tell_first(const char *owner, size_t gone, size_t unmarked)
{
    if (gone > 0)
        log_instance(LOG_WARNING, owner, "%zu address%s had gone: added again", gone, plural(gone));
    if (unmarked > 0)
        log_instance(LOG_WARNING, owner,
                     "somebody replaced %zu address%s: without vipd's mark and lease, and marked "
                     "again",
                     unmarked, plural(unmarked));
}

static void tell_rest(struct repairs *repairs, const char *owner, uint64_t now_ns)
{
    uint64_t seconds = (now_ns - repairs->told_ns + NS_PER_SEC - 1) / NS_PER_SEC;

    log_instance(LOG_WARNING, owner,
                 "somebody goes on changing the addresses: %zu times one was added again, %zu "
                 "times marked again, in %llu s",
                 repairs->gone, repairs->unmarked, (unsigned long long)seconds);
    repairs->told_ns = now_ns;
    repairs->gone = 0;
    repairs->unmarked = 0;
}

static uint64_t longer(uint64_t backoff_ns)
{
    if (backoff_ns == 0)
        return BACKOFF_MIN_NS;
    return backoff_ns < BACKOFF_MAX_NS / 2 ? backoff_ns * 2 : BACKOFF_MAX_NS;
}

void repairs_note(struct repairs *repairs, const char *owner, size_t gone, size_t unmarked,
                  uint64_t now_ns)
{
    if (repairs == NULL) {
        tell_first(owner, gone, unmarked);
        return;
    }
    bool quiet = repairs->last_ns == 0 || now_ns - repairs->last_ns > QUIET_NS;

    if (gone == 0 && unmarked == 0)
        return;
    repairs->backoff_ns = quiet ? BACKOFF_MIN_NS : longer(repairs->backoff_ns);
    repairs->last_ns = now_ns;
    repairs->next_ns = now_ns + repairs->backoff_ns;
    if (quiet) {
        /* What is still untold is of the last time. */
        if (repairs->gone + repairs->unmarked > 0)
            tell_rest(repairs, owner, now_ns);
        tell_first(owner, gone, unmarked);
        repairs->told_ns = now_ns;
        return;
    }
    repairs->gone += gone;
    repairs->unmarked += unmarked;
    repairs_tell(repairs, owner, now_ns);
}

void repairs_tell(struct repairs *repairs, const char *owner, uint64_t now_ns)
{
    if (repairs != NULL && repairs->gone + repairs->unmarked > 0 &&
        now_ns - repairs->told_ns >= TELL_EVERY_NS)
        tell_rest(repairs, owner, now_ns);
}

void repairs_begin(struct repairs *repairs)
{
    if (repairs == NULL)
        return;
    repairs->waiting = false;
    repairs->next_ns = 0;
}

void repairs_end(struct repairs *repairs, const char *owner, uint64_t now_ns)
{
    if (repairs == NULL)
        return;
    repairs->waiting = false;
    if (repairs->gone + repairs->unmarked > 0)
        tell_rest(repairs, owner, now_ns);
}

uint64_t repairs_due_ns(const struct repairs *repairs)
{
    if (repairs == NULL)
        return DEADLINE_NEVER;
    uint64_t tell_ns =
        repairs->gone + repairs->unmarked > 0 ? repairs->told_ns + TELL_EVERY_NS : DEADLINE_NEVER;
    uint64_t mend_ns = repairs->waiting ? repairs->next_ns : DEADLINE_NEVER;

    return tell_ns < mend_ns ? tell_ns : mend_ns;
}
