/* One line a kind of failure, however many links and tries have it. */
#include "agent/wire/failures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define MANY "cannot open a raw socket (ipv4): Too many open files"
#define RING "cannot watch for ARP and ND: out of memory"

static void a_kind_is_said_once_and_counted(void **state)
{
    static struct failures failures;
    unsigned more = 9;

    (void)state;
    assert_true(failures_note(&failures, MANY, NS_PER_SEC, &more));
    assert_int_equal(more, 0);
    for (unsigned i = 0; i < 400; i++)
        assert_false(failures_note(&failures, MANY, 2 * NS_PER_SEC, &more));
    assert_true(failures_note(&failures, RING, 2 * NS_PER_SEC, &more));
    assert_int_equal(more, 0);
    assert_true(failures_note(&failures, MANY, NS_PER_SEC + FAILURES_QUIET_NS, &more));
    assert_int_equal(more, 400);
    assert_false(failures_note(&failures, MANY, NS_PER_SEC + FAILURES_QUIET_NS, &more));
}

static void of_too_many_kinds_the_oldest_is_forgotten(void **state)
{
    static struct failures failures;
    unsigned more = 0;
    char text[32];

    (void)state;
    for (unsigned i = 0; i <= FAILURE_KINDS; i++) {
        snprintf(text, sizeof(text), "kind %u", i);
        assert_true(failures_note(&failures, text, (i + 1) * NS_PER_SEC, &more));
    }
    assert_false(failures_note(&failures, "kind 1", 20 * NS_PER_SEC, &more));
    assert_true(failures_note(&failures, "kind 0", 20 * NS_PER_SEC, &more));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kind_is_said_once_and_counted),
        cmocka_unit_test(of_too_many_kinds_the_oldest_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
