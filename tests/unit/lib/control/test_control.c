/* Control messages: what is taken for a call, what is refused and how, and the status's contract.
 */
#include "lib/control/control.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUNDS = 50000, TEXT_SIZE = 256 };

static int parse(const char *text, struct control_request *request, json_t **error)
{
    return control_request_parse(text, strlen(text), request, error);
}

static void calls_are_understood(void **state)
{
    struct control_request request;
    json_t *error;

    (void)state;
    assert_int_equal(parse("{\"method\":\"io.vipd.GetStatus\"}", &request, &error), 0);
    assert_int_equal(request.method, CONTROL_GET_STATUS);
    assert_false(request.has_name || request.more || request.oneway);
    assert_int_equal(parse("{\"method\":\"io.vipd.GetStatus\",\"parameters\":{\"instance\":"
                           "\"web\"}}",
                           &request, &error),
                     0);
    assert_string_equal(request.name, "web");
    assert_int_equal(parse("{\"method\":\"io.vipd.GetHistory\",\"parameters\":{\"limit\":3},"
                           "\"more\":true}",
                           &request, &error),
                     0);
    assert_int_equal(request.limit, 3);
    assert_true(request.more);
    assert_int_equal(parse("{\"method\":\"io.vipd.Reload\"}", &request, &error), 0);
    assert_false(request.dry_run || request.force);
    assert_int_equal(parse("{\"method\":\"io.vipd.Reload\",\"parameters\":{\"dry_run\":true}}",
                           &request, &error),
                     0);
    assert_true(request.dry_run && !request.force);
    assert_true(control_method_changes(request.method));
    assert_int_equal(parse("{\"method\":\"io.vipd.Drain\",\"parameters\":{\"instance\":\"web\","
                           "\"for_ms\":1500,\"force\":true,\"all\":null}}",
                           &request, &error),
                     0);
    assert_int_equal(request.method, CONTROL_DRAIN);
    assert_string_equal(request.name, "web");
    assert_int_equal(request.for_ns, 1500 * NS_PER_MS);
    assert_true(request.force);
    assert_false(request.all);
    assert_int_equal(
        parse("{\"method\":\"io.vipd.Resume\",\"parameters\":{\"all\":true}}", &request, &error),
        0);
    assert_true(request.all);
    assert_int_equal(request.for_ns, DEADLINE_NEVER);
    assert_true(control_method_changes(CONTROL_DRAIN));
    assert_true(control_method_changes(CONTROL_RESUME));
    assert_true(control_method_changes(CONTROL_TAKE));
    assert_false(control_method_changes(CONTROL_GET_STATUS));
    assert_false(control_method_changes(CONTROL_GET_HISTORY));
}

static void what_is_no_call_is_not_answered(void **state)
{
    static const char *const texts[] = {
        "",
        "x",
        "[]",
        "1",
        "{}",
        "{\"method\":1}",
        "{\"method\":\"io.vipd.GetStatus\"",
        "{\"method\":\"io.vipd.GetStatus\",\"more\":1}",
        "{\"method\":\"io.vipd.GetStatus\",\"parameters\":[]}",
        "{\"method\":\"a\",\"method\":\"b\"}",
    };
    struct control_request request;
    json_t *error;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (parse(texts[i], &request, &error) != -EBADMSG)
            fail_msg("taken for a call: %s", texts[i]);
        assert_null(error);
    }
}

static void wrong_calls_are_told_why(void **state)
{
    static const struct {
        const char *text;
        const char *error;
    } rows[] = {
        {"{\"method\":\"io.vipd.Nothing\"}", CONTROL_ERROR_METHOD_NOT_FOUND},
        {"{\"method\":\"io.vipd.GetStatus\",\"parameters\":{\"instans\":\"web\"}}",
         CONTROL_ERROR_INVALID_PARAMETER},
        {"{\"method\":\"io.vipd.GetStatus\",\"parameters\":{\"instance\":1}}",
         CONTROL_ERROR_INVALID_PARAMETER},
        {"{\"method\":\"io.vipd.Drain\",\"parameters\":{\"for_ms\":0}}",
         CONTROL_ERROR_INVALID_PARAMETER},
        {"{\"method\":\"io.vipd.Drain\",\"parameters\":{\"for_ms\":31536000001}}",
         CONTROL_ERROR_INVALID_PARAMETER},
        {"{\"method\":\"io.vipd.Drain\",\"parameters\":{\"force\":1}}",
         CONTROL_ERROR_INVALID_PARAMETER},
        {"{\"method\":\"io.vipd.Take\",\"parameters\":{}}", CONTROL_ERROR_INVALID_PARAMETER},
        {"{\"method\":\"io.vipd.Take\",\"parameters\":{\"instance\":\"a\",\"force\":true}}",
         CONTROL_ERROR_INVALID_PARAMETER},
        {"{\"method\":\"io.vipd.GetHistory\",\"parameters\":{\"limit\":-1}}",
         CONTROL_ERROR_INVALID_PARAMETER},
    };
    struct control_request request;
    json_t *error;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(parse(rows[i].text, &request, &error), -EINVAL);
        assert_string_equal(json_string_value(json_object_get(error, "error")), rows[i].error);
        json_decref(error);
    }
}

static void no_text_does_harm(void **state)
{
    static const char whole[] = "{\"method\":\"io.vipd.GetHistory\",\"parameters\":{\"instance\":"
                                "\"web\",\"limit\":10},\"more\":true}";

    (void)state;
    srandom(4);
    for (int round = 0; round < ROUNDS; round++) {
        char text[TEXT_SIZE];
        struct control_request request;
        json_t *error;

        memcpy(text, whole, sizeof(whole));
        for (long changes = random() % 4; changes >= 0; changes--)
            text[(size_t)random() % (sizeof(whole) - 1)] = (char)random();
        (void)control_request_parse(text, sizeof(whole) - 1, &request, &error);
        json_decref(error);
    }
}

/* What scripts rely on: the documented contract. Fields may be added, never taken away. */
static void status_keeps_its_contract(void **state)
{
    static const char *const instance_fields[] = {
        "name",    "interface", "vrid",      "state",   "since",           "base_priority",
        "held_by", "master",    "addresses", "routers", "last_transition", "effective_priority"};
    static const char *const router_fields[] = {"family", "state", "advert_interval_ms",
                                                "master_down_interval_ms", "counters"};
    static const char *const counters[] = {"master-transitions",      "advertisement-rcvd",
                                           "advertisement-sent",      "priority-zero-pkts-rcvd",
                                           "priority-zero-pkts-sent", "checksum-errors",
                                           "version-errors",          "vrid-errors",
                                           "address-list-errors",     "interval-errors",
                                           "packet-length-errors",    "ip-ttl-errors",
                                           "invalid-type-pkts-rcvd"};
    struct status_router router = {.family = IP_FAMILY_IPV4,
                                   .state = VRRP_MASTER,
                                   .timer_in_ns = DEADLINE_NEVER,
                                   .last_advert_age_ns = DEADLINE_NEVER,
                                   .advert_interval_ns = NS_PER_SEC,
                                   .master_down_interval_ns = 3414 * NS_PER_MS};
    struct status_address address = {.held = true};
    struct history_entry last = {
        .at_ns = NS_PER_SEC,
        .transition = {.from = VRRP_BACKUP, .to = VRRP_MASTER, .reason = REASON_NO_RESPONSE}};
    struct status_instance instance = {.name = "web",
                                       .interface = "eth\xff",
                                       .vrid = 51,
                                       .state = VRRP_MASTER,
                                       .base_priority = 150,
                                       .effective_priority = 150,
                                       .addresses = &address,
                                       .address_count = 1,
                                       .routers = &router,
                                       .router_count = 1,
                                       .last_transition = &last};
    const struct status_node node = {
        .node = "lb1", .software = "0", .instances = &instance, .instance_count = 1};

    (void)state;
    assert_true(ip_prefix_parse("192.0.2.10/24", &address.prefix));
    assert_true(ip_address_parse("10.0.0.1", &instance.master.address));
    json_t *status = control_status_to_json(&node);
    assert_non_null(status);
    assert_int_equal(json_integer_value(json_object_get(status, "version")), 1);
    assert_string_equal(json_string_value(json_object_get(status, "node")), "lb1");
    json_t *web = json_array_get(json_object_get(status, "instances"), 0);
    for (size_t i = 0; i < sizeof(instance_fields) / sizeof(instance_fields[0]); i++)
        assert_non_null(json_object_get(web, instance_fields[i]));
    json_t *first = json_array_get(json_object_get(web, "routers"), 0);
    for (size_t i = 0; i < sizeof(router_fields) / sizeof(router_fields[0]); i++)
        assert_non_null(json_object_get(first, router_fields[i]));
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
        assert_non_null(json_object_get(json_object_get(first, "counters"), counters[i]));
    json_t *transition = json_object_get(web, "last_transition");
    assert_string_equal(json_string_value(json_object_get(transition, "reason")), "no-response");
    assert_string_equal(json_string_value(json_object_get(transition, "at")),
                        "1970-01-01T00:00:01.000Z");
    /* One odd name must not spoil the message. */
    assert_string_equal(json_string_value(json_object_get(web, "interface")), "eth?");
    json_decref(status);
}

static void what_was_asked_is_told(void **state)
{
    struct status_instance instance = {.name = "web", .interface = "eth0"};
    json_t *json = control_instance_to_json(&instance);

    (void)state;
    assert_true(json_is_null(json_object_get(json, "drained")));
    assert_true(json_is_null(json_object_get(json, "handover")));
    assert_true(json_is_null(json_object_get(json, "group")));
    json_decref(json);
    instance.group = "gate";
    instance.preempt = PREEMPT_WHEN_HEALTHY;
    instance.drained = (struct status_drained){.drained = true, .left_ns = 5 * NS_PER_SEC};
    instance.handover = (struct status_handover){.kind = HANDOVER_TAKE,
                                                 .outcome = HANDOVER_FAILED,
                                                 .id = 7,
                                                 .took_ns = 41 * NS_PER_MS,
                                                 .text = "why"};
    json = control_instance_to_json(&instance);
    assert_string_equal(json_string_value(json_object_get(json, "group")), "gate");
    assert_string_equal(json_string_value(json_object_get(json, "preempt_mode")),
                        "when-healthy-for");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(json, "drained"), "left_ms")), 5000);
    const json_t *handover = json_object_get(json, "handover");
    assert_int_equal(json_integer_value(json_object_get(handover, "id")), 7);
    assert_string_equal(json_string_value(json_object_get(handover, "kind")), "take");
    assert_string_equal(json_string_value(json_object_get(handover, "outcome")), "failed");
    assert_string_equal(json_string_value(json_object_get(handover, "text")), "why");
    json_decref(json);
}

static void a_recording_is_named(void **state)
{
    struct history_entry entry = {.instance = "web"};
    json_t *without = control_history_to_json(&entry);

    (void)state;
    assert_null(json_object_get(without, "recording"));
    snprintf(entry.recording, sizeof(entry.recording), "/var/lib/vipd/recordings/x.pcap");
    json_t *with = control_history_to_json(&entry);
    assert_string_equal(json_string_value(json_object_get(with, "recording")),
                        "/var/lib/vipd/recordings/x.pcap");
    json_decref(without);
    json_decref(with);
}

static void a_foreign_holder_is_named(void **state)
{
    struct status_router router = {.family = IP_FAMILY_IPV4,
                                   .timer_in_ns = DEADLINE_NEVER,
                                   .foreign = {.mac = {2, 0, 0, 0, 0, 9}, .count = 7}};
    const struct status_instance instance = {
        .name = "web", .interface = "eth0", .routers = &router, .router_count = 1};

    (void)state;
    assert_true(ip_address_parse("192.0.2.10", &router.foreign.address));
    json_t *json = control_instance_to_json(&instance);
    json_t *foreign =
        json_object_get(json_array_get(json_object_get(json, "routers"), 0), "foreign_holder");
    assert_string_equal(json_string_value(json_object_get(foreign, "mac")), "02:00:00:00:00:09");
    assert_int_equal(json_integer_value(json_object_get(foreign, "count")), 7);
    json_decref(json);
}

static void conflicts_and_warnings_are_told(void **state)
{
    struct status_router router = {
        .family = IP_FAMILY_IPV4,
        .timer_in_ns = DEADLINE_NEVER,
        .conflict = {.mode = CONFLICT_MODE_RELEASE,
                     .active = true,
                     .conflicts = 2,
                     .claims = 30,
                     .defences = 4,
                     .defences_suppressed = 5,
                     .mac = {2, 0, 0, 0, 0, 9},
                     .last_ns = NS_PER_SEC},
    };
    struct status_warning warnings[] = {
        {.kind = "duplicate-vrid", .family = IP_FAMILY_IPV4, .text = "two", .count = 3},
        {.kind = "looped-packets", .mac = {2, 0, 0, 0, 0, 8}, .has_mac = true},
    };
    const struct status_instance instance = {.name = "web",
                                             .interface = "eth0",
                                             .routers = &router,
                                             .router_count = 1,
                                             .warnings = warnings,
                                             .warning_count = 2};
    struct history_entry event = {.event = HISTORY_NOTICE, .text = "x", .notice = "duplicate-vrid"};
    json_int_t conflicts, claims, defences, suppressed;
    const char *mode, *address, *mac, *kind, *text, *peer, *second_mac;
    int active;

    (void)state;
    assert_true(ip_address_parse("192.0.2.10", &router.conflict.address));
    assert_true(ip_address_parse("192.0.2.9", &warnings[0].peer));
    json_t *json = control_instance_to_json(&instance);
    assert_int_equal(json_unpack(json, "{s:[{s:{s:s, s:b, s:I, s:I, s:I, s:I, s:s, s:s}}]}",
                                 "routers", "conflict", "mode", &mode, "active", &active,
                                 "conflicts", &conflicts, "claims", &claims, "defences", &defences,
                                 "defences_suppressed", &suppressed, "address", &address, "mac",
                                 &mac),
                     0);
    assert_string_equal(mode, "release");
    assert_true(active);
    assert_true(conflicts == 2 && claims == 30 && defences == 4 && suppressed == 5);
    assert_string_equal(address, "192.0.2.10");
    assert_string_equal(mac, "02:00:00:00:00:09");
    assert_int_equal(json_unpack(json, "{s:[{s:s, s:s, s:s, s:n}, {s:n, s:s}]}", "warnings", "kind",
                                 &kind, "text", &text, "peer", &peer, "mac", "peer", "mac",
                                 &second_mac),
                     0);
    assert_string_equal(kind, "duplicate-vrid");
    assert_string_equal(text, "two");
    assert_string_equal(peer, "192.0.2.9");
    assert_string_equal(second_mac, "02:00:00:00:00:08");
    json_decref(json);

    json = control_history_to_json(&event);
    assert_string_equal(json_string_value(json_object_get(json, "event")), "notice");
    assert_string_equal(json_string_value(json_object_get(json, "reason")), "duplicate-vrid");
    json_decref(json);
    event.event = HISTORY_TRANSITION;
    json = control_history_to_json(&event);
    assert_string_equal(json_string_value(json_object_get(json, "event")), "transition");
    json_decref(json);
}

/* Paths may be that long. */
static void a_long_text_that_is_not_utf8_is_kept_whole(void **state)
{
    char text[2000];

    (void)state;
    memset(text, 'a', sizeof(text));
    text[3] = (char)0xff;
    text[sizeof(text) - 1] = '\0';
    json_t *value = control_text_to_json(text);
    text[3] = '?';
    assert_string_equal(json_string_value(value), text);
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_understood),
        cmocka_unit_test(what_is_no_call_is_not_answered),
        cmocka_unit_test(wrong_calls_are_told_why),
        cmocka_unit_test(no_text_does_harm),
        cmocka_unit_test(status_keeps_its_contract),
        cmocka_unit_test(what_was_asked_is_told),
        cmocka_unit_test(a_recording_is_named),
        cmocka_unit_test(a_foreign_holder_is_named),
        cmocka_unit_test(conflicts_and_warnings_are_told),
        cmocka_unit_test(a_long_text_that_is_not_utf8_is_kept_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
