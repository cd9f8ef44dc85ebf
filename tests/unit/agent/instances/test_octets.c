/* What each of thousands of instances takes in memory: whoever adds to it is to know. What few of
 * them need lies behind a pointer. For machines whose pointers have eight octets. */
#include "agent/instances/state.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void an_instance_takes_no_more_than_it_did(void **state)
{
    (void)state;
    assert_in_range(sizeof(struct ip_address), 17, 17);
    assert_in_range(sizeof(struct election), 1, 448);
    assert_in_range(sizeof(struct desired_set), 1, 200);
    assert_in_range(sizeof(struct router), 1, 936);
    assert_in_range(sizeof(struct instance), 1, 432);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instance_takes_no_more_than_it_did),
    };

    return cmocka_run_group_tests_name("instance_octets", tests, NULL, NULL);
}
