/* Who may have inherited an address with another's lease renews it: all at once, and no other. */
#include "agent/kernel/bequests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { HERE = 3, THERE = 4, KINDS = 3 * BEQUESTS_MAX };

enum { SAME_LEASE, OTHER_LEASE, OTHER_LINK, NAMES_DEVICES, SETS };

struct bench {
    struct desired_sets sets;
    struct desired_set list[SETS];
    struct bequests bequests;
};

static void bench_open(struct bench *b)
{
    *b = (struct bench){
        .list = {
            [SAME_LEASE] = {.ifindex = HERE, .lease_ns = 5, .count = 1},
            [OTHER_LEASE] = {.ifindex = HERE, .lease_ns = 7, .count = 1},
            [OTHER_LINK] = {.ifindex = THERE, .lease_ns = 7, .count = 1},
            [NAMES_DEVICES] = {.ifindex = THERE, .lease_ns = 7, .elsewhere = true, .count = 1},
        }};
    for (size_t i = 0; i < SETS; i++)
        desired_link_in(&b->sets, &b->list[i]);
}

/* How many are to be renewed. */
static int heirs(const struct bench *b)
{
    int count = 0;

    for (size_t i = 0; i < SETS; i++)
        count += b->list[i].refresh ? 1 : 0;
    return count;
}

static void who_has_another_lease_there_renews(void **state)
{
    const struct desired_set before = {.ifindex = HERE, .lease_ns = 5, .count = 1};
    struct bench b;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < KINDS; i++)
        bequests_note(&b.bequests, &b.sets, &before);
    assert_int_equal(heirs(&b), 0);
    bequests_serve(&b.bequests, &b.sets);
    assert_int_equal(heirs(&b), 2);
    assert_true(b.list[OTHER_LEASE].refresh && b.list[NAMES_DEVICES].refresh);
    /* Once. */
    b.list[OTHER_LEASE].refresh = b.list[NAMES_DEVICES].refresh = false;
    bequests_serve(&b.bequests, &b.sets);
    assert_int_equal(heirs(&b), 0);
}

static void who_had_some_elsewhere_may_leave_them_to_any(void **state)
{
    const struct desired_set before = {
        .ifindex = HERE, .lease_ns = 5, .elsewhere = true, .count = 1};
    struct bench b;

    (void)state;
    bench_open(&b);
    bequests_note(&b.bequests, &b.sets, &before);
    bequests_serve(&b.bequests, &b.sets);
    assert_int_equal(heirs(&b), SETS - 1);
    assert_false(b.list[SAME_LEASE].refresh);
}

static void none_is_forgotten_for_want_of_room(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < KINDS; i++) {
        const struct desired_set before = {.ifindex = THERE + i, .lease_ns = 5, .count = 1};

        bequests_note(&b.bequests, &b.sets, &before);
    }
    bequests_serve(&b.bequests, &b.sets);
    assert_int_equal(heirs(&b), 2);
    assert_true(b.list[OTHER_LINK].refresh && b.list[NAMES_DEVICES].refresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_another_lease_there_renews),
        cmocka_unit_test(who_had_some_elsewhere_may_leave_them_to_any),
        cmocka_unit_test(none_is_forgotten_for_want_of_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
