/* The newest transition as it is kept: nothing of it is lost, and an empty note takes no room. */
#include "agent/instances/last_transition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* With a note of that length. */
static struct transition full(size_t length)
{
    struct transition transition = {.from = VRRP_BACKUP,
                                    .to = VRRP_MASTER,
                                    .reason = REASON_CONFLICT_OVER,
                                    .evidence = {.peer = {.family = IP_FAMILY_IPV4},
                                                 .peer_priority = 7,
                                                 .own_priority = 8,
                                                 .claimed = {.family = IP_FAMILY_IPV6},
                                                 .mac = {1, 2, 3, 4, 5, 6},
                                                 .silence_ns = 9,
                                                 .limit_ns = 10,
                                                 .asked = true,
                                                 .uid = 11}};

    memset(transition.evidence.peer.octets, 'p', sizeof(transition.evidence.peer.octets));
    memset(transition.evidence.claimed.octets, 'c', sizeof(transition.evidence.claimed.octets));
    memset(transition.evidence.note, 'n', length);
    return transition;
}

static void assert_same(const struct transition *a, const struct transition *b)
{
    const struct evidence *x = &a->evidence;
    const struct evidence *y = &b->evidence;

    assert_true(a->from == b->from && a->to == b->to && a->reason == b->reason);
    assert_memory_equal(&x->peer, &y->peer, sizeof(x->peer));
    assert_true(x->peer_priority == y->peer_priority && x->own_priority == y->own_priority);
    assert_memory_equal(&x->claimed, &y->claimed, sizeof(x->claimed));
    assert_memory_equal(x->mac, y->mac, sizeof(x->mac));
    assert_true(x->silence_ns == y->silence_ns && x->limit_ns == y->limit_ns);
    assert_true(x->asked == y->asked && x->uid == y->uid);
    assert_string_equal(x->note, y->note);
}

static void nothing_is_lost(void **state)
{
    static const size_t lengths[] = {0, 1, EVIDENCE_NOTE_SIZE - 1, 5, 0};
    struct last_transition last = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        const struct transition before = full(lengths[i]);

        last_transition_set(&last, &before);
        const struct transition after = last_transition_get(&last);
        assert_same(&after, &before);
        assert_true((last.note == NULL) == (lengths[i] == 0));
    }
    last_transition_free(&last);
}

static void there_was_none(void **state)
{
    const struct last_transition last = {0};
    const struct transition none = last_transition_get(&last);

    (void)state;
    assert_int_equal(none.reason, REASON_NONE);
    assert_string_equal(none.evidence.note, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(there_was_none),
    };

    return cmocka_run_group_tests_name("last_transition", tests, NULL, NULL);
}
