/* The inner loop embedded in the outer one by its descriptor, and the account of its CPU time; see
 * budget.h. */
#include "agent/control/budget.h"

#include "agent/base/clock.h"
#include "agent/base/source.h"
#include "agent/base/turns.h"
#include "lib/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

enum {
    PERCENT = 100,
    ACCURACY_US = 1000,
};

/* A rest is long enough to be worth it: the timer costs something too. */
#define REST_MIN_NS (10 * NS_PER_MS)

struct budget {
    struct budget_rule rule;
    sd_event *inner;
    sd_event_source *ready;  /* the inner loop has something to do, or will have */
    sd_event_source *again;  /* it has more to do right now */
    sd_event_source *rested; /* there is time for it again */
    uint64_t left_ns;        /* 0: used up */
    uint64_t filled_at_ns;   /* in the future while something is owed */
    uint64_t stretch_ns;     /* used since it rested */
    bool spent;
    uint64_t rests;
};

static uint64_t cpu_ns(void)
{
    struct timespec ts = {0};

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void fill(struct budget *budget)
{
    uint64_t now_ns = clock_boot_ns();

    if (now_ns <= budget->filled_at_ns)
        return;
    uint64_t gained_ns = (now_ns - budget->filled_at_ns) / PERCENT * budget->rule.percent;

    budget->filled_at_ns = now_ns;
    budget->left_ns = gained_ns > budget->rule.burst_ns - budget->left_ns
                          ? budget->rule.burst_ns
                          : budget->left_ns + gained_ns;
}

/* What comes while it rests waits in its sockets. Of sources that exist none of these can fail. */
static void rest_until(struct budget *budget, uint64_t at_ns)
{
    budget->spent = true;
    (void)source_set_enabled(budget->ready, SD_EVENT_OFF);
    (void)source_set_enabled(budget->again, SD_EVENT_OFF);
    (void)source_set_time(budget->rested, at_ns / NS_PER_US);
    (void)source_set_enabled(budget->rested, SD_EVENT_ONESHOT);
}

static void rest(struct budget *budget, uint64_t owed_ns)
{
    if (owed_ns > BUDGET_OWED_MAX_NS)
        owed_ns = BUDGET_OWED_MAX_NS;
    budget->rests++;
    budget->filled_at_ns = clock_boot_ns() + owed_ns * PERCENT / budget->rule.percent;
    rest_until(budget, budget->filled_at_ns + REST_MIN_NS);
}

/* One event of the inner loop at most, and what it waits for next. */
static int take_turn(struct budget *budget)
{
    int r = turns_step(budget->inner);

    if (r > 0)
        r = source_set_enabled(budget->again, SD_EVENT_ONESHOT);
    return r < 0 ? r : 0;
}

static int serve(struct budget *budget)
{
    uint64_t before_ns = cpu_ns();
    int r;

    if (budget->spent)
        return 0;
    fill(budget);
    r = take_turn(budget);
    uint64_t used_ns = cpu_ns() - before_ns;
    uint64_t owed_ns = used_ns > budget->left_ns ? used_ns - budget->left_ns : 0;

    budget->left_ns = owed_ns > 0 ? 0 : budget->left_ns - used_ns;
    budget->stretch_ns += used_ns;
    if (r >= 0 && budget->left_ns == 0)
        rest(budget, owed_ns);
    else if (r >= 0 && budget->rule.stretch_ns > 0 && budget->stretch_ns >= budget->rule.stretch_ns)
        rest_until(budget, clock_boot_ns() + budget->stretch_ns);
    return r;
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)source;
    (void)fd;
    (void)revents;
    return serve(userdata);
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    return serve(userdata);
}

static int on_rested(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct budget *budget = userdata;

    (void)source;
    (void)usec;
    budget->spent = false;
    budget->stretch_ns = 0;
    (void)source_set_enabled(budget->ready, SD_EVENT_ON);
    return serve(budget);
}

void budget_wake(struct budget *budget)
{
    if (budget->spent)
        return;
    (void)source_set_time(budget->again, 0);
    (void)source_set_enabled(budget->again, SD_EVENT_ONESHOT);
}

static int add_sources(struct budget *budget, sd_event *outer, int64_t priority)
{
    int r = sd_event_add_io(outer, &budget->ready, sd_event_get_fd(budget->inner), EPOLLIN,
                            on_ready, budget);

    /* An elapsed timer, not a deferred source: those go before all others of their priority. */
    if (r >= 0)
        r = source_add_time(outer, &budget->again, CLOCK_MONOTONIC, 0, 1, on_again, budget);
    if (r >= 0)
        r = source_add_time(outer, &budget->rested, CLOCK_BOOTTIME, UINT64_MAX, ACCURACY_US,
                            on_rested, budget);
    if (r >= 0)
        r = source_set_enabled(budget->rested, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_source_set_priority(budget->ready, priority);
    if (r >= 0)
        r = sd_event_source_set_priority(budget->again, priority);
    if (r >= 0)
        r = sd_event_source_set_priority(budget->rested, priority);
    return r < 0 ? r : 0;
}

int budget_open(sd_event *outer, int64_t priority, const struct budget_rule *rule,
                struct budget **out)
{
    struct budget *budget = calloc(1, sizeof(*budget));

    *out = NULL;
    if (budget == NULL)
        return -ENOMEM;
    *budget =
        (struct budget){.rule = *rule, .left_ns = rule->burst_ns, .filled_at_ns = clock_boot_ns()};
    int r = sd_event_new(&budget->inner);
    if (r >= 0)
        r = add_sources(budget, outer, priority);
    if (r < 0) {
        budget_close(budget);
        return r;
    }
    *out = budget;
    return 0;
}

void budget_close(struct budget *budget)
{
    if (budget == NULL)
        return;
    sd_event_source_disable_unref(budget->ready);
    sd_event_source_disable_unref(budget->again);
    sd_event_source_disable_unref(budget->rested);
    sd_event_unref(budget->inner);
    free(budget);
}

sd_event *budget_event(const struct budget *budget)
{
    return budget->inner;
}

bool budget_spent(const struct budget *budget)
{
    return budget->spent;
}

uint64_t budget_rests(const struct budget *budget)
{
    return budget->rests;
}
