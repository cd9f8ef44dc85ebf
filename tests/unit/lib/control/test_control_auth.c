/* What the status says of each sender of signed or unsigned adverts: a sentence with the cause and
 * what mends it, for everything that is not well. */
#include "lib/control/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct auth_peers peers;

/* "authentication" of a router with that policy, which has heard one sender. */
static json_t *encoded(const struct auth_policy *policy, enum auth_outcome last, uint8_t key_id)
{
    struct status_router router = {
        .family = IP_FAMILY_IPV4, .auth_policy = policy, .auth_peers = &peers};
    const struct status_instance instance = {
        .name = "web", .interface = "eth0", .vrid = 1, .routers = &router, .router_count = 1};

    peers = (struct auth_peers){0};
    assert_true(ip_address_parse("10.0.0.2", &peers.list[0].address));
    peers.list[0].last = last;
    peers.list[0].last_utc_ns = NS_PER_SEC;
    peers.list[0].key_id = key_id;
    peers.list[0].by_outcome[last] = 3;
    json_t *json = control_instance_to_json(&instance);
    json_t *auth = json_incref(
        json_object_get(json_array_get(json_object_get(json, "routers"), 0), "authentication"));
    json_decref(json);
    return auth;
}

static void assert_text(const struct auth_policy *policy, enum auth_outcome last, uint8_t key_id,
                        const char *text, const char *mend)
{
    json_t *auth = encoded(policy, last, key_id);
    const json_t *peer = json_array_get(json_object_get(auth, "peers"), 0);
    const char *said = json_string_value(json_object_get(peer, "text"));
    const char *told = json_string_value(json_object_get(peer, "mend"));

    assert_true(json_is_object(peer));
    if (text == NULL) {
        assert_true(json_is_null(json_object_get(peer, "text")));
        assert_true(json_is_null(json_object_get(peer, "mend")));
    } else if (said == NULL || told == NULL || strstr(said, text) == NULL ||
               strstr(told, mend) == NULL) {
        fail_msg("%s: %s / %s", auth_outcome_name(last), said, told);
    }
    assert_int_equal(json_integer_value(json_object_get(json_object_get(peer, "outcomes"),
                                                        auth_outcome_name(last))),
                     3);
    json_decref(auth);
}

static void every_outcome_has_its_sentence(void **state)
{
    static const uint8_t octets[AUTH_KEY_SIZE_MIN] = {1};
    struct auth_policy policy = {.keys = auth_keys_new(), .mode = AUTH_ENFORCE};

    (void)state;
    assert_true(
        auth_keys_add((struct auth_keys *)(uintptr_t)policy.keys, 1, octets, sizeof(octets)));
    assert_text(&policy, AUTH_OK, 1, NULL, NULL);
    assert_text(&policy, AUTH_TRAILER_MISSING, 0, "auth-mode = enforce", "permissive");
    assert_text(&policy, AUTH_MALFORMED, 1, "does not know", "2.4.2");
    assert_text(&policy, AUTH_UNKNOWN_KEY, 9, "no auth-key here has", "same ids");
    assert_text(&policy, AUTH_BAD_HMAC, 1, "another key", "sha256sum");
    assert_text(&policy, AUTH_STALE, 1, "off by more than auth-window", "clocks right");
    assert_text(&policy, AUTH_REPLAYED, 1, "was heard before", "replays");
    policy.mode = AUTH_PERMISSIVE;
    assert_text(&policy, AUTH_OK, 1, NULL, NULL);
    assert_text(&policy, AUTH_OK_UNAUTHENTICATED, 0, "sends unsigned adverts", "permissive there");
    policy.mode = AUTH_RECEIVE_ONLY;
    assert_text(&policy, AUTH_OK, 1, "ours go out unsigned", "permissive here");
    auth_keys_unref((struct auth_keys *)(uintptr_t)policy.keys);
}

static void without_keys_there_is_nothing_of_it(void **state)
{
    const struct auth_policy policy = {0};

    (void)state;
    json_t *auth = encoded(&policy, AUTH_OK, 0);
    assert_true(json_is_null(auth));
    json_decref(auth);
    auth = encoded(NULL, AUTH_OK, 0);
    assert_true(json_is_null(auth));
    json_decref(auth);
}

/* Who has no place of its own is shown all the same, and what is configured. */
static void the_rule_and_the_others_are_shown(void **state)
{
    static const uint8_t octets[AUTH_KEY_SIZE_MIN] = {1};
    struct auth_keys *keys = auth_keys_new();
    const struct auth_policy policy = {
        .keys = keys, .mode = AUTH_ENFORCE, .rules = {.replay = AUTH_REPLAY_MONOTONIC}};
    struct status_router router = {
        .family = IP_FAMILY_IPV6, .auth_policy = &policy, .auth_peers = &peers};
    const struct status_instance instance = {
        .name = "web", .interface = "eth0", .vrid = 1, .routers = &router, .router_count = 1};

    (void)state;
    assert_true(auth_keys_add(keys, 4, octets, sizeof(octets)));
    peers = (struct auth_peers){0};
    assert_true(ip_address_parse("fe80::9", &peers.others.address));
    peers.others.last = AUTH_BAD_HMAC;
    peers.others.last_utc_ns = NS_PER_SEC;
    json_t *json = control_instance_to_json(&instance);
    const json_t *auth =
        json_object_get(json_array_get(json_object_get(json, "routers"), 0), "authentication");
    const json_t *list = json_object_get(auth, "peers");
    assert_string_equal(json_string_value(json_object_get(auth, "replay")), "monotonic");
    assert_true(json_is_null(json_object_get(auth, "window_s")));
    assert_int_equal(json_integer_value(json_array_get(json_object_get(auth, "key_ids"), 0)), 4);
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "address")),
                        "fe80::9");
    json_decref(json);
    auth_keys_unref(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_outcome_has_its_sentence),
        cmocka_unit_test(without_keys_there_is_nothing_of_it),
        cmocka_unit_test(the_rule_and_the_others_are_shown),
    };

    return cmocka_run_group_tests_name("control_auth", tests, NULL, NULL);
}
