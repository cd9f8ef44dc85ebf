/* State files: written by a worker one at a time, gone at the end, and never where somebody else's
 * link leads to. */
#include "agent/base/clock.h"
#include "agent/publish/state_file.h"
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

enum {
    PATH_SIZE = 128,
    ADDRESSES = 1000,
};

struct bench {
    char directory[64];
    char state[PATH_SIZE];
    char path[PATH_SIZE + 8];
    sd_event *event;
    struct worker *worker;
    struct state_files *files;
    struct config_box *box; /* of one instance */
    struct transition last;
    unsigned ready;
};

static void on_ready(void *userdata)
{
    struct bench *bench = userdata;

    bench->ready++;
}

static struct config_box *make_box(void)
{
    struct config *config = calloc(1, sizeof(*config));

    assert_non_null(config);
    config->instances = calloc(1, sizeof(*config->instances));
    assert_non_null(config->instances);
    config->instance_count = 1;
    struct config_instance *instance = config->instances;
    instance->name = "web";
    instance->claims = calloc(ADDRESSES, sizeof(*instance->claims));
    assert_non_null(instance->claims);
    instance->claim_count = ADDRESSES;
    for (unsigned i = 0; i < ADDRESSES; i++)
        instance->claims[i].prefix = (struct ip_prefix){
            .address = {.family = IP_FAMILY_IPV4,
                        .octets = {10, 0, (uint8_t)(i / 250), (uint8_t)(i % 250 + 1)}},
            .length = 24};
    struct config_box *box = config_box_new(config);
    assert_non_null(box);
    return box;
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    const struct worker_options worker = {.name = "test", .tasks_max = 8};

    if (bench == NULL)
        return -1;
    snprintf(bench->directory, sizeof(bench->directory), "/tmp/vipd-state-XXXXXX");
    if (mkdtemp(bench->directory) == NULL || sd_event_new(&bench->event) < 0 ||
        worker_open(bench->event, &worker, &bench->worker) < 0) {
        free(bench);
        return -1;
    }
    snprintf(bench->state, sizeof(bench->state), "%s/state", bench->directory);
    snprintf(bench->path, sizeof(bench->path), "%s/web", bench->state);
    bench->box = make_box();
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    (void)unlink(bench->path);
    (void)rmdir(bench->state);
    (void)unlink(bench->state);
    (void)rmdir(bench->directory);
    sd_event_unref(bench->event);
    config_box_unref(bench->box);
    free(bench);
    return 0;
}

static void begin(struct bench *bench)
{
    const struct state_files_options options = {.worker = bench->worker,
                                                .run_dir = bench->directory,
                                                .control_path = "",
                                                .on_ready = on_ready,
                                                .userdata = bench};

    bench->files = state_files_open(&options);
}

static void end(struct bench *bench)
{
    state_files_close(bench->files);
    worker_close(bench->worker);
}

static bool put(struct bench *bench, enum vrrp_state state)
{
    bench->last.to = state;
    const struct state_file file = {
        .box = bench->box,
        .config = bench->box->config->instances,
        .interface = "eth0",
        .last = &bench->last,
    };
    return state_files_write(bench->files, &file);
}

static bool has(const struct bench *bench, const char *text)
{
    static char found[64 * 1024];
    FILE *file = fopen(bench->path, "re");

    if (file == NULL)
        return false;
    size_t n = fread(found, 1, sizeof(found) - 1, file);
    fclose(file);
    found[n] = '\0';
    return strstr(found, text) != NULL;
}

static void one_at_a_time_and_gone_at_the_end(void **state)
{
    struct bench *bench = *state;
    struct gate gate;

    begin(bench);
    assert_non_null(bench->files);
    gate_shut(&gate, bench->worker);
    assert_true(put(bench, VRRP_BACKUP));
    assert_false(put(bench, VRRP_MASTER)); /* later, as it is then */
    assert_int_equal(bench->ready, 0);
    gate_open(&gate);
    assert_true(worker_wait(bench->worker, 10 * NS_PER_SEC));
    assert_int_equal(bench->ready, 1);
    assert_true(has(bench, "state=BACKUP\n"));
    assert_true(put(bench, VRRP_MASTER));
    assert_true(worker_wait(bench->worker, 10 * NS_PER_SEC));
    assert_true(has(bench, "state=MASTER\n"));
    end(bench);
    assert_int_equal(access(bench->state, F_OK), -1);
}

/* A reload: the configuration that has the addresses is not in force any more. */
static void addresses_of_a_configuration_that_goes(void **state)
{
    struct bench *bench = *state;
    struct gate gate;

    begin(bench);
    gate_shut(&gate, bench->worker);
    assert_true(put(bench, VRRP_MASTER));
    config_box_unref(bench->box);
    bench->box = make_box();
    gate_open(&gate);
    assert_true(worker_wait(bench->worker, 10 * NS_PER_SEC));
    assert_true(has(bench, "\naddresses='10.0.0.1/24 10.0.0.2/24 "));
    assert_true(has(bench, " 10.0.3.249/24 10.0.3.250/24'\n"));
    end(bench);
}

static void a_removal_comes_before_what_is_written_later(void **state)
{
    struct bench *bench = *state;
    struct gate gate;

    begin(bench);
    gate_shut(&gate, bench->worker);
    assert_true(put(bench, VRRP_BACKUP));
    state_files_remove(bench->files, "web");
    state_files_remove(bench->files, "other");
    assert_false(put(bench, VRRP_MASTER));
    gate_open(&gate);
    assert_true(worker_wait(bench->worker, 10 * NS_PER_SEC));
    assert_int_equal(access(bench->path, F_OK), -1);
    assert_int_equal(bench->ready, 1);
    assert_true(put(bench, VRRP_MASTER));
    assert_true(worker_wait(bench->worker, 10 * NS_PER_SEC));
    assert_true(has(bench, "state=MASTER\n"));
    end(bench);
}

static void somebodys_link_is_not_followed(void **state)
{
    struct bench *bench = *state;
    char target[PATH_SIZE];

    snprintf(target, sizeof(target), "%s/target", bench->directory);
    assert_int_equal(mkdir(target, 0755), 0);
    assert_int_equal(symlink("target", bench->state), 0);
    begin(bench);
    assert_null(bench->files);
    assert_true(put(bench, VRRP_MASTER)); /* does nothing */
    end(bench);
    assert_int_equal(rmdir(target), 0); /* it is empty */
}

static void somebodys_directory_is_not_used(void **state)
{
    struct bench *bench = *state;

    if (geteuid() != 0)
        skip();
    assert_int_equal(mkdir(bench->state, 0777), 0);
    assert_int_equal(chown(bench->state, 12345, 12345), 0);
    begin(bench);
    assert_null(bench->files);
    end(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_at_a_time_and_gone_at_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(addresses_of_a_configuration_that_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_removal_comes_before_what_is_written_later, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(somebodys_link_is_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(somebodys_directory_is_not_used, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
