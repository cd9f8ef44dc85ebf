/* What is counted of an instance: few reasons in place, more in a table, and all of it handed on.
 */
#include "agent/instances/counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PLACE_MAX = 0xffffff };

static void count(struct instance *instance, enum reason reason)
{
    const struct transition last = {
        .from = VRRP_INIT, .to = VRRP_BACKUP, .reason = reason, .evidence = {.own_priority = 100}};

    instance_count_transition(instance, &last);
}

static void each_reason_is_counted(void **state)
{
    struct instance instance = {0};
    uint32_t counted[REASONS];

    (void)state;
    for (unsigned times = 1; times <= 3; times++)
        for (size_t reason = 0; reason < REASONS; reason++) {
            count(&instance, (enum reason)reason);
            instance_transitions(&instance, counted);
            for (size_t i = 0; i < REASONS; i++)
                assert_int_equal(counted[i], i <= reason ? times : times - 1);
        }
    instance_counts_free(&instance);
}

static void few_reasons_take_no_memory_of_their_own(void **state)
{
    struct instance instance = {0};

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        count(&instance, REASON_STARTED);
        count(&instance, REASON_NO_RESPONSE);
        count(&instance, REASON_HIGHER_PRIORITY);
        count(&instance, REASON_STOPPED);
    }
    assert_null(instance.counts.transitions.more);
    assert_null(instance.counts.deeds);
    count(&instance, REASON_DRAINED);
    assert_non_null(instance.counts.transitions.more);
    instance_counts_free(&instance);
}

static void all_of_it_is_handed_on(void **state)
{
    struct instance before = {0};
    struct instance after = {0};
    struct instance_legacy legacy;
    uint32_t counted[REASONS];

    (void)state;
    count(&before, REASON_STARTED);
    instance_count_hook(&before, HOOK_MASTER, true);
    instance_count_hook(&before, HOOK_MASTER, false);
    instance_bequeath(&before, &legacy);
    instance_counts_free(&before);
    legacy.transitions[REASON_NO_RESPONSE] = PLACE_MAX;
    count(&after, REASON_STARTED);
    instance_inherit(&after, &legacy);
    count(&after, REASON_NO_RESPONSE);
    count(&after, REASON_NO_RESPONSE);
    instance_transitions(&after, counted);
    assert_int_equal(counted[REASON_STARTED], 2);
    assert_int_equal(counted[REASON_NO_RESPONSE], PLACE_MAX + 2);
    assert_int_equal(instance_deeds(&after)->hook_runs[HOOK_MASTER], 2);
    assert_int_equal(instance_deeds(&after)->hook_failures[HOOK_MASTER], 1);
    assert_int_equal(instance_deeds(&after)->hook_runs[HOOK_BACKUP], 0);
    instance_counts_free(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_is_counted),
        cmocka_unit_test(few_reasons_take_no_memory_of_their_own),
        cmocka_unit_test(all_of_it_is_handed_on),
    };

    return cmocka_run_group_tests_name("instance_counts", tests, NULL, NULL);
}
