/* What was freed in small pieces goes back to the system, also when memory is locked. */
#include "agent/base/clock.h"
#include "agent/base/memory_trim.h"
#include "agent/base/turns.h"
#include "lib/limits.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

enum { PIECES = 60000, PIECE_SIZE = 400, KEPT_EACH = 1000, KIB_FREED = 10 * 1024 };

static long resident_kib(void)
{
    long size = 0;
    long resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &size, &resident), 2);
    assert_int_equal(fclose(file), 0);
    return resident * 4;
}

static void trim_gives_it_back(bool locked)
{
    static char *pieces[PIECES];
    const struct worker_options options = {.name = "test", .tasks_max = 4};
    struct memory_trim *trim;
    struct worker *worker;
    sd_event *event;

    assert_true(sd_event_new(&event) >= 0);
    assert_int_equal(worker_open(event, &options, &worker), 0);
    assert_int_equal(memory_trim_open(event, worker, 10 * NS_PER_MS, &trim), 0);
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = malloc(PIECE_SIZE);
        assert_non_null(pieces[i]);
        memset(pieces[i], 1, PIECE_SIZE);
    }
    /* What stays keeps the heap from shrinking by itself. */
    for (size_t i = 0; i < PIECES; i++)
        if (i % KEPT_EACH != 0)
            free(pieces[i]);
    long before = resident_kib();
    memory_trim_later(trim, locked);
    uint64_t until_ns = clock_boot_ns() + 10 * NS_PER_SEC;
    while (resident_kib() > before - KIB_FREED && clock_boot_ns() < until_ns)
        assert_true(turns_run(event, 5000) >= 0);
    assert_true(resident_kib() <= before - KIB_FREED);
    for (size_t i = 0; i < PIECES; i += KEPT_EACH)
        free(pieces[i]);
    memory_trim_close(trim);
    worker_close(worker);
    sd_event_unref(event);
}

static void memory_that_is_not_locked(void **state)
{
    (void)state;
    trim_gives_it_back(false);
}

static bool is_locked(void)
{
    char line[128];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "re");

    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "VmLck:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    assert_int_equal(fclose(file), 0);
    return kib > 0;
}

static void memory_that_is_locked_and_is_so_again(void **state)
{
    (void)state;
    if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
        skip();
    trim_gives_it_back(true);
    assert_true(is_locked());
    (void)munlockall();
}

static void what_is_large_goes_back_each_time(void **state)
{
    enum { LARGE = 4 * 1024 * 1024, TURNS = 3 };

    (void)state;
    memory_give_large_back();
    for (int i = 0; i < TURNS; i++) {
        size_t before = mallinfo2().hblks;
        char *large = malloc(LARGE);

        assert_non_null(large);
        memset(large, 1, LARGE);
        assert_int_equal(mallinfo2().hblks, before + 1);
        free(large);
        assert_int_equal(mallinfo2().hblks, before);
    }
}

/* As long as a list of a configuration is on its way to thousands: in the heap it would leave a
 * hole. Of many the end of the heap has room for few. */
static void what_a_list_grows_from_is_no_part_of_the_heap(void **state)
{
    enum { LENGTH = 64 * 1024, LISTS = 64, IN_HEAP_MAX = 8 };
    char *lists[LISTS];

    (void)state;
    memory_give_large_back();
    size_t before = mallinfo2().hblks;
    for (size_t i = 0; i < LISTS; i++) {
        lists[i] = malloc(LENGTH);
        assert_non_null(lists[i]);
    }
    assert_true(mallinfo2().hblks >= before + LISTS - IN_HEAP_MAX);
    for (size_t i = 0; i < LISTS; i++)
        free(lists[i]);
    assert_int_equal(mallinfo2().hblks, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_list_grows_from_is_no_part_of_the_heap),
        cmocka_unit_test(what_is_large_goes_back_each_time),
        cmocka_unit_test(memory_that_is_not_locked),
        cmocka_unit_test(memory_that_is_locked_and_is_so_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
