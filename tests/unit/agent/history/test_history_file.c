/* The history on disk: it comes back, it is bounded, damage costs a line, a full disk costs entries
 * and nothing else. */
#include "agent/base/clock.h"
#include "agent/base/turns.h"
#include "agent/history/history_file.h"
#include "tests/unit/agent/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { BIG = 1024 * 1024, PATH_SIZE = 128 };

struct bench {
    char directory[64];
    char path[PATH_SIZE];
    char old_path[PATH_SIZE];
    sd_event *event;
    struct worker *worker;
    struct history *history;
    struct history_file *file;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    if (bench == NULL)
        return -1;
    snprintf(bench->directory, sizeof(bench->directory), "/tmp/vipd-history-XXXXXX");
    if (mkdtemp(bench->directory) == NULL || sd_event_new(&bench->event) < 0) {
        free(bench);
        return -1;
    }
    snprintf(bench->path, PATH_SIZE, "%s/" HISTORY_FILE_NAME, bench->directory);
    snprintf(bench->old_path, PATH_SIZE, "%s/" HISTORY_FILE_NAME ".1", bench->directory);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    (void)unlink(bench->path);
    (void)unlink(bench->old_path);
    (void)rmdir(bench->directory);
    sd_event_unref(bench->event);
    free(bench);
    return 0;
}

static void begin(struct bench *bench, size_t max_size)
{
    const struct worker_options options = {.name = "test", .tasks_max = 8};

    assert_int_equal(history_open(&bench->history), 0);
    assert_int_equal(worker_open(bench->event, &options, &bench->worker), 0);
    assert_int_equal(history_file_open(bench->event, bench->worker, bench->directory, max_size,
                                       bench->history, &bench->file),
                     0);
}

static void end(struct bench *bench)
{
    history_file_close(bench->file);
    worker_close(bench->worker);
    history_close(bench->history);
}

/* The loop, until it and the worker have nothing left to do. */
static void turn(const struct bench *bench)
{
    for (unsigned i = 0; i < 10000 && turns_run(bench->event, 0) > 0; i++)
        ;
    assert_true(worker_wait(bench->worker, 10 * NS_PER_SEC));
}

static void add(const struct bench *bench, uint64_t second)
{
    struct history_entry entry = {
        .at_ns = second * NS_PER_SEC, .instance = "web", .transition = {.to = VRRP_MASTER}};

    history_add(bench->history, &entry);
    history_file_changed(bench->file);
}

static uint64_t count(const struct bench *bench)
{
    return history_end(bench->history) - history_oldest(bench->history);
}

static size_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (size_t)st.st_size : 0;
}

static void append(const char *path, const char *octets, size_t size)
{
    FILE *file = fopen(path, "ae");

    assert_non_null(file);
    assert_int_equal(fwrite(octets, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void it_comes_back_and_counts_on(void **state)
{
    struct bench *bench = *state;

    begin(bench, BIG);
    assert_int_equal(count(bench), 0);
    add(bench, 1);
    add(bench, 2);
    turn(bench);
    assert_true(size_of(bench->path) > 0);
    add(bench, 3); /* written at the end */
    end(bench);

    begin(bench, BIG);
    assert_int_equal(count(bench), 3);
    assert_int_equal(history_last(bench->history, "web")->at_ns, 3 * NS_PER_SEC);
    assert_int_equal(history_last(bench->history, "web")->sequence, 3);
    add(bench, 4);
    end(bench);

    begin(bench, BIG);
    assert_int_equal(count(bench), 4);
    uint64_t position = history_oldest(bench->history);
    for (uint64_t i = 1; i <= 4; i++) {
        const struct history_entry *entry = history_next(bench->history, &position, NULL);
        assert_int_equal(entry->at_ns, i * NS_PER_SEC);
        assert_int_equal(entry->sequence, i);
    }
    end(bench);
}

static void it_is_bounded(void **state)
{
    enum { MAX = 2000, ENTRIES = 200 };
    struct bench *bench = *state;

    begin(bench, MAX);
    for (uint64_t i = 1; i <= ENTRIES; i++)
        add(bench, i);
    end(bench);
    assert_in_range(size_of(bench->path), 1, MAX + 500);
    assert_in_range(size_of(bench->old_path), MAX, MAX + 500);

    begin(bench, MAX);
    assert_in_range(count(bench), 10, ENTRIES / 2);
    assert_int_equal(history_last(bench->history, NULL)->at_ns, ENTRIES * NS_PER_SEC);
    assert_int_equal(history_last(bench->history, NULL)->sequence, ENTRIES);
    /* Both files, in their order. */
    uint64_t position = history_oldest(bench->history);
    uint64_t before = history_next(bench->history, &position, NULL)->sequence;
    for (const struct history_entry *entry;
         (entry = history_next(bench->history, &position, NULL)) != NULL; before++)
        assert_int_equal(entry->sequence, before + 1);
    end(bench);
}

static void more_entries_than_there_is_room_for(void **state)
{
    struct bench *bench = *state;

    begin(bench, (size_t)64 * BIG);
    for (uint64_t i = 1; i <= HISTORY_ENTRIES_MAX + 3; i++) {
        add(bench, i);
        turn(bench);
    }
    end(bench);
    begin(bench, (size_t)64 * BIG);
    assert_int_equal(count(bench), HISTORY_ENTRIES_MAX);
    assert_int_equal(history_last(bench->history, NULL)->sequence, HISTORY_ENTRIES_MAX + 3);
    end(bench);
}

static void damage_costs_a_line(void **state)
{
    static const char zeros[300];
    struct bench *bench = *state;

    begin(bench, BIG);
    add(bench, 1);
    end(bench);
    append(bench->path, "{\"at\": nonsense\n\n", 17);
    append(bench->path, zeros, sizeof(zeros));
    append(bench->path, "\n", 1);
    begin(bench, BIG);
    assert_int_equal(count(bench), 1);
    add(bench, 2);
    end(bench);
    append(bench->path, "{\"at\":\"2026-11-2", 16); /* the power went */

    begin(bench, BIG);
    assert_int_equal(count(bench), 2);
    add(bench, 3);
    end(bench);
    begin(bench, BIG);
    assert_int_equal(count(bench), 3);
    assert_int_equal(history_last(bench->history, NULL)->at_ns, 3 * NS_PER_SEC);
    end(bench);
}

/* The file may not grow beyond its size now: the kernel takes what fits of a line, then nothing. */
static void a_full_disk_costs_entries_only(void **state)
{
    struct bench *bench = *state;
    struct rlimit before;
    struct rlimit full;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    begin(bench, BIG);
    add(bench, 1);
    turn(bench);
    size_t size = size_of(bench->path);
    full = (struct rlimit){.rlim_cur = size + 20, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    add(bench, 2);
    add(bench, 3);
    turn(bench);
    size_t size_when_full = size_of(bench->path);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(size_when_full, size); /* no torn line is left */
    assert_int_equal(count(bench), 3);      /* in memory they are */
    add(bench, 4);
    end(bench);

    begin(bench, BIG);
    assert_int_equal(count(bench), 2);
    assert_int_equal(history_last(bench->history, NULL)->sequence, 4);
    end(bench);
}

static void a_directory_that_is_not_there_or_comes_later(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(rmdir(bench->directory), 0);
    begin(bench, BIG);
    add(bench, 1);
    turn(bench);
    assert_int_equal(count(bench), 1);
    assert_int_equal(mkdir(bench->directory, 0700), 0);
    add(bench, 2);
    end(bench);
    begin(bench, BIG);
    assert_int_equal(count(bench), 1);
    assert_int_equal(history_last(bench->history, NULL)->sequence, 2);
    end(bench);
}

/* Whoever wrote it: what is shown of it later must not steer the terminal. */
static void escapes_are_made_harmless(void **state)
{
    static const char line[] = "{\"sequence\":7,\"at\":\"2026-11-21T14:03:22.118Z\","
                               "\"event\":\"reloaded\",\"text\":\"a\\u001b[2Jb\\u009bc\"}\n";
    struct bench *bench = *state;

    append(bench->path, line, sizeof(line) - 1);
    begin(bench, BIG);
    assert_int_equal(count(bench), 1);
    assert_string_equal(history_last(bench->history, NULL)->text, "a?[2Jb??c");
    end(bench);
}

/* As many as a worker's batch holds, and more, while the disk does not answer: they wait, none is
 * lost, and the loop has not waited. */
static void a_disk_that_hangs_holds_up_nothing(void **state)
{
    enum { ENTRIES = 100 };
    struct bench *bench = *state;
    struct gate gate;

    begin(bench, BIG);
    gate_shut(&gate, bench->worker);
    for (uint64_t i = 1; i <= ENTRIES; i++) {
        add(bench, i);
        for (unsigned turns = 0; turns < 10 && turns_run(bench->event, 0) > 0; turns++)
            ;
    }
    assert_int_equal(size_of(bench->path), 0);
    assert_int_equal(worker_pending(bench->worker), 2); /* the gate, and one write for all */
    gate_open(&gate);
    turn(bench);
    end(bench);
    begin(bench, BIG);
    assert_int_equal(count(bench), ENTRIES);
    assert_int_equal(history_last(bench->history, NULL)->sequence, ENTRIES);
    end(bench);
}

/* The end of the agent is not held up either; the thread is left behind with what it has. */
static void a_disk_that_hangs_at_the_end(void **state)
{
    struct bench *bench = *state;
    static struct gate gate; /* the thread's, which outlives the test */

    begin(bench, BIG);
    gate_shut(&gate, bench->worker);
    add(bench, 1);
    for (unsigned turns = 0; turns < 10 && turns_run(bench->event, 0) > 0; turns++)
        ;
    add(bench, 2);
    uint64_t before_ns = clock_boot_ns();
    end(bench);
    assert_in_range(clock_boot_ns() - before_ns, 0, 4 * NS_PER_SEC);
    gate_open(&gate);
}

/* Nobody's other end is waited for, and nothing is read without a bound. */
static void what_is_no_regular_file_is_passed_over(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(mkfifo(bench->path, 0600), 0);
    assert_int_equal(symlink("/dev/zero", bench->old_path), 0);
    begin(bench, BIG);
    assert_int_equal(count(bench), 0);
    add(bench, 1);
    turn(bench);
    end(bench);
    struct stat st;
    assert_int_equal(lstat(bench->path, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_comes_back_and_counts_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_entries_than_there_is_room_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_costs_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_costs_entries_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_directory_that_is_not_there_or_comes_later, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(escapes_are_made_harmless, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_hangs_holds_up_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_hangs_at_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_regular_file_is_passed_over, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
