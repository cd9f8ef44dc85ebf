/* Counts of refused and odd adverts: no memory for a router that never sees any. */
#include "agent/instances/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void what_is_in_order_takes_no_memory(void **state)
{
    const struct packet_tally nothing = {0};
    struct packet_tally *tally = NULL;

    (void)state;
    packet_tally_count(&tally, PACKET_OK, 0);
    packet_tally_add(&tally, &nothing);
    assert_null(tally);
    assert_int_equal(packet_tally_read(tally).by_verdict[PACKET_VRID_ERROR], 0);
}

static void what_is_refused_or_odd_is_counted_by_kind(void **state)
{
    struct packet_tally *tally = NULL;

    (void)state;
    packet_tally_count(&tally, PACKET_CHECKSUM_ERROR, 0);
    packet_tally_count(&tally, PACKET_CHECKSUM_ERROR, 0);
    packet_tally_count(&tally, PACKET_OK,
                       PACKET_WARN_INTERVAL_MISMATCH | PACKET_WARN_OWNER_CONFLICT);
    assert_non_null(tally);
    assert_int_equal(tally->by_verdict[PACKET_CHECKSUM_ERROR], 2);
    assert_int_equal(tally->by_verdict[PACKET_OK], 0);
    assert_int_equal(tally->by_warning[0], 1);
    assert_int_equal(tally->by_warning[1], 0);
    assert_int_equal(tally->by_warning[5], 1);
    free(tally);
}

/* A reload that starts an instance anew does not begin to count anew. */
static void what_was_counted_before_is_added(void **state)
{
    struct packet_tally *before = NULL;
    struct packet_tally *tally = NULL;

    (void)state;
    packet_tally_count(&before, PACKET_TRAILER_STALE, 0);
    packet_tally_count(&before, PACKET_OK, PACKET_WARN_LOCAL_IS_OWNER);
    packet_tally_add(&tally, before);
    packet_tally_add(&tally, before);
    assert_int_equal(packet_tally_read(tally).by_verdict[PACKET_TRAILER_STALE], 2);
    assert_int_equal(packet_tally_read(tally).by_warning[4], 2);
    free(before);
    free(tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_order_takes_no_memory),
        cmocka_unit_test(what_is_refused_or_odd_is_counted_by_kind),
        cmocka_unit_test(what_was_counted_before_is_added),
    };

    return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
