/* Each set is told once, however many there are, and whatever it does about it. */
#include "agent/kernel/route_sets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MANY = 100 };

struct told {
    struct route_sets *sets;
    unsigned times;
};

/* Whoever began again at the front after each would find the first one again. */
static void the_first_comes_back(struct route_set *set)
{
    struct told *told = set->userdata;

    told->times++;
    told->sets->first->told = told->times >= 3 * MANY;
}

static void a_round_does_not_begin_again_after_each(void **state)
{
    static struct route_set list[MANY];
    struct route_sets sets = {0};
    struct told told = {.sets = &sets};

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        list[i] = (struct route_set){.on_settled = the_first_comes_back, .userdata = &told};
        route_sets_link_in(&sets, &list[i]);
    }
    route_sets_tell(&sets);
    assert_int_equal(told.times, MANY);
}

/* The one after it, and itself. */
static void two_go(struct route_set *set)
{
    struct told *told = set->userdata;

    told->times++;
    if (set->next != NULL)
        route_sets_link_out(told->sets, set->next);
    route_sets_link_out(told->sets, set);
}

static void who_is_told_may_go_and_take_others_along(void **state)
{
    static struct route_set list[MANY];
    struct route_sets sets = {0};
    struct told told = {.sets = &sets};

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        list[i] = (struct route_set){.on_settled = two_go, .userdata = &told};
        route_sets_link_in(&sets, &list[i]);
    }
    route_sets_tell(&sets);
    assert_int_equal(told.times, MANY / 2);
    assert_null(sets.first);
}

static void who_waits_is_not_told(void **state)
{
    struct route_sets sets = {0};
    struct told told = {.sets = &sets};
    struct route_set list[] = {
        {.asked = true, .on_settled = two_go, .userdata = &told},
        {.flying = true, .on_settled = two_go, .userdata = &told},
        {.told = true, .on_settled = two_go, .userdata = &told},
        {.on_settled = NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        route_sets_link_in(&sets, &list[i]);
    route_sets_tell(&sets);
    assert_int_equal(told.times, 0);
    assert_true(list[3].told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_does_not_begin_again_after_each),
        cmocka_unit_test(who_is_told_may_go_and_take_others_along),
        cmocka_unit_test(who_waits_is_not_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
