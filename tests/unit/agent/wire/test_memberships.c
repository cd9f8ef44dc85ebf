/* Which groups are joined, left and renewed, and what a client is told meanwhile. */
#include "agent/wire/memberships.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct ip_address address(const char *text)
{
    struct ip_address out;

    assert_true(ip_address_parse(text, &out));
    return out;
}

static struct segment_client client(const char *group, struct segment_client *next)
{
    return (struct segment_client){.family = IP_FAMILY_IPV4, .group = address(group), .next = next};
}

/* As a worker would, all of it with that result. */
static void carry_out(struct memberships *groups, struct memberships *plan, int result)
{
    for (size_t i = 0; i < plan->count; i++)
        plan->list[i].result = result;
    memberships_take(groups, plan);
}

static void each_group_is_joined_once_and_left_when_nobody_wants_it(void **state)
{
    struct segment_client one = client("224.0.0.18", NULL);
    struct segment_client two = client("224.0.0.18", &one);
    struct segment_client three = client("224.0.0.77", &two);
    struct memberships groups = {.count = 0};
    struct memberships plan;

    (void)state;
    assert_int_equal(memberships_add(&groups, &one.group), 0);
    assert_int_equal(memberships_add(&groups, &two.group), 0);
    assert_int_equal(memberships_state(&groups, &one.group), -EINPROGRESS);
    memberships_plan(&groups, &two, true, false, &plan);
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.list[0].step, MEMBERSHIP_JOIN);
    carry_out(&groups, &plan, 0);
    assert_int_equal(memberships_state(&groups, &one.group), 0);

    assert_int_equal(memberships_add(&groups, &three.group), 0);
    assert_int_equal(memberships_state(&groups, &one.group), 0);
    assert_int_equal(memberships_state(&groups, &three.group), -EINPROGRESS);
    memberships_plan(&groups, &three, false, false, &plan);
    assert_int_equal(plan.count, 1);
    assert_true(ip_address_equal(&plan.list[0].group, &three.group));
    carry_out(&groups, &plan, 0);
    memberships_plan(&groups, &three, false, false, &plan);
    assert_int_equal(plan.count, 0);

    three.next = NULL;
    memberships_plan(&groups, &three, false, false, &plan);
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.list[0].step, MEMBERSHIP_LEAVE);
    /* Wanted again before that is done. */
    assert_int_equal(memberships_add(&groups, &one.group), 0);
    carry_out(&groups, &plan, 0);
    assert_int_equal(memberships_state(&groups, &one.group), -EINPROGRESS);
}

static void a_link_that_came_back_renews_and_a_new_socket_joins(void **state)
{
    struct segment_client one = client("224.0.0.18", NULL);
    struct memberships groups = {.count = 0};
    struct memberships plan;

    (void)state;
    assert_int_equal(memberships_add(&groups, &one.group), 0);
    memberships_plan(&groups, &one, true, false, &plan);
    carry_out(&groups, &plan, 0);
    memberships_plan(&groups, &one, false, true, &plan);
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.list[0].step, MEMBERSHIP_RENEW);
    carry_out(&groups, &plan, -ENODEV);
    assert_int_equal(memberships_state(&groups, &one.group), 0);
    memberships_plan(&groups, &one, true, false, &plan);
    assert_int_equal(plan.list[0].step, MEMBERSHIP_JOIN);
}

static void what_failed_is_tried_again_by_the_next_who_wants_it(void **state)
{
    struct segment_client one = client("224.0.0.18", NULL);
    struct memberships groups = {.count = 0};
    struct memberships plan;

    (void)state;
    assert_int_equal(memberships_add(&groups, &one.group), 0);
    memberships_plan(&groups, &one, true, false, &plan);
    carry_out(&groups, &plan, -ENODEV);
    assert_int_equal(memberships_state(&groups, &one.group), -ENODEV);
    memberships_plan(&groups, &one, false, true, &plan);
    assert_int_equal(plan.count, 0);
    assert_int_equal(memberships_add(&groups, &one.group), 0);
    assert_int_equal(memberships_state(&groups, &one.group), -EINPROGRESS);
    memberships_plan(&groups, &one, false, false, &plan);
    assert_int_equal(plan.count, 1);
}

static void there_are_no_more_than_a_socket_can_have(void **state)
{
    struct memberships groups = {.count = 0};
    char text[32];

    (void)state;
    for (int i = 0; i < MEMBERSHIPS_MAX; i++) {
        snprintf(text, sizeof(text), "224.0.1.%d", i);
        struct ip_address group = address(text);
        assert_int_equal(memberships_add(&groups, &group), 0);
    }
    struct ip_address group = address("224.0.1.3");
    assert_int_equal(memberships_add(&groups, &group), 0);
    group = address("224.0.2.1");
    assert_int_equal(memberships_add(&groups, &group), -ENOBUFS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_group_is_joined_once_and_left_when_nobody_wants_it),
        cmocka_unit_test(a_link_that_came_back_renews_and_a_new_socket_joins),
        cmocka_unit_test(what_failed_is_tried_again_by_the_next_who_wants_it),
        cmocka_unit_test(there_are_no_more_than_a_socket_can_have),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
