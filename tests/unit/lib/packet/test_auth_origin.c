/* Of two machines that send the adverts of one sender, that which is never ahead has recorded
 * them. */
#include "lib/packet/auth_origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const uint8_t GENUINE[MAC_SIZE] = {2, 0, 0, 0, 0, 1};
static const uint8_t FORGER[MAC_SIZE] = {2, 0, 0, 0, 0, 2};

#define START UINT64_C(0x6800000000000000)
/* A tenth of a second. */
#define STEP UINT64_C(0x19990000)

struct sender {
    struct auth_origin origin;
    struct ip_address source;
};

static bool comes(struct sender *sender, uint64_t sequence, const uint8_t mac[MAC_SIZE])
{
    return auth_origin_repeats(&sender->origin, &sender->source, sequence, mac);
}

static struct sender begin(void)
{
    struct sender sender = {0};

    assert_true(ip_address_parse("192.0.2.1", &sender.source));
    return sender;
}

static void older_ones_of_another_machine_are_repeated(void **state)
{
    struct sender sender = begin();

    (void)state;
    for (uint64_t i = 0; i < 20; i++) {
        assert_false(comes(&sender, START + i * STEP, GENUINE));
        assert_false(comes(&sender, START + i * STEP, GENUINE)); /* captured twice */
        if (i >= 3)
            assert_true(comes(&sender, START + (i - 3) * STEP, FORGER));
    }
}

static void the_newest_again_is_repeated_by_who_was_not_ahead(void **state)
{
    struct sender sender = begin();

    (void)state;
    assert_false(comes(&sender, START, GENUINE));
    /* It may be the other one's. */
    assert_false(comes(&sender, START, FORGER));
    assert_false(comes(&sender, START + STEP, GENUINE));
    assert_true(comes(&sender, START + STEP, FORGER));
}

static void a_copy_that_is_captured_first_accuses_nobody(void **state)
{
    struct sender sender = begin();

    (void)state;
    assert_false(comes(&sender, START, FORGER));
    assert_false(comes(&sender, START, GENUINE));
    assert_false(comes(&sender, START + STEP, GENUINE));
    assert_true(comes(&sender, START, FORGER));
    /* It overtakes. */
    assert_false(comes(&sender, START + 2 * STEP, FORGER));
    assert_false(comes(&sender, START + 2 * STEP, GENUINE));
}

static void another_sender_or_time_begins_anew(void **state)
{
    struct sender sender = begin();
    struct ip_address other;

    (void)state;
    assert_true(ip_address_parse("192.0.2.2", &other));
    assert_false(comes(&sender, START, GENUINE));
    assert_false(comes(&sender, START + STEP, GENUINE));
    assert_false(auth_origin_repeats(&sender.origin, &other, START, FORGER));
    assert_false(comes(&sender, START, GENUINE));
    assert_false(comes(&sender, START + STEP, GENUINE));
    /* Far behind: its clock was set, and it has another interface. */
    assert_false(comes(&sender, START - 100 * STEP, FORGER));
    assert_false(comes(&sender, START - 99 * STEP, FORGER));
    assert_true(comes(&sender, START - 100 * STEP, GENUINE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(older_ones_of_another_machine_are_repeated),
        cmocka_unit_test(the_newest_again_is_repeated_by_who_was_not_ahead),
        cmocka_unit_test(a_copy_that_is_captured_first_accuses_nobody),
        cmocka_unit_test(another_sender_or_time_begins_anew),
    };

    return cmocka_run_group_tests_name("auth_origin", tests, NULL, NULL);
}
