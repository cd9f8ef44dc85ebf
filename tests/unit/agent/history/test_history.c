/* The ring of transitions: order, wrap-around, and readers that keep their place. */
#include "agent/history/history.h"
#include "agent/history/packed.h"

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

/* Every field has a value of its own. */
static struct history_entry full_entry(void)
{
    struct history_entry entry = {
        .event = HISTORY_NOTICE,
        .sequence = UINT64_MAX,
        .at_ns = 2,
        .boot_ns = 3,
        .since_ns = 9,
        .family = IP_FAMILY_IPV6,
        .transition = {.from = VRRP_BACKUP,
                       .to = VRRP_MASTER,
                       .reason = REASON_NO_RESPONSE,
                       .evidence = {.peer = {.family = IP_FAMILY_IPV6},
                                    .peer_priority = 4,
                                    .own_priority = 5,
                                    .claimed = {.family = IP_FAMILY_IPV4, .octets = {10, 0, 0, 9}},
                                    .mac = {1, 2, 3, 4, 5, 6},
                                    .silence_ns = 6,
                                    .limit_ns = 7,
                                    .asked = true,
                                    .uid = 8}},
        .state = VRRP_BACKUP,
    };

    memset(entry.transition.evidence.peer.octets, 0xab, 16);
    memset(entry.instance, 'i', sizeof(entry.instance) - 1);
    memset(entry.transition.evidence.note, 'e', sizeof(entry.transition.evidence.note) - 1);
    memset(entry.text, 't', sizeof(entry.text) - 1);
    memset(entry.notice, 'n', sizeof(entry.notice) - 1);
    memset(entry.recording, 'r', sizeof(entry.recording) - 1);
    return entry;
}

static void assert_same(const struct history_entry *a, const struct history_entry *b)
{
    const struct evidence *x = &a->transition.evidence;
    const struct evidence *y = &b->transition.evidence;

    assert_int_equal(a->event, b->event);
    assert_int_equal(a->sequence, b->sequence);
    assert_int_equal(a->at_ns, b->at_ns);
    assert_int_equal(a->boot_ns, b->boot_ns);
    assert_int_equal(a->since_ns, b->since_ns);
    assert_string_equal(a->instance, b->instance);
    assert_int_equal(a->family, b->family);
    assert_int_equal(a->transition.from, b->transition.from);
    assert_int_equal(a->transition.to, b->transition.to);
    assert_int_equal(a->transition.reason, b->transition.reason);
    assert_memory_equal(&x->peer, &y->peer, sizeof(x->peer));
    assert_int_equal(x->peer_priority, y->peer_priority);
    assert_int_equal(x->own_priority, y->own_priority);
    assert_memory_equal(&x->claimed, &y->claimed, sizeof(x->claimed));
    assert_memory_equal(x->mac, y->mac, sizeof(x->mac));
    assert_int_equal(x->silence_ns, y->silence_ns);
    assert_int_equal(x->limit_ns, y->limit_ns);
    assert_string_equal(x->note, y->note);
    assert_int_equal(x->asked, y->asked);
    assert_int_equal(x->uid, y->uid);
    assert_int_equal(a->state, b->state);
    assert_string_equal(a->text, b->text);
    assert_string_equal(a->notice, b->notice);
    assert_string_equal(a->recording, b->recording);
}

static void nothing_of_an_entry_is_lost(void **state)
{
    const struct history_entry full = full_entry();
    struct history_entry plain = {.instance = "web", .text = "another text"};
    struct history *history;
    uint64_t position = 0;

    (void)state;
    assert_int_equal(history_open(&history), 0);
    history_restore(history, &full);
    history_restore(history, &plain);
    plain.text[0] = '\0'; /* of a former run: it had none */
    history_restore(history, &plain);
    assert_same(history_next(history, &position, NULL), &full);
    assert_string_equal(history_next(history, &position, NULL)->text, "another text");
    assert_string_equal(history_next(history, &position, NULL)->text, "");
    history_close(history);
}

/* With thousands of instances the ring is full soon, and most of what it has are these. */
static void a_transition_takes_little_memory(void **state)
{
    struct history_entry entry = {
        .instance = "i1234",
        .sequence = 1,
        .family = IP_FAMILY_NONE,
        .transition = {.from = VRRP_BACKUP, .to = VRRP_MASTER, .reason = REASON_NO_RESPONSE}};
    uint8_t packed[HISTORY_PACKED_MAX];
    const struct history_entry full = full_entry();

    (void)state;
    entry.transition.evidence.peer = (struct ip_address){.family = IP_FAMILY_IPV4};
    history_words(&entry);
    assert_true(entry.text[0] != '\0');
    assert_true(history_pack(&entry, true, packed) <= sizeof(entry) / 7);
    assert_true(history_pack(&full, true, packed) <= HISTORY_PACKED_MAX);
}

/* Long ones in the place of short ones, and the other way round. */
static void entries_of_all_lengths_have_room(void **state)
{
    const struct history_entry full = full_entry();
    struct history *history;
    uint64_t position = 0;

    (void)state;
    assert_int_equal(history_open(&history), 0);
    for (unsigned i = 0; i < 3 * HISTORY_ENTRIES_MAX; i++) {
        if (i < HISTORY_ENTRIES_MAX || i % 3 == 0)
            history_add(history, &full);
        else
            add(history, "web", i);
    }
    for (unsigned i = 2 * HISTORY_ENTRIES_MAX; i < 3 * HISTORY_ENTRIES_MAX; i++) {
        const struct history_entry *entry = history_next(history, &position, NULL);

        assert_int_equal(entry->sequence, i + 1);
        assert_string_equal(entry->instance, i % 3 == 0 ? full.instance : "web");
    }
    history_close(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_back_in_order),
        cmocka_unit_test(the_oldest_make_room),
        cmocka_unit_test(a_recording_is_forgotten_by_all_who_name_it),
        cmocka_unit_test(nothing_of_an_entry_is_lost),
        cmocka_unit_test(a_transition_takes_little_memory),
        cmocka_unit_test(entries_of_all_lengths_have_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
