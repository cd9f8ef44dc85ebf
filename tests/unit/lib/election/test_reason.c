/* Reasons: every one has a name and a sentence, and the sentence carries the evidence. */
#include "lib/election/reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct transition silent_master(void)
{
    struct transition t = {
        .from = VRRP_BACKUP,
        .to = VRRP_MASTER,
        .reason = REASON_NO_RESPONSE,
        .evidence = {.silence_ns = 3610400000, .limit_ns = 3609375000, .own_priority = 100},
    };

    assert_true(ip_address_parse("10.0.0.2", &t.evidence.peer));
    return t;
}

static void every_reason_is_complete(void **state)
{
    char text[REASON_TEXT_SIZE];

    (void)state;
    for (int r = 0; r < REASONS; r++) {
        struct transition t = silent_master();
        t.reason = (enum reason)r;
        assert_true(strlen(reason_name(t.reason)) > 0);
        assert_true(strlen(reason_last_event(t.reason)) > 0);
        assert_true(strlen(reason_text(&t, text, sizeof(text))) > 0);
        assert_null(strchr(text, '%'));
        for (int other = 0; other < r; other++)
            assert_string_not_equal(reason_name(t.reason), reason_name((enum reason)other));
    }
}

static void sentences_carry_the_evidence(void **state)
{
    struct transition t = silent_master();
    char text[REASON_TEXT_SIZE];

    (void)state;
    assert_string_equal(reason_text(&t, text, sizeof(text)),
                        "no advert from 10.0.0.2 for 3.610 s (limit 3.609 s)");
    t.evidence.peer = (struct ip_address){0};
    t.evidence.limit_ns = 36093750;
    assert_string_equal(reason_text(&t, text, sizeof(text)),
                        "no advert from any router for 36.093 ms");
    t = silent_master();
    t.reason = REASON_HIGHER_PRIORITY;
    t.evidence.peer_priority = 150;
    assert_string_equal(reason_text(&t, text, sizeof(text)),
                        "10.0.0.2 advertises priority 150, ours is 100");
    strcpy(t.evidence.note, "150 - 60 (haproxy) = 90");
    assert_string_equal(reason_text(&t, text, sizeof(text)),
                        "10.0.0.2 advertises priority 150, ours is 150 - 60 (haproxy) = 90");
    t.reason = REASON_CHECK_FAILED;
    strcpy(t.evidence.note, "check app failed: 100% broken %A");
    assert_string_equal(reason_text(&t, text, sizeof(text)), "check app failed: 100% broken %A");
    t.evidence.note[0] = '\0';
    assert_string_equal(reason_text(&t, text, sizeof(text)), "a health check failed");
}

static void who_asked_is_told(void **state)
{
    struct transition t = silent_master();
    char text[REASON_TEXT_SIZE];

    (void)state;
    t.evidence.asked = true;
    t.reason = REASON_DRAINED;
    assert_string_equal(reason_text(&t, text, sizeof(text)),
                        "drained by the administrator (root), 10.0.0.2 took over");
    t.evidence.uid = 1000;
    t.evidence.peer_priority = 100;
    t.reason = REASON_TAKEN;
    assert_string_equal(reason_text(&t, text, sizeof(text)),
                        "taken from 10.0.0.2 (priority 100) as the administrator (uid 1000) asked");
    t.reason = REASON_RESUMED;
    assert_string_equal(reason_text(&t, text, sizeof(text)),
                        "resumed by the administrator (uid 1000)");
    t.evidence.asked = false;
    strcpy(t.evidence.note, "the time of its drain is over");
    assert_string_equal(reason_text(&t, text, sizeof(text)), "the time of its drain is over");
}

static void short_buffers_are_respected(void **state)
{
    struct transition t = silent_master();
    char text[REASON_TEXT_SIZE];

    (void)state;
    for (size_t size = 1; size < 60; size++) {
        memset(text, 'x', sizeof(text));
        reason_text(&t, text, size);
        assert_int_equal(text[size], 'x');
        assert_true(strlen(text) < size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_is_complete),
        cmocka_unit_test(sentences_carry_the_evidence),
        cmocka_unit_test(who_asked_is_told),
        cmocka_unit_test(short_buffers_are_respected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
