/* A program that says very much: its first lines are told, the rest is dropped as fast as it comes,
 * so that it gets its work done; and nothing of it is left when it is over. Of a probe the last
 * line counts. One that is left is collected by the loop, for which nobody waits. */
#include "agent/base/child.h"
#include "agent/base/clock.h"
#include "agent/base/source.h"
#include "agent/base/turns.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

struct seen {
    sd_event *event;
    unsigned lines;
    char last[CHILD_LINE_SIZE];
    struct child_result result;
};

static void on_line(void *userdata, const char *line)
{
    struct seen *seen = userdata;

    seen->lines++;
    memset(seen->last, 0, sizeof(seen->last));
    strncpy(seen->last, line, sizeof(seen->last) - 1);
}

static void on_end(void *userdata, const struct child_result *result)
{
    struct seen *seen = userdata;

    seen->result = *result;
    (void)source_exit(seen->event, 0);
}

static struct child *start(const char *command, bool probe, struct seen *seen)
{
    char *const argv[] = {"/bin/sh", "-c", (char *)(uintptr_t)command, NULL};
    static char path[] = "PATH=/usr/bin:/bin";
    static char *environment[] = {path, NULL};
    const struct child_spec spec = {
        .program = {.argv = argv, .environment = environment, .probe = probe},
        .timeout_ns = probe ? 0 : 60 * NS_PER_SEC,
        .on_line = on_line,
        .on_end = on_end,
        .userdata = seen};
    struct child *child = NULL;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    assert_true(sd_event_new(&seen->event) >= 0);
    assert_int_equal(child_start(seen->event, &spec, &child), 0);
    return child;
}

static void run_as(const char *command, bool probe, struct seen *seen)
{
    struct child *child = start(command, probe, seen);

    assert_true(sd_event_loop(seen->event) >= 0);
    child_free(child);
    sd_event_unref(seen->event);
}

static void run(const char *command, struct seen *seen)
{
    run_as(command, false, seen);
}

/* 100 MB: at the rate at which lines are read it would take minutes. */
static void a_flood_is_dropped_fast(void **state)
{
    static const char *const commands[] = {
        "head -c 100000000 /dev/zero | tr '\\0' x; exit 3",
        "head -c 100000000 /dev/zero | tr '\\0' '\\n'; exit 3",
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct seen seen = {0};

        run(commands[i], &seen);
        assert_int_equal(seen.result.outcome, CHILD_EXITED);
        assert_int_equal(seen.result.code, 3);
        assert_true(seen.result.ran_ns < 30 * NS_PER_SEC);
        assert_int_equal(seen.lines, i == 0 ? CHILD_LINES_MAX + 1 : 0);
        if (i == 0)
            assert_string_equal(seen.last, "(the rest of the output is dropped)");
    }
}

static void what_is_little_is_told_whole(void **state)
{
    struct seen seen = {0};

    (void)state;
    run("echo one; echo two", &seen);
    assert_int_equal(seen.lines, 2);
    assert_string_equal(seen.last, "two");
}

static void of_a_probe_the_last_line_counts(void **state)
{
    struct seen seen = {0};
    struct seen longer = {0};

    (void)state;
    run_as("seq 1000; printf '\\n\\nlast\\n\\n'; exit 4", true, &seen);
    assert_int_equal(seen.result.code, 4);
    assert_int_equal(seen.lines, 1001);
    assert_string_equal(seen.last, "last");
    run_as("printf '%0600d\\n' 7 | tr 0 x; head -c 100000000 /dev/zero; exit 5", true, &longer);
    assert_int_equal(longer.result.code, 5);
    assert_int_equal(longer.lines, 1);
    assert_int_equal(strlen(longer.last), CHILD_LINE_SIZE - 1);
    assert_int_equal(longer.last[CHILD_LINE_SIZE - 2], 'x');
}

static void one_that_is_killed_tells_its_end(void **state)
{
    struct seen seen = {0};
    struct child *child = start("sleep 1000", true, &seen);

    (void)state;
    assert_true(child_pid(child) > 0);
    child_kill(child);
    assert_true(sd_event_loop(seen.event) >= 0);
    assert_int_equal(seen.result.outcome, CHILD_SIGNALLED);
    assert_int_equal(seen.result.code, SIGKILL);
    child_free(child);
    sd_event_unref(seen.event);
}

static void on_gone(void *userdata)
{
    unsigned *gone = userdata;

    (*gone)++;
}

/* Whatever keeps it from dying keeps nobody. */
static void one_that_is_left_is_collected_by_the_loop(void **state)
{
    struct seen seen = {0};
    unsigned gone = 0;
    struct child *child = start("sleep 1000", false, &seen);
    pid_t pid = child_pid(child);

    (void)state;
    child_leave(child, on_gone, &gone);
    assert_int_equal(gone, 0);
    for (int i = 0; i < 100 && gone == 0; i++)
        assert_true(turns_run(seen.event, 1000000) >= 0);
    assert_int_equal(gone, 1);
    assert_int_equal(waitpid(pid, NULL, 0), -1);
    /* Nobody is told how it ended. */
    assert_int_equal(seen.result.ran_ns, 0);
    sd_event_unref(seen.event);
}

static void one_that_is_left_ends_with_the_loop(void **state)
{
    struct seen seen = {0};
    unsigned gone = 0;
    struct child *child = start("sleep 1000", false, &seen);
    pid_t pid = child_pid(child);

    (void)state;
    child_leave(child, on_gone, &gone);
    sd_event_unref(seen.event);
    assert_int_equal(gone, 1);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_little_is_told_whole),
        cmocka_unit_test(a_flood_is_dropped_fast),
        cmocka_unit_test(of_a_probe_the_last_line_counts),
        cmocka_unit_test(one_that_is_killed_tells_its_end),
        cmocka_unit_test(one_that_is_left_is_collected_by_the_loop),
        cmocka_unit_test(one_that_is_left_ends_with_the_loop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
