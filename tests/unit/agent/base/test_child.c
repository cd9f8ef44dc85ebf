/* A program that says very much: its first lines are told, the rest is dropped as fast as it comes,
 * so that it gets its work done; and nothing of it is left when it is over. */
#include "agent/base/child.h"
#include "agent/base/clock.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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
    (void)sd_event_exit(seen->event, 0);
}

static void run(const char *command, struct seen *seen)
{
    char *const argv[] = {"/bin/sh", "-c", (char *)(uintptr_t)command, NULL};
    static char path[] = "PATH=/usr/bin:/bin";
    static char *environment[] = {path, NULL};
    const struct child_spec spec = {.program = {.argv = argv, .environment = environment},
                                    .timeout_ns = 60 * NS_PER_SEC,
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
    assert_true(sd_event_loop(seen->event) >= 0);
    child_free(child);
    sd_event_unref(seen->event);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_little_is_told_whole),
        cmocka_unit_test(a_flood_is_dropped_fast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
