/* The memory of what we have added, against a list that is too simple to be wrong. */
#include "agent/kernel/remembered.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    KINDS = 300,
    STEPS = 20000,
};

static struct ip_prefix prefix_number(unsigned i)
{
    struct ip_prefix prefix = {.address = {.family = IP_FAMILY_IPV4}, .length = 24};

    prefix.address.octets[0] = 10;
    prefix.address.octets[2] = (uint8_t)(i / 256);
    prefix.address.octets[3] = (uint8_t)i;
    return prefix;
}

static int link_number(unsigned i)
{
    return 1 + (int)(i % 3);
}

static void agrees_with_a_list_whatever_is_done(void **state)
{
    struct remembered remembered = {0};
    bool list[KINDS] = {false};
    unsigned random = 1;

    (void)state;
    for (unsigned step = 0; step < STEPS; step++) {
        random = random * 1103515245u + 12345u;
        unsigned i = (random >> 16) % KINDS;
        const struct ip_prefix prefix = prefix_number(i);
        /* It fills up first, then empties. */
        list[i] = (random >> 8) % 4 < (step < STEPS / 2 ? 3 : 1);
        if (list[i])
            remembered_add(&remembered, link_number(i), &prefix);
        else
            remembered_forget(&remembered, link_number(i), &prefix);
        if (step % 100 != 0)
            continue;
        for (unsigned k = 0; k < KINDS; k++) {
            const struct ip_prefix other = prefix_number(k);
            assert_int_equal(remembered_has(&remembered, link_number(k), &other), list[k]);
        }
    }
    remembered_free(&remembered);
}

static void link_and_length_tell_apart(void **state)
{
    struct remembered remembered = {0};
    const struct ip_prefix prefix = prefix_number(1);
    struct ip_prefix longer = prefix;

    (void)state;
    longer.length = 32;
    assert_false(remembered_has(&remembered, 1, &prefix));
    remembered_forget(&remembered, 1, &prefix);
    remembered_add(&remembered, 1, &prefix);
    assert_true(remembered_has(&remembered, 1, &prefix));
    assert_false(remembered_has(&remembered, 2, &prefix));
    assert_false(remembered_has(&remembered, 1, &longer));
    remembered_free(&remembered);
}

static bool on_link_one(void *userdata, int ifindex, const struct ip_prefix *prefix)
{
    (void)userdata;
    (void)prefix;
    return ifindex == 1;
}

static void a_sweep_takes_all_that_are_over(void **state)
{
    struct remembered remembered = {0};

    (void)state;
    for (unsigned i = 0; i < KINDS; i++) {
        const struct ip_prefix prefix = prefix_number(i);
        remembered_add(&remembered, link_number(i), &prefix);
    }
    remembered_sweep(&remembered, on_link_one, NULL);
    for (unsigned i = 0; i < KINDS; i++) {
        const struct ip_prefix prefix = prefix_number(i);
        assert_int_equal(remembered_has(&remembered, link_number(i), &prefix), link_number(i) != 1);
    }
    remembered_free(&remembered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_a_list_whatever_is_done),
        cmocka_unit_test(link_and_length_tell_apart),
        cmocka_unit_test(a_sweep_takes_all_that_are_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
