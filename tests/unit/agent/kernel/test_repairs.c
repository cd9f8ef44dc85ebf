/* How often repairs are made and told: pure time, and what is written to stderr is counted. */
#include "agent/kernel/repairs.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#define START_NS (100 * NS_PER_SEC)

/* What repairs log goes into a file. */
struct capture {
    FILE *file;
    int kept;
};

static int capture_begin(void **state)
{
    static struct capture capture;

    capture.file = tmpfile();
    assert_non_null(capture.file);
    capture.kept = dup(STDERR_FILENO);
    assert_true(dup2(fileno(capture.file), STDERR_FILENO) >= 0);
    *state = &capture;
    return 0;
}

static int capture_end(void **state)
{
    struct capture *capture = *state;

    assert_true(dup2(capture->kept, STDERR_FILENO) >= 0);
    close(capture->kept);
    fclose(capture->file);
    return 0;
}

static unsigned lines(const struct capture *capture, const char *text)
{
    char line[512];
    unsigned count = 0;

    rewind(capture->file);
    while (fgets(line, sizeof(line), capture->file) != NULL)
        count += strstr(line, text) != NULL ? 1 : 0;
    return count;
}

/* Something takes the address away the moment it is there again. Returns the repairs made. */
static unsigned fight(struct repairs *repairs, uint64_t *now_ns, uint64_t span_ns)
{
    unsigned made = 0;

    for (uint64_t end_ns = *now_ns + span_ns; *now_ns < end_ns; *now_ns += NS_PER_MS) {
        if (repairs_may(repairs, *now_ns)) {
            repairs_note(repairs, "web", 1, 0, *now_ns);
            made++;
        } else {
            repairs_tell(repairs, "web", *now_ns);
            assert_in_range(repairs_due_ns(repairs), *now_ns, *now_ns + 30 * NS_PER_SEC);
        }
    }
    return made;
}

static void the_first_is_at_once_and_the_rest_grow_rare(void **state)
{
    struct repairs repairs = {0};
    uint64_t now_ns = START_NS;

    assert_true(repairs_may(&repairs, now_ns));
    assert_in_range(fight(&repairs, &now_ns, NS_PER_SEC), 4, 8);
    /* Then every four seconds at most. */
    (void)fight(&repairs, &now_ns, 10 * NS_PER_SEC);
    assert_in_range(fight(&repairs, &now_ns, 40 * NS_PER_SEC), 9, 11);
    /* One line for the first, then one each half minute. */
    assert_int_equal(lines(*state, "1 address had gone: added again"), 1);
    assert_int_equal(lines(*state, "goes on changing"), 1);
    assert_int_equal(lines(*state, ""), 2);
}

static void quiet_begins_anew(void **state)
{
    struct repairs repairs = {0};
    uint64_t now_ns = START_NS;

    (void)fight(&repairs, &now_ns, 10 * NS_PER_SEC);
    now_ns += 20 * NS_PER_SEC;
    assert_true(repairs_may(&repairs, now_ns));
    repairs_note(&repairs, "web", 1, 0, now_ns);
    assert_false(repairs_may(&repairs, now_ns + 10 * NS_PER_MS));
    assert_true(repairs_may(&repairs, now_ns + 20 * NS_PER_MS));
    assert_int_equal(lines(*state, "1 address had gone: added again"), 2);
    assert_int_equal(lines(*state, "goes on changing"), 1);
}

static void what_was_counted_is_told_without_another_one(void **state)
{
    struct repairs repairs = {0};

    repairs_note(&repairs, "web", 0, 1, START_NS);
    assert_int_equal(lines(*state, "somebody replaced 1 address:"), 1);
    assert_true(repairs_due_ns(&repairs) == DEADLINE_NEVER);
    repairs_note(&repairs, "web", 2, 1, START_NS + NS_PER_SEC);
    uint64_t due_ns = repairs_due_ns(&repairs);
    assert_in_range(due_ns, START_NS + NS_PER_SEC, START_NS + 60 * NS_PER_SEC);
    repairs_tell(&repairs, "web", due_ns);
    assert_int_equal(lines(*state, "2 times one was added again, 1 times marked again"), 1);
    assert_true(repairs_due_ns(&repairs) == DEADLINE_NEVER);
}

static void the_end_leaves_nothing_untold_and_nothing_waiting(void **state)
{
    struct repairs repairs = {0};
    uint64_t now_ns = START_NS;

    (void)fight(&repairs, &now_ns, NS_PER_SEC);
    assert_false(repairs_may(&repairs, now_ns));
    repairs_end(&repairs, "web", now_ns);
    assert_true(repairs_due_ns(&repairs) == DEADLINE_NEVER);
    assert_int_equal(lines(*state, "goes on changing"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, capture_begin, capture_end)
    const struct CMUnitTest tests[] = {
        TEST(the_first_is_at_once_and_the_rest_grow_rare),
        TEST(quiet_begins_anew),
        TEST(what_was_counted_is_told_without_another_one),
        TEST(the_end_leaves_nothing_untold_and_nothing_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
