/* Entries of the history to JSON and back: nothing is lost on the way to the disk, and nothing that
 * is not an entry is taken for one. */
#include "lib/control/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct history_entry there_and_back(const struct history_entry *entry)
{
    json_t *json = control_history_to_json(entry);
    struct history_entry read;

    assert_non_null(json);
    assert_true(control_history_from_json(json, &read));
    json_decref(json);
    return read;
}

static struct history_entry an_entry(void)
{
    struct history_entry entry = {
        .sequence = 4711,
        .at_ns = UINT64_C(1763733802118) * NS_PER_MS,
        .instance = "web",
        .family = IP_FAMILY_IPV6,
        .transition = {.from = VRRP_BACKUP,
                       .to = VRRP_MASTER,
                       .reason = REASON_NO_RESPONSE,
                       .evidence = {.peer_priority = 150,
                                    .own_priority = 100,
                                    .silence_ns = UINT64_C(3609375) * NS_PER_US,
                                    .limit_ns = UINT64_C(341406) * NS_PER_US}},
        .state = VRRP_MASTER,
        .text = "no advert from \"fe80::1\"",
    };

    assert_true(ip_address_parse("fe80::1", &entry.transition.evidence.peer));
    return entry;
}

static void a_transition_survives(void **state)
{
    const struct history_entry entry = an_entry();
    const struct history_entry read = there_and_back(&entry);
    const struct evidence *evidence = &read.transition.evidence;

    (void)state;
    assert_int_equal(read.event, HISTORY_TRANSITION);
    assert_int_equal(read.sequence, 4711);
    assert_int_equal(read.at_ns, entry.at_ns);
    assert_string_equal(read.instance, "web");
    assert_int_equal(read.family, IP_FAMILY_IPV6);
    assert_int_equal(read.transition.from, VRRP_BACKUP);
    assert_int_equal(read.transition.to, VRRP_MASTER);
    assert_int_equal(read.state, VRRP_MASTER);
    assert_int_equal(read.transition.reason, REASON_NO_RESPONSE);
    assert_string_equal(read.text, entry.text);
    assert_true(ip_address_equal(&evidence->peer, &entry.transition.evidence.peer));
    assert_int_equal(evidence->peer_priority, 150);
    assert_int_equal(evidence->own_priority, 100);
    assert_int_equal(evidence->silence_ns, entry.transition.evidence.silence_ns);
    assert_int_equal(evidence->limit_ns, entry.transition.evidence.limit_ns);
}

static void a_notice_survives(void **state)
{
    static const uint8_t mac[] = {2, 0, 0, 0xab, 0, 9};
    struct history_entry entry = {.event = HISTORY_NOTICE,
                                  .sequence = 1,
                                  .at_ns = NS_PER_SEC,
                                  .since_ns = NS_PER_SEC / 2,
                                  .instance = "web",
                                  .notice = "conflict",
                                  .text = "somebody else"};

    (void)state;
    assert_true(ip_address_parse("192.0.2.10", &entry.transition.evidence.claimed));
    memcpy(entry.transition.evidence.mac, mac, sizeof(mac));
    const struct history_entry read = there_and_back(&entry);
    assert_int_equal(read.event, HISTORY_NOTICE);
    assert_int_equal(read.since_ns, entry.since_ns);
    assert_string_equal(read.notice, "conflict");
    assert_string_equal(read.instance, "web");
    assert_true(
        ip_address_equal(&read.transition.evidence.claimed, &entry.transition.evidence.claimed));
    assert_memory_equal(read.transition.evidence.mac, mac, sizeof(mac));
}

static void a_recording_survives(void **state)
{
    struct history_entry entry = an_entry();

    (void)state;
    strcpy(entry.recording, "/var/lib/vipd/recordings/a.pcap");
    const struct history_entry read = there_and_back(&entry);
    assert_string_equal(read.recording, entry.recording);
}

static void every_reason_and_state_survives(void **state)
{
    (void)state;
    for (unsigned reason = REASON_NONE; reason < REASONS; reason++) {
        struct history_entry entry = an_entry();

        entry.family = IP_FAMILY_NONE;
        entry.transition.reason = (enum reason)reason;
        entry.transition.from = (enum vrrp_state)(reason % 3);
        entry.transition.to = (enum vrrp_state)((reason + 1) % 3);
        entry.transition.evidence = (struct evidence){0};
        const struct history_entry read = there_and_back(&entry);
        assert_int_equal(read.transition.reason, reason);
        assert_int_equal(read.transition.from, reason % 3);
        assert_int_equal(read.transition.to, (reason + 1) % 3);
        assert_int_equal(read.family, IP_FAMILY_NONE);
        assert_int_equal(read.transition.evidence.peer.family, IP_FAMILY_NONE);
        assert_int_equal(read.transition.evidence.silence_ns, 0);
    }
}

static void events_of_the_node_survive(void **state)
{
    (void)state;
    for (unsigned event = HISTORY_TRANSITION + 1; event < HISTORY_EVENTS; event++) {
        const struct history_entry entry = {
            .event = (enum history_event)event, .sequence = 1, .at_ns = NS_PER_SEC, .text = "it"};
        json_t *json = control_history_to_json(&entry);
        struct history_entry read;

        assert_true(json_is_null(json_object_get(json, "instance")));
        assert_null(json_object_get(json, "from"));
        assert_true(control_history_from_json(json, &read));
        assert_int_equal(read.event, event);
        assert_string_equal(read.instance, "");
        assert_string_equal(read.text, "it");
        json_decref(json);
    }
}

#define AT    "\"at\":\"2026-11-21T14:03:22.118Z\","
#define MOVED "\"from\":\"BACKUP\",\"to\":\"MASTER\",\"state\":\"MASTER\","

static bool is_read(const char *text, struct history_entry *out)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    bool good;

    assert_non_null(json);
    good = control_history_from_json(json, out);
    json_decref(json);
    return good;
}

static void what_is_no_entry_is_refused(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "1",
        "null",
        "{" AT "\"instance\":\"web\"}",
        "{" MOVED "\"instance\":\"web\"}",
        "{" AT MOVED "\"instance\":\"\"}",
        "{" AT MOVED "\"event\":\"exploded\",\"instance\":\"web\"}",
        "{\"at\":\"yesterday\"," MOVED "\"instance\":\"web\"}",
        "{\"at\":\"2026-11-21T14:03:22Z\"," MOVED "\"instance\":\"web\"}",
        "{\"at\":\"2026-11-21T14:03:22.1Z\"," MOVED "\"instance\":\"web\"}",
        "{" AT "\"from\":\"MASTER\",\"to\":\"UP\",\"state\":\"INIT\",\"instance\":\"web\"}",
        "{" AT MOVED
        "\"instance\":\"a-name-of-more-than-sixty-three-characters-which-cannot-be-one-"
        "of-ours\"}",
    };
    struct history_entry entry;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (is_read(texts[i], &entry))
            fail_msg("taken for an entry: %s", texts[i]);
}

/* Of another version, or of somebody's editor. */
static void odd_fields_do_no_harm(void **state)
{
    struct history_entry entry;

    (void)state;
    assert_true(is_read("{" AT MOVED "\"instance\":\"web\",\"reason\":\"gremlins\",\"text\":\"T\","
                        "\"sequence\":-1,\"evidence\":{\"peer\":\"nobody\",\"silence_ms\":1e300,"
                        "\"limit_ms\":-5,\"peer_priority\":999},\"recording\":\"x\"}",
                        &entry));
    assert_int_equal(entry.transition.reason, REASON_NONE);
    assert_string_equal(entry.text, "T");
    assert_int_equal(entry.sequence, 0);
    assert_int_equal(entry.transition.evidence.peer.family, IP_FAMILY_NONE);
    assert_int_equal(entry.transition.evidence.silence_ns, 0);
    assert_int_equal(entry.transition.evidence.limit_ns, 0);
    assert_int_equal(entry.transition.evidence.peer_priority, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transition_survives),
        cmocka_unit_test(a_notice_survives),
        cmocka_unit_test(a_recording_survives),
        cmocka_unit_test(every_reason_and_state_survives),
        cmocka_unit_test(events_of_the_node_survive),
        cmocka_unit_test(what_is_no_entry_is_refused),
        cmocka_unit_test(odd_fields_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
