/* The lock that the loop shares with threads of ordinary priority. */
#include "agent/base/clock.h"
#include "agent/base/lock.h"
#include "lib/limits.h"

#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

enum { FIFO = 5, LOOK_MS = 5, PRIORITY_FIELD = 18 };

/* Of a wait for what is to come at once. */
#define PATIENCE_NS (20 * NS_PER_SEC)

struct shared {
    pthread_mutex_t lock;
    atomic_int holder; /* its thread's id, when it has the lock */
    atomic_bool may_go;
    atomic_bool refused; /* this machine gives nobody real-time priority */
    atomic_bool had;
};

static void *hold(void *argument)
{
    struct shared *shared = argument;

    pthread_mutex_lock(&shared->lock);
    shared->holder = gettid();
    while (!shared->may_go)
        (void)poll(NULL, 0, LOOK_MS);
    pthread_mutex_unlock(&shared->lock);
    return NULL;
}

static void *want(void *argument)
{
    const struct sched_param param = {.sched_priority = FIFO};
    struct shared *shared = argument;

    if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &param) != 0) {
        shared->refused = true;
        return NULL;
    }
    pthread_mutex_lock(&shared->lock);
    shared->had = true;
    pthread_mutex_unlock(&shared->lock);
    return NULL;
}

/* As the kernel schedules it: below 0 with real-time priority, whoever it has that from. */
static int priority_of(int thread)
{
    char path[64];
    int priority = 0;

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    for (int field = 1; field < PRIORITY_FIELD; field++)
        assert_int_equal(fscanf(file, "%*s"), 0);
    assert_int_equal(fscanf(file, "%d", &priority), 1);
    fclose(file);
    return priority;
}

static void who_holds_it_runs_as_the_one_who_waits(void **state)
{
    struct shared shared = {.holder = 0};
    pthread_t holder;
    pthread_t waiter;
    int lent = 0;

    (void)state;
    lock_init(&shared.lock);
    uint64_t until_ns = clock_boot_ns() + PATIENCE_NS;
    assert_int_equal(pthread_create(&holder, NULL, hold, &shared), 0);
    while (shared.holder == 0 && clock_boot_ns() < until_ns)
        (void)poll(NULL, 0, LOOK_MS);
    assert_int_equal(pthread_create(&waiter, NULL, want, &shared), 0);
    while (!shared.refused && lent >= 0 && clock_boot_ns() < until_ns) {
        (void)poll(NULL, 0, LOOK_MS);
        lent = priority_of(shared.holder);
    }
    bool had_meanwhile = shared.had;
    shared.may_go = true;
    pthread_join(waiter, NULL);
    pthread_join(holder, NULL);
    pthread_mutex_destroy(&shared.lock);
    if (shared.refused)
        skip();
    assert_false(had_meanwhile);
    assert_true(shared.had);
    assert_int_equal(lent, -1 - FIFO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(who_holds_it_runs_as_the_one_who_waits)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
