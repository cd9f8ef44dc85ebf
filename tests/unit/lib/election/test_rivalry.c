/* Other MASTERs: one account a bout, when it is over; forged ones do not flood. */
#include "lib/election/rivalry.h"
#include "lib/election/router.h"
#include "lib/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const uint64_t MS = NS_PER_MS;
static const uint64_t START = 100 * NS_PER_SEC;
static const uint64_t INTERVAL = 100 * NS_PER_MS;

static void hear(struct rivalry *rivalry, const char *peer, uint64_t now)
{
    struct advert advert = {.priority = 100, .interval_ns = INTERVAL};

    assert_true(ip_address_parse(peer, &advert.ip.source));
    assert_true(rivalry_hear(rivalry, &advert, now));
}

static void assert_text(const struct rivalry *rivalry, bool over, const char *expected)
{
    char text[RIVALRY_TEXT_SIZE];

    assert_string_equal(rivalry_text(rivalry, over, text, sizeof(text)), expected);
}

static void nobody_heard_is_nothing_to_tell(void **state)
{
    const struct rivalry none = {0};

    (void)state;
    assert_int_equal(rivalry_deadline(&none), DEADLINE_NEVER);
}

static void a_backup_that_asks_is_no_rival(void **state)
{
    struct rivalry rivalry = {0};
    const struct advert hint = {.priority = PRIORITY_HINT, .interval_ns = INTERVAL};

    (void)state;
    assert_false(rivalry_hear(&rivalry, &hint, START));
    assert_int_equal(rivalry_deadline(&rivalry), DEADLINE_NEVER);
}

static void a_bout_is_told_when_the_other_is_silent(void **state)
{
    struct rivalry rivalry = {0};

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        hear(&rivalry, "10.0.0.2", START + i * INTERVAL);
    uint64_t due = rivalry_deadline(&rivalry);
    /* It may have missed some, and this machine may be late. */
    assert_true(due > START + 3 * INTERVAL + 3 * INTERVAL);
    assert_false(rivalry_over(&rivalry, due - 1));
    assert_true(rivalry_over(&rivalry, due));
    assert_int_equal(rivalry.first_at, START);
    assert_int_equal(rivalry.last_at, START + 3 * INTERVAL);
    assert_text(&rivalry, true,
                "10.0.0.2 (priority 100) adverted as MASTER too, for 300 ms (4 adverts), and gave "
                "way");
    rivalry_told(&rivalry, due);
    assert_int_equal(rivalry_deadline(&rivalry), DEADLINE_NEVER);
}

static void one_that_is_there_when_this_node_leaves_has_stayed(void **state)
{
    struct rivalry rivalry = {0};

    (void)state;
    hear(&rivalry, "10.0.0.2", START);
    assert_false(rivalry_over(&rivalry, START + MS));
    assert_text(&rivalry, false,
                "10.0.0.2 (priority 100) adverted as MASTER too, once, until this node was MASTER "
                "no more");
}

static void both_families_of_a_node_and_others_are_named(void **state)
{
    struct rivalry rivalry = {0};

    (void)state;
    hear(&rivalry, "fe80::2", START);
    assert_text(&rivalry, true,
                "fe80::2 (priority 100) adverted as MASTER too, once, and gave way");
    hear(&rivalry, "10.0.0.2", START + MS);
    assert_text(&rivalry, true,
                "10.0.0.2 and fe80::2 (priority 100) adverted as MASTER too, for 1 ms (2 adverts), "
                "and gave way");
    hear(&rivalry, "10.0.0.3", START + 2 * MS);
    assert_text(&rivalry, true,
                "10.0.0.3 and fe80::2 and others (priority 100) adverted as MASTER too, for 2 ms "
                "(3 adverts), and gave way");
}

/* The first is told at once, then those of a minute together. */
static void bouts_without_end_are_an_account_a_minute(void **state)
{
    struct rivalry rivalry = {0};
    unsigned told = 0;

    (void)state;
    for (uint64_t now = START; now < START + 600 * NS_PER_SEC; now += 500 * MS) {
        if (rivalry_deadline(&rivalry) <= now) {
            rivalry_told(&rivalry, now);
            told++;
        }
        if ((now / NS_PER_SEC) % 5 < 2)
            hear(&rivalry, "10.0.0.2", now);
    }
    assert_in_range(told, 5, 10);
}

static void bouts_together_say_how_often_and_how_long(void **state)
{
    struct rivalry rivalry = {0};

    (void)state;
    hear(&rivalry, "10.0.0.2", START);
    rivalry_told(&rivalry, rivalry_deadline(&rivalry));
    for (unsigned bout = 1; bout <= 3; bout++) {
        hear(&rivalry, "10.0.0.2", START + bout * 10 * NS_PER_SEC);
        hear(&rivalry, "10.0.0.2", START + bout * 10 * NS_PER_SEC + 20 * MS);
    }
    assert_true(rivalry_deadline(&rivalry) >= START + RIVALRY_PAUSE_NS);
    assert_text(
        &rivalry, true,
        "10.0.0.2 (priority 100) adverted as MASTER too, 3 times, 60 ms in all (6 adverts), "
        "and gave way");
}

static void whoever_claims_a_long_interval_is_not_waited_for_without_end(void **state)
{
    struct rivalry rivalry = {0};
    struct advert advert = {.priority = 2, .interval_ns = 255 * NS_PER_SEC};

    (void)state;
    assert_true(rivalry_hear(&rivalry, &advert, START));
    assert_true(rivalry_deadline(&rivalry) <= START + 60 * NS_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_heard_is_nothing_to_tell),
        cmocka_unit_test(a_backup_that_asks_is_no_rival),
        cmocka_unit_test(a_bout_is_told_when_the_other_is_silent),
        cmocka_unit_test(one_that_is_there_when_this_node_leaves_has_stayed),
        cmocka_unit_test(both_families_of_a_node_and_others_are_named),
        cmocka_unit_test(bouts_without_end_are_an_account_a_minute),
        cmocka_unit_test(bouts_together_say_how_often_and_how_long),
        cmocka_unit_test(whoever_claims_a_long_interval_is_not_waited_for_without_end),
    };

    return cmocka_run_group_tests_name("rivalry", tests, NULL, NULL);
}
