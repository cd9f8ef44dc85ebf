/* A claim in slices: how much at a time, and who is told how far it is. */
#include "agent/kernel/slices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MANY = 1000 };

struct told {
    unsigned times;
    size_t landed;
    struct desired_set *gives_up; /* wants nothing more when this is told */
    struct desired_sets *sets;
};

static void on_landed(struct desired_set *set)
{
    struct told *told = set->userdata;

    assert_true(set->landed > told->landed);
    told->times++;
    told->landed = set->landed;
    if (told->gives_up != NULL)
        desired_link_out(told->sets, told->gives_up);
}

static void claim(struct desired_sets *sets, struct desired_set *set, size_t count,
                  struct told *told)
{
    *set = (struct desired_set){
        .count = count, .attempt = true, .on_landed = on_landed, .userdata = told};
    *told = (struct told){.sets = sets};
    desired_link_in(sets, set);
}

/* A flight of so many addresses goes out, and comes back. */
static void fly(struct desired_sets *sets, struct desired_set *set, size_t size)
{
    set->attempted = set->attempted + size < set->count ? set->attempted + size : set->count;
    set->attempt = set->attempted < set->count;
    set->in_flight = (uint32_t)size;
    slices_note(sets);
    assert_false(set->progressed);
    set->in_flight = 0;
    slices_note(sets);
    slices_tell(sets);
}

static void the_first_slice_is_small_and_each_but_the_last_is_told(void **state)
{
    struct desired_sets sets = {0};
    struct desired_set set;
    struct told told;
    unsigned flights = 0;

    (void)state;
    claim(&sets, &set, MANY, &told);
    assert_in_range(slices_next(&set), 2, 32);
    for (; set.attempt; flights++) {
        assert_true(slices_apply(&set));
        fly(&sets, &set, slices_next(&set));
    }
    assert_in_range(flights, 4, 10);
    assert_int_equal(told.times, flights - 1);
    assert_true(told.landed < MANY);
    assert_false(slices_apply(&set));
}

static void few_addresses_and_repairs_are_not_sliced(void **state)
{
    struct desired_sets sets = {0};
    struct desired_set few;
    struct desired_set held;
    struct told told;

    (void)state;
    claim(&sets, &few, 10, &told);
    claim(&sets, &held, MANY, &told);
    held.told = true;
    assert_false(slices_apply(&few) || slices_apply(&held));
    fly(&sets, &held, MANY / 2);
    assert_int_equal(told.times, 0);
}

/* Each is told once in a round, however many there are: whoever began again at the front after each
 * would find the first one again. */
static void the_first_comes_back(struct desired_set *set)
{
    struct told *told = set->userdata;
    struct desired_set *first = told->sets->first;

    told->times++;
    first->told = told->times >= 3 * MANY;
    first->progressed = !first->told;
}

static void a_round_does_not_begin_again_after_each(void **state)
{
    static struct desired_set list[MANY];
    struct desired_sets sets = {.many = true};
    struct told told = {.sets = &sets};

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        list[i] = (struct desired_set){.count = 1,
                                       .progressed = true,
                                       .on_settled = the_first_comes_back,
                                       .on_landed = the_first_comes_back,
                                       .userdata = &told};
        desired_link_in(&sets, &list[i]);
    }
    desired_tell(&sets);
    assert_int_equal(told.times, MANY);
    slices_tell(&sets);
    assert_int_equal(told.times, 2 * MANY);
}

static void who_is_told_may_have_another_go(void **state)
{
    struct desired_sets sets = {0};
    struct desired_set list[2];
    struct told told[2];

    (void)state;
    for (size_t i = 0; i < 2; i++)
        claim(&sets, &list[i], MANY, &told[i]);
    told[0].gives_up = &list[1];
    told[1].gives_up = &list[0];
    list[0].attempted = list[1].attempted = 100;
    slices_note(&sets);
    slices_tell(&sets);
    assert_int_equal(told[0].times + told[1].times, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_slice_is_small_and_each_but_the_last_is_told),
        cmocka_unit_test(few_addresses_and_repairs_are_not_sliced),
        cmocka_unit_test(who_is_told_may_have_another_go),
        cmocka_unit_test(a_round_does_not_begin_again_after_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
