/* When leases are renewed: all together, no more often than needed, and never too late. */
#include "agent/kernel/schedule.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
    SETS = 3,
    STEPS_MAX = 1000,
};

struct tally {
    unsigned batches;
    unsigned renewals[SETS];
};

/* The kernel answers at once. */
static void renew(struct desired_set *set, uint64_t now_ns)
{
    set->refresh = false;
    schedule_settled(set, now_ns);
}

static struct tally run_until(struct desired_set list[SETS], struct desired_sets *sets,
                              uint64_t end_ns)
{
    struct tally tally = {0};
    uint64_t written_ns[SETS];

    for (size_t i = 0; i < SETS; i++)
        written_ns[i] = list[i].refresh_ns - list[i].lease_ns / 5 * 2;
    for (int step = 0; step < STEPS_MAX; step++) {
        uint64_t now_ns = schedule_next(sets);

        if (now_ns >= end_ns)
            break;
        schedule_due(sets, now_ns);
        tally.batches++;
        for (size_t i = 0; i < SETS; i++) {
            assert_true(now_ns - written_ns[i] < list[i].lease_ns / 2);
            if (!list[i].refresh)
                continue;
            tally.renewals[i]++;
            written_ns[i] = now_ns;
            renew(&list[i], now_ns);
        }
    }
    return tally;
}

static void claim(struct desired_sets *sets, struct desired_set *set, uint64_t lease_ns,
                  uint64_t at_ns)
{
    *set = (struct desired_set){.lease_ns = lease_ns};
    desired_link_in(sets, set);
    schedule_attempt(set);
    set->attempt = false;
    schedule_refresh(set);
    renew(set, at_ns);
}

static void equal_leases_are_renewed_in_one_batch(void **state)
{
    struct desired_set list[SETS];
    struct desired_sets sets = {0};

    (void)state;
    for (size_t i = 0; i < SETS; i++)
        claim(&sets, &list[i], 6 * NS_PER_SEC, (10 + i) * NS_PER_SEC / 2);
    struct tally tally = run_until(list, &sets, 67 * NS_PER_SEC);
    assert_int_equal(tally.batches, 25);
    for (size_t i = 0; i < SETS; i++)
        assert_int_equal(tally.renewals[i], 25);
}

/* A longer lease goes along, but only where it could not wait for the next time. */
static void a_longer_lease_is_not_renewed_as_often_as_a_short_one(void **state)
{
    struct desired_set list[SETS];
    struct desired_sets sets = {0};

    (void)state;
    claim(&sets, &list[0], 3 * NS_PER_SEC, NS_PER_SEC);
    claim(&sets, &list[1], 60 * NS_PER_SEC, NS_PER_SEC);
    claim(&sets, &list[2], 60 * NS_PER_SEC, NS_PER_SEC + NS_PER_SEC / 2);
    struct tally tally = run_until(list, &sets, 121 * NS_PER_SEC + 1);
    assert_int_equal(tally.batches, 100);
    assert_int_equal(tally.renewals[0], 100);
    assert_in_range(tally.renewals[1], 5, 6);
    assert_in_range(tally.renewals[2], 5, 6);
}

/* Adverts wake the loop each second: a lease of 5 s is renewed with every second one, and the timer
 * for it never comes first. */
static void a_renewal_goes_along_with_adverts(void **state)
{
    struct desired_set set;
    struct desired_sets sets = {0};
    unsigned renewals = 0;

    (void)state;
    claim(&sets, &set, 5 * NS_PER_SEC, NS_PER_SEC);
    for (uint64_t now_ns = 2 * NS_PER_SEC; now_ns <= 61 * NS_PER_SEC; now_ns += NS_PER_SEC) {
        assert_true(schedule_next(&sets) >= now_ns);
        schedule_due_early(&sets, now_ns);
        assert_int_equal(set.refresh, schedule_early(&sets) == DEADLINE_NEVER);
        renewals += set.refresh ? 1 : 0;
        if (set.refresh)
            renew(&set, now_ns);
    }
    assert_int_equal(renewals, 30);
}

/* A claim of many that takes longer than a lease: what came first of it is renewed in time. */
static void a_long_claim_is_renewed_while_it_goes_on(void **state)
{
    struct desired_set set = {.lease_ns = 5 * NS_PER_SEC, .count = 4000, .owner = "test"};
    struct desired_sets sets = {0};

    (void)state;
    desired_link_in(&sets, &set);
    schedule_attempt(&set);
    schedule_refresh(&set);
    set.since_ns = 10 * NS_PER_SEC; /* the first slice is sent */
    set.refresh = false;
    schedule_unsettled(&set);
    assert_true(schedule_next(&sets) == 12 * NS_PER_SEC);
    schedule_due(&sets, 12 * NS_PER_SEC);
    assert_true(set.refresh);
    assert_true(schedule_next(&sets) == DEADLINE_NEVER);
    schedule_unsettled(&set); /* renewals are on their way: from when they were sent */
    assert_true(schedule_next(&sets) == DEADLINE_NEVER);
    set.since_ns = 13 * NS_PER_SEC;
    set.refresh = false;
    set.attempt = false; /* the last slice is there */
    schedule_settled(&set, 15 * NS_PER_SEC);
    assert_true(schedule_next(&sets) == 15 * NS_PER_SEC);
}

static void without_a_lease_there_is_nothing_to_renew(void **state)
{
    struct desired_set set;
    struct desired_sets sets = {0};

    (void)state;
    claim(&sets, &set, 0, NS_PER_SEC);
    assert_true(schedule_next(&sets) == DEADLINE_NEVER);
}

/* Taken away each time before the kernel's answer to the addition was taken in: the next addition
 * waits as long as if it had been. */
static void what_goes_before_it_is_settled_has_a_back_off(void **state)
{
    struct desired_set set = {
        .count = 1, .told = true, .owner = "test", .refresh_ns = DEADLINE_NEVER};
    struct desired_sets sets = {0};
    uint64_t now_ns = 100 * NS_PER_SEC;
    uint64_t began_ns = now_ns;

    (void)state;
    desired_link_in(&sets, &set);
    for (int repair = 0; repair < 6; repair++) {
        schedule_repair(&set, now_ns);
        assert_true(set.attempt);
        set.attempt = false; /* it is on its way, */
        set.in_flight = 1;
        schedule_repair(&set, now_ns);
        assert_false(set.attempt);
        set.in_flight = 0; /* and was there, and is gone */
        set.added++;
        repairs_note(desired_repairs(&set), set.owner, set.added, 0, now_ns);
        set.added = 0;
        set.repairing = false;
        schedule_settled(&set, now_ns);
        assert_true(schedule_next(&sets) > now_ns);
        now_ns = schedule_next(&sets);
        schedule_due(&sets, now_ns - 1);
        assert_false(set.attempt);
    }
    assert_true(now_ns - began_ns > NS_PER_SEC);
    desired_link_out(&sets, &set);
    assert_null(set.repairs);
}

/* What never had to be put right, or is wanted no more, has nothing that is kept of it. */
static void repairs_take_memory_only_where_there_are_any(void **state)
{
    struct desired_set set = {.count = 1, .told = true, .owner = "test"};
    struct desired_sets sets = {0};

    (void)state;
    desired_link_in(&sets, &set);
    schedule_repair(&set, 100 * NS_PER_SEC);
    schedule_settled(&set, 100 * NS_PER_SEC);
    schedule_due(&sets, 101 * NS_PER_SEC);
    assert_null(set.repairs);
    assert_non_null(desired_repairs(&set));
    desired_forget(&sets);
    assert_null(set.repairs);
    set = (struct desired_set){.count = 1};
    assert_null(desired_repairs(&set));
}

/* Others of the set go while the first are on their way: they are not kept waiting. */
static void what_was_not_asked_for_yet_need_not_wait(void **state)
{
    struct desired_set set = {.count = 3, .told = true, .owner = "test"};

    (void)state;
    schedule_repair(&set, 100 * NS_PER_SEC);
    set.attempt = false;
    set.in_flight = 1;
    schedule_repair(&set, 100 * NS_PER_SEC);
    assert_true(set.attempt);
    assert_false(set.again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_leases_are_renewed_in_one_batch),
        cmocka_unit_test(a_longer_lease_is_not_renewed_as_often_as_a_short_one),
        cmocka_unit_test(a_renewal_goes_along_with_adverts),
        cmocka_unit_test(a_long_claim_is_renewed_while_it_goes_on),
        cmocka_unit_test(without_a_lease_there_is_nothing_to_renew),
        cmocka_unit_test(what_goes_before_it_is_settled_has_a_back_off),
        cmocka_unit_test(repairs_take_memory_only_where_there_are_any),
        cmocka_unit_test(what_was_not_asked_for_yet_need_not_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
