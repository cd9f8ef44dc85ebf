/* The ring of transitions: order, wrap-around, and readers that keep their place. */
#include "agent/history/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void add(struct history *history, const char *instance, uint64_t at)
{
    struct history_entry entry = {.at_ns = at, .transition = {.to = VRRP_MASTER}};

    snprintf(entry.instance, sizeof(entry.instance), "%s", instance);
    history_add(history, &entry);
}

static void entries_come_back_in_order(void **state)
{
    struct history *history;
    uint64_t position;

    (void)state;
    assert_int_equal(history_open(&history), 0);
    assert_null(history_last(history, NULL));
    add(history, "web", 1);
    add(history, "db", 2);
    add(history, "web", 3);
    assert_int_equal(history_last(history, NULL)->at_ns, 3);
    assert_int_equal(history_last(history, "db")->at_ns, 2);
    assert_null(history_last(history, "nobody"));
    position = history_start(history, "web", 10);
    assert_int_equal(history_next(history, &position, "web")->at_ns, 1);
    assert_int_equal(history_next(history, &position, "web")->at_ns, 3);
    assert_null(history_next(history, &position, "web"));
    add(history, "web", 4);
    assert_int_equal(history_next(history, &position, "web")->at_ns, 4);
    position = history_start(history, NULL, 2);
    assert_int_equal(history_next(history, &position, NULL)->at_ns, 3);
    assert_true(history_last(history, NULL)->text[0] != '\0');
    history_close(history);
}

static void the_oldest_make_room(void **state)
{
    struct history *history;
    uint64_t position = 0;

    (void)state;
    assert_int_equal(history_open(&history), 0);
    for (uint64_t i = 0; i < HISTORY_ENTRIES_MAX + 5; i++)
        add(history, "web", i);
    assert_int_equal(history_end(history) - history_oldest(history), HISTORY_ENTRIES_MAX);
    /* A reader that was left behind goes on at the oldest that is still there. */
    assert_int_equal(history_next(history, &position, NULL)->at_ns, 5);
    history_close(history);
    history_close(NULL);
}

static void a_recording_is_forgotten_by_all_who_name_it(void **state)
{
    struct history_entry entry = {.instance = "web"};
    struct history *history;
    uint64_t sequence = 0;

    (void)state;
    assert_int_equal(history_open(&history), 0);
    for (unsigned i = 0; i < HISTORY_ENTRIES_MAX + 3; i++) {
        snprintf(entry.recording, sizeof(entry.recording), i % 2 == 0 ? "even" : "odd");
        history_add(history, &entry);
    }
    history_forget_recording(history, "even");
    for (unsigned i = 3; i < HISTORY_ENTRIES_MAX + 3; i++)
        assert_string_equal(history_next(history, &sequence, NULL)->recording,
                            i % 2 == 0 ? "" : "odd");
    history_close(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_back_in_order),
        cmocka_unit_test(the_oldest_make_room),
        cmocka_unit_test(a_recording_is_forgotten_by_all_who_name_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
