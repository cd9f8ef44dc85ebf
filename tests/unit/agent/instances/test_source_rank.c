/* Which address is sent from: the same one after a restart. */
#include "agent/instances/source_rank.h"

#include <linux/if_addr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct observed_address of(enum ip_family family, uint32_t flags, uint32_t created)
{
    return (struct observed_address){
        .prefix.address.family = family, .flags = flags, .created = created};
}

static void configured_ones_come_first(void **state)
{
    /* From the best down; the older ones last. */
    const struct observed_address rows[] = {
        of(IP_FAMILY_IPV6, IFA_F_PERMANENT, 60),
        of(IP_FAMILY_IPV6, IFA_F_MANAGETEMPADDR, 50),
        of(IP_FAMILY_IPV6, IFA_F_PERMANENT | IFA_F_DEPRECATED, 40),
        of(IP_FAMILY_IPV6, IFA_F_DEPRECATED, 30),
        of(IP_FAMILY_IPV6, IFA_F_TEMPORARY, 20),
        of(IP_FAMILY_IPV6, IFA_F_TEMPORARY | IFA_F_DEPRECATED, 10),
    };

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct source_candidate better = {.address = &rows[i]};
        const struct source_candidate worse = {.address = &rows[i + 1], .present = true};
        assert_true(source_is_better(&better, &worse));
        assert_false(source_is_better(&worse, &better));
    }
}

static void of_equal_ones_the_present_then_the_oldest(void **state)
{
    const struct observed_address old = of(IP_FAMILY_IPV6, IFA_F_PERMANENT, 10);
    const struct observed_address new = of(IP_FAMILY_IPV6, IFA_F_PERMANENT, 20);
    const struct source_candidate a = {.address = &old};
    struct source_candidate b = {.address = &new};

    (void)state;
    assert_true(source_is_better(&a, &b));
    assert_false(source_is_better(&b, &a));
    b.present = true;
    assert_true(source_is_better(&b, &a));
    assert_false(source_is_better(&a, &b));
}

static void ipv4_keeps_the_kernels_order(void **state)
{
    const struct observed_address first = of(IP_FAMILY_IPV4, IFA_F_PERMANENT, 20);
    const struct observed_address second =
        of(IP_FAMILY_IPV4, IFA_F_PERMANENT | IFA_F_SECONDARY, 10);
    const struct source_candidate a = {.address = &first};
    const struct source_candidate b = {.address = &second};

    (void)state;
    assert_false(source_is_better(&b, &a));
    assert_false(source_is_better(&a, &b));
}

/* An instance that lists the node's address must not move the others to another one. */
static void what_an_instance_lists_is_the_last_resort(void **state)
{
    const struct observed_address address = of(IP_FAMILY_IPV4, IFA_F_PERMANENT, 0);
    const struct source_candidate own = {.address = &address};
    struct source_candidate listed = {.address = &address, .shared = true};

    (void)state;
    assert_true(source_is_better(&own, &listed));
    assert_false(source_is_better(&listed, &own));
    listed.present = true;
    assert_false(source_is_better(&own, &listed));
}

static void faults_are_named(void **state)
{
    const struct observed_address good = of(IP_FAMILY_IPV6, IFA_F_PERMANENT, 0);
    const struct observed_address temporary = of(IP_FAMILY_IPV6, IFA_F_TEMPORARY, 0);
    const struct observed_address deprecated = of(IP_FAMILY_IPV6, IFA_F_DEPRECATED, 0);
    const struct observed_address secondary = of(IP_FAMILY_IPV4, IFA_F_SECONDARY, 0);

    (void)state;
    assert_null(source_fault(&good));
    assert_null(source_fault(&secondary));
    assert_string_equal(source_fault(&temporary), "temporary");
    assert_string_equal(source_fault(&deprecated), "deprecated");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configured_ones_come_first),
        cmocka_unit_test(of_equal_ones_the_present_then_the_oldest),
        cmocka_unit_test(ipv4_keeps_the_kernels_order),
        cmocka_unit_test(what_an_instance_lists_is_the_last_resort),
        cmocka_unit_test(faults_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
