/* Checks of files: told of a change at once, and a file system that hangs fails its own check by
 * its timeout while the loop and the other checks go on. */
#include "agent/base/clock.h"
#include "agent/base/turns.h"
#include "agent/checks/checks.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_SIZE = 96 };

#define HANGING_PATH "/hanging/file"

struct bench {
    char directory[64];
    char path[PATH_SIZE];
    sd_event *event;
    struct checks *checks;
    struct config_check list[2];
    struct config config;
};

/* The thread that stands in the kernel for a server that is gone. */
static atomic_bool hangs;

/* Instead of the C library's. */
int stat(const char *restrict path, struct stat *restrict st)
{
    if (strcmp(path, HANGING_PATH) != 0)
        return fstatat(AT_FDCWD, path, st, 0);
    while (hangs)
        usleep(5000);
    memset(st, 0, sizeof(*st));
    return 0;
}

static void on_change(void *userdata, const char *name)
{
    (void)userdata;
    (void)name;
}

static struct config_check file_check(const char *name, const char *path)
{
    struct config_check check = {.type = CHECK_FILE,
                                 .interval_ns = 200 * NS_PER_MS,
                                 .timeout_ns = 10 * NS_PER_SEC,
                                 .rise = 1,
                                 .fall = 1,
                                 .content = CONTENT_PRESENT};

    snprintf(check.name, sizeof(check.name), "%s", name);
    snprintf(check.path, sizeof(check.path), "%s", path);
    return check;
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    if (bench == NULL)
        return -1;
    snprintf(bench->directory, sizeof(bench->directory), "/tmp/vipd-check-XXXXXX");
    if (mkdtemp(bench->directory) == NULL || sd_event_new(&bench->event) < 0 ||
        checks_open(bench->event, NULL, on_change, bench, &bench->checks) < 0) {
        free(bench);
        return -1;
    }
    snprintf(bench->path, sizeof(bench->path), "%s/file", bench->directory);
    bench->list[0] = file_check("here", bench->path);
    bench->list[1] = file_check("there", HANGING_PATH);
    /* Of the other one that would be the machine's doing, when it stands still. */
    bench->list[1].timeout_ns = 100 * NS_PER_MS;
    bench->config.checks = bench->list;
    bench->config.check_count = 2;
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    hangs = false;
    checks_close(bench->checks);
    (void)unlink(bench->path);
    (void)rmdir(bench->directory);
    sd_event_unref(bench->event);
    free(bench);
    return 0;
}

static void touch(const struct bench *bench)
{
    FILE *file = fopen(bench->path, "we");

    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

/* Turns the loop until the check says so; no turn may take long. */
static void wait_for(const struct bench *bench, const char *name, enum check_verdict verdict,
                     const char *text)
{
    uint64_t until_ns = clock_boot_ns() + 30 * NS_PER_SEC;
    struct check_view view = {.text = "never looked"};

    while (clock_boot_ns() < until_ns) {
        uint64_t before_ns = clock_boot_ns();

        assert_true(turns_run(bench->event, 20000) >= 0);
        assert_true(clock_boot_ns() - before_ns < 5 * NS_PER_SEC);
        assert_true(checks_look(bench->checks, name, &view));
        if (view.state->verdict == verdict && strstr(view.text, text) != NULL)
            return;
    }
    fail_msg("%s: %s", name, view.text);
}

static void a_file_that_comes_and_goes_is_seen_at_once(void **state)
{
    struct bench *bench = *state;

    bench->list[0].interval_ns = 3600 * NS_PER_SEC;
    assert_int_equal(checks_apply(bench->checks, &bench->config, NULL, true, NULL), 0);
    wait_for(bench, "here", CHECK_FAILING, "is not there");
    touch(bench);
    wait_for(bench, "here", CHECK_PASSING, "is there");
    assert_int_equal(unlink(bench->path), 0);
    wait_for(bench, "here", CHECK_FAILING, "is not there");
}

static void put(const struct bench *bench, const char *text)
{
    FILE *file = fopen(bench->path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void of_zero_any_other_number_is_a_failure(void **state)
{
    struct bench *bench = *state;

    bench->list[0].content = CONTENT_ZERO;
    bench->list[0].interval_ns = 3600 * NS_PER_SEC;
    assert_int_equal(checks_apply(bench->checks, &bench->config, NULL, true, NULL), 0);
    wait_for(bench, "here", CHECK_PASSING, "is not there");
    put(bench, "-7\n");
    wait_for(bench, "here", CHECK_FAILING, "says -7");
    put(bench, "0\n");
    wait_for(bench, "here", CHECK_PASSING, "says 0");
    put(bench, "down\n");
    wait_for(bench, "here", CHECK_FAILING, "no number");
}

static void one_that_hangs_fails_alone_and_comes_back(void **state)
{
    struct bench *bench = *state;

    hangs = true;
    touch(bench);
    assert_int_equal(checks_apply(bench->checks, &bench->config, NULL, true, NULL), 0);
    wait_for(bench, "there", CHECK_FAILING, "no answer within 100 ms");
    wait_for(bench, "there", CHECK_FAILING, "does not answer");
    wait_for(bench, "here", CHECK_PASSING, "is there");
    hangs = false;
    wait_for(bench, "there", CHECK_PASSING, "is there");
}

/* A reload that removes it, and the end of the agent, wait for nothing. */
static void one_that_hangs_is_left_behind(void **state)
{
    struct bench *bench = *state;

    hangs = true;
    assert_int_equal(checks_apply(bench->checks, &bench->config, NULL, true, NULL), 0);
    wait_for(bench, "there", CHECK_FAILING, "no answer");
    uint64_t before_ns = clock_boot_ns();
    bench->config.check_count = 1;
    assert_int_equal(checks_apply(bench->checks, &bench->config, NULL, false, NULL), 0);
    assert_true(clock_boot_ns() - before_ns < 5 * NS_PER_SEC);
    hangs = false;
    usleep(50000);
}

enum { MANY = 1000 };

struct crowd {
    struct config_check *list;
    struct config config;
    struct checks *checks;
    unsigned served;
};

/* Whoever is served may look at any of them. */
static void on_serve(void *userdata)
{
    struct crowd *crowd = userdata;
    struct check_view view;

    crowd->served++;
    for (size_t i = 0; i < MANY; i += MANY / 10)
        if (checks_look(crowd->checks, crowd->list[i].name, &view))
            assert_string_equal(view.config->name, crowd->list[i].name);
}

/* None is run: the loop does not turn. */
static void of_many_that_come_and_go_the_urgent_is_served(void **state)
{
    struct crowd crowd = {.list = calloc(MANY, sizeof(struct config_check))};
    sd_event *event = NULL;

    (void)state;
    assert_non_null(crowd.list);
    for (unsigned i = 0; i < MANY; i++) {
        crowd.list[i] = file_check("", "");
        crowd.list[i].type = CHECK_TCP;
        snprintf(crowd.list[i].name, sizeof(crowd.list[i].name), "check%u", i);
    }
    assert_true(sd_event_new(&event) >= 0);
    assert_true(checks_open(event, NULL, on_change, &crowd, &crowd.checks) >= 0);
    crowd.config = (struct config){.checks = crowd.list, .check_count = MANY};
    assert_int_equal(checks_apply(crowd.checks, &crowd.config, NULL, false, on_serve), 0);
    assert_true(crowd.served > 1);
    crowd.served = 0;
    crowd.config.check_count = 1;
    assert_int_equal(checks_apply(crowd.checks, &crowd.config, NULL, false, on_serve), 0);
    assert_true(crowd.served > 0);
    checks_close(crowd.checks);
    sd_event_unref(event);
    free(crowd.list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_that_comes_and_goes_is_seen_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(of_zero_any_other_number_is_a_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_hangs_fails_alone_and_comes_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_that_hangs_is_left_behind, set_up, tear_down),
        cmocka_unit_test(of_many_that_come_and_go_the_urgent_is_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
