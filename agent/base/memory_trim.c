/* See memory_trim.h. */
#include "agent/base/memory_trim.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "lib/limits.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    TIMER_ACCURACY_US = 100 * 1000,
    /* Of so many octets a piece is memory of its own: a list that doubles leaves all its former
     * lengths behind, and what is laid there is resident as a whole, used or not. */
    LARGE_OCTETS = 32 * 1024,
    /* So many may be left unused at an end: what people ask for comes and goes. */
    IDLE_OCTETS = 1024 * 1024,
};

struct errand {
    struct worker_task task;
    bool locked;
    int error; /* an errno: it could not be locked again */
};

struct memory_trim {
    struct worker *worker;
    uint64_t delay_ns;
    bool locked;
    sd_event_source *timer;
};

/* By itself the allocator keeps pieces as large as one that it has seen go, and the lists of a
 * configuration with thousands of instances then leave as much again behind at the first reloads.
 */
void memory_give_large_back(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_OCTETS);
    (void)mallopt(M_TRIM_THRESHOLD, IDLE_OCTETS);
}

static void run(struct worker_task *task)
{
    struct errand *errand = (struct errand *)task;

    if (errand->locked)
        (void)munlockall();
    (void)malloc_trim(0);
    if (errand->locked && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
        errand->error = errno;
}

static void left(struct worker_task *task)
{
    free(task);
}

static void done(struct worker_task *task)
{
    const struct errand *errand = (struct errand *)task;

    if (errand->error != 0)
        log_msg(LOG_WARNING, "memory cannot be locked again: %s", strerror(errand->error));
    free(task);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    const struct memory_trim *trim = userdata;
    struct errand *errand = calloc(1, sizeof(*errand));

    (void)source;
    (void)usec;
    if (errand == NULL)
        return 0;
    *errand =
        (struct errand){.task = {.run = run, .done = done, .left = left}, .locked = trim->locked};
    if (!worker_submit(trim->worker, &errand->task))
        free(errand);
    return 0;
}

int memory_trim_open(sd_event *event, struct worker *worker, uint64_t delay_ns,
                     struct memory_trim **out)
{
    struct memory_trim *trim = calloc(1, sizeof(*trim));
    int r = -ENOMEM;

    *out = NULL;
    if (trim == NULL)
        return r;
    trim->worker = worker;
    trim->delay_ns = delay_ns;
    r = source_add_time(event, &trim->timer, CLOCK_BOOTTIME, UINT64_MAX, TIMER_ACCURACY_US,
                        on_timer, trim);
    if (r >= 0)
        r = sd_event_source_set_priority(trim->timer, AGENT_PRIORITY_CONTROL);
    if (r >= 0)
        r = source_set_enabled(trim->timer, SD_EVENT_OFF);
    if (r < 0) {
        memory_trim_close(trim);
        return r;
    }
    *out = trim;
    return 0;
}

void memory_trim_close(struct memory_trim *trim)
{
    if (trim == NULL)
        return;
    sd_event_source_disable_unref(trim->timer);
    free(trim);
}

void memory_trim_later(struct memory_trim *trim, bool locked)
{
    trim->locked = locked;
    (void)source_set_time(trim->timer, (clock_boot_ns() + trim->delay_ns) / NS_PER_US);
    (void)source_set_enabled(trim->timer, SD_EVENT_ONESHOT);
}
