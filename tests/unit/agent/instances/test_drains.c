/* The list of what is drained on disk: many changes are one write, a disk that hangs or is full
 * holds up nothing and is told of, and what others put in its place is not waited for. */
#include "agent/base/clock.h"
#include "agent/base/turns.h"
#include "agent/instances/drains.h"
#include "tests/unit/agent/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

enum { PATH_SIZE = 128, TEXT_SIZE = 4096 };

static const struct asker someone = {.known = true, .uid = 1000};

struct bench {
    char directory[64];
    char path[PATH_SIZE];
    sd_event *event;
    struct worker *worker;
    struct config_instance instances[2];
    struct config config;
    struct drains *drains;
    enum drains_saved told;
    unsigned times; /* how often it was told */
};

static void on_expired(void *userdata, const char *name)
{
    (void)userdata;
    (void)name;
}

static void on_saved(void *userdata, enum drains_saved saved)
{
    struct bench *bench = userdata;

    bench->told = saved;
    bench->times++;
}

static void begin(struct bench *bench)
{
    const struct worker_options worker = {.name = "test", .tasks_max = 8};
    assert_int_equal(worker_open(bench->event, &worker, &bench->worker), 0);
    const struct drains_options options = {.event = bench->event,
                                           .worker = bench->worker,
                                           .state_dir = bench->directory,
                                           .expired = on_expired,
                                           .saved = on_saved,
                                           .userdata = bench};
    assert_int_equal(drains_open(&options, &bench->config, &bench->drains), 0);
}

static void end(struct bench *bench)
{
    drains_close(bench->drains);
    worker_close(bench->worker);
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    if (bench == NULL)
        return -1;
    snprintf(bench->directory, sizeof(bench->directory), "/tmp/vipd-drains-XXXXXX");
    if (mkdtemp(bench->directory) == NULL || sd_event_new(&bench->event) < 0) {
        free(bench);
        return -1;
    }
    snprintf(bench->path, PATH_SIZE, "%s/drained.json", bench->directory);
    bench->instances[0].name = "web";
    bench->instances[1].name = "db";
    bench->config.instances = bench->instances;
    bench->config.instance_count = 2;
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    char new_path[PATH_SIZE + 8];

    snprintf(new_path, sizeof(new_path), "%s.new", bench->path);
    (void)unlink(new_path);
    (void)rmdir(new_path);
    (void)unlink(bench->path);
    (void)rmdir(bench->directory);
    sd_event_unref(bench->event);
    free(bench);
    return 0;
}

static void turn_for(const struct bench *bench, uint64_t ns)
{
    uint64_t until_ns = clock_boot_ns() + ns;

    while (clock_boot_ns() < until_ns)
        assert_true(turns_run(bench->event, 5000) >= 0);
}

static void wait_told(const struct bench *bench)
{
    uint64_t until_ns = clock_boot_ns() + 10 * NS_PER_SEC;

    while (bench->times == 0 && clock_boot_ns() < until_ns)
        assert_true(turns_run(bench->event, 50000) >= 0);
    assert_int_not_equal(bench->times, 0);
}

static void it_is_saved_and_told_and_comes_back(void **state)
{
    struct bench *bench = *state;

    begin(bench);
    assert_true(drains_add(bench->drains, "web", DEADLINE_NEVER, &someone));
    assert_true(drains_add(bench->drains, "db", DEADLINE_NEVER, &someone));
    drains_remove(bench->drains, "db");
    wait_told(bench);
    assert_int_equal(bench->told, DRAINS_SAVED);
    assert_int_equal(bench->times, 1); /* three changes are one write */
    assert_true(drains_add(bench->drains, "db", DEADLINE_NEVER, &someone)); /* saved at the end */
    end(bench);
    begin(bench);
    assert_non_null(drains_find(bench->drains, "web"));
    assert_non_null(drains_find(bench->drains, "db"));
    assert_true(drains_find(bench->drains, "web")->asker.known);
    assert_int_equal(drains_find(bench->drains, "web")->asker.uid, someone.uid);
    assert_true(drains_find(bench->drains, "web")->since_wall_ns > 0);
    end(bench);
}

static void a_disk_that_hangs_is_told_of(void **state)
{
    struct bench *bench = *state;
    struct gate gate;

    begin(bench);
    gate_shut(&gate, bench->worker);
    assert_true(drains_add(bench->drains, "web", DEADLINE_NEVER, &someone));
    wait_told(bench);
    assert_int_equal(bench->told, DRAINS_SAVING);
    /* However many changes come meanwhile, one write goes to the disk and one waits. */
    for (unsigned i = 0; i < 5; i++) {
        assert_true(drains_add(bench->drains, "db", DEADLINE_NEVER, &someone));
        turn_for(bench, 30 * NS_PER_MS);
        drains_remove(bench->drains, "db");
        turn_for(bench, 30 * NS_PER_MS);
    }
    assert_int_equal(worker_pending(bench->worker), 2);
    bench->times = 0;
    gate_open(&gate);
    wait_told(bench);
    assert_int_equal(bench->told, DRAINS_SAVED);
    end(bench);
    begin(bench);
    assert_non_null(drains_find(bench->drains, "web"));
    assert_null(drains_find(bench->drains, "db"));
    end(bench);
}

/* What is in the way of the new file stands for a full disk. */
static void what_cannot_be_saved_is_told(void **state)
{
    struct bench *bench = *state;
    char new_path[PATH_SIZE + 8];

    snprintf(new_path, sizeof(new_path), "%s.new", bench->path);
    assert_int_equal(mkdir(new_path, 0700), 0);
    begin(bench);
    assert_true(drains_add(bench->drains, "web", DEADLINE_NEVER, &someone));
    wait_told(bench);
    assert_int_equal(bench->told, DRAINS_NOT_SAVED);
    assert_non_null(drains_find(bench->drains, "web"));
    /* The next change does not wait long for the next attempt. */
    assert_int_equal(rmdir(new_path), 0);
    bench->times = 0;
    assert_true(drains_add(bench->drains, "db", DEADLINE_NEVER, &someone));
    wait_told(bench);
    assert_int_equal(bench->told, DRAINS_SAVED);
    end(bench);
}

static void a_file_that_is_none_counts_as_empty(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(mkfifo(bench->path, 0600), 0);
    begin(bench);
    assert_null(drains_find(bench->drains, "web"));
    end(bench);
    assert_int_equal(unlink(bench->path), 0);
    assert_int_equal(symlink("/dev/zero", bench->path), 0);
    begin(bench);
    assert_null(drains_find(bench->drains, "web"));
    end(bench);
}

static void a_name_with_an_escape_is_no_name(void **state)
{
    static const char text[] = "{\"version\": 1, \"drained\": [{\"instance\": \"\\u001b[2J\", "
                               "\"since_ms\": 1}, {\"instance\": \"web\", \"since_ms\": 1}]}";
    struct bench *bench = *state;
    FILE *file = fopen(bench->path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, sizeof(text) - 1, file), sizeof(text) - 1);
    assert_int_equal(fclose(file), 0);
    begin(bench);
    assert_non_null(drains_find(bench->drains, "web"));
    assert_null(drains_find(bench->drains, "\x1b[2J"));
    end(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_saved_and_told_and_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_hangs_is_told_of, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_saved_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_none_counts_as_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_with_an_escape_is_no_name, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
