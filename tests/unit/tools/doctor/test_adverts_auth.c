/* Of each way in which signatures do not fit, what doctor says: the cause, and what mends it. */
#include "tools/doctor/adverts_auth.h"
#include "tools/doctor/doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct config_instance instance;

static int with_a_key(void **state)
{
    static const uint8_t octets[AUTH_KEY_SIZE_MIN] = {1};
    static struct config_auth_key keys[] = {{.id = 7}};

    (void)state;
    memset(&instance, 0, sizeof(instance));
    instance.name = "web";
    instance.advert_interval_ns = NS_PER_SEC;
    instance.auth_keys = keys;
    instance.auth_key_count = 1;
    instance.secrets = auth_keys_new();
    return instance.secrets != NULL && auth_keys_add(instance.secrets, 7, octets, sizeof(octets))
               ? 0
               : -1;
}

static int without(void **state)
{
    (void)state;
    auth_keys_unref(instance.secrets);
    instance.secrets = NULL;
    return 0;
}

/* The one finding of an advert of which the instance says that, by a key of id 9 and a clock that
 * is 40 s behind; is_signed: it has a trailer. */
static struct finding judged(enum packet_verdict received, bool is_signed, bool drops)
{
    static struct findings findings;
    uint8_t trailer[AUTH_TRAILER_SIZE] = {1, 9};
    uint32_t stamp = (uint32_t)time(NULL) - 40;
    struct arrival arrival = {
        .instance = &instance, .sender = "10.0.0.2 (02:00:00:00:00:02)", .received = received};

    for (size_t i = 0; i < 4; i++)
        trailer[4 + i] = (uint8_t)(stamp >> (24 - 8 * i));
    arrival.advert.trailer = is_signed ? trailer : NULL;
    findings_free(&findings);
    findings = (struct findings){0};
    assert_int_equal(judge_trailer(&arrival, &findings), drops);
    assert_in_range(findings.count, 0, 1);
    return findings.count == 1 ? findings.list[0] : (struct finding){0};
}

static void what_is_dropped_is_explained(void **state)
{
    static const struct {
        enum packet_verdict verdict;
        const char *code;
        const char *seen;
        const char *fix;
    } cases[] = {
        {PACKET_TRAILER_MISSING, "peer-auth",
         "peer 10.0.0.2 (02:00:00:00:00:02) sends unsigned adverts, this node has auth-mode = "
         "enforce",
         "permissive"},
        {PACKET_TRAILER_MALFORMED, "peer-auth", "does not know", "2.4.2"},
        {PACKET_TRAILER_UNKNOWN_KEY, "peer-auth", "(it signs with 9, here is 7)", "same ids"},
        {PACKET_TRAILER_INVALID_HMAC, "peer-auth", "forger", "sha256sum"},
        {PACKET_TRAILER_REPLAY, "peer-auth", "heard before", "somebody replays"},
        {PACKET_TRAILER_UNEXPECTED, "peer-auth",
         "this node has no auth-key: its adverts are dropped as auth_ext_unexpected",
         "receive-only at first"},
        {PACKET_TRAILER_STALE, "peer-clock", "s behind ours, and auth-window is 5 s", "chrony"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct finding found =
            judged(cases[i].verdict, cases[i].verdict != PACKET_TRAILER_MISSING, true);

        assert_non_null(found.code);
        assert_string_equal(found.code, cases[i].code);
        assert_int_equal(found.severity, SEVERITY_ERROR);
        if (strstr(found.seen, cases[i].seen) == NULL || strstr(found.fix, cases[i].fix) == NULL)
            fail_msg("%s / %s", found.seen, found.fix);
    }
}

static void half_of_a_migration_is_a_warning(void **state)
{
    (void)state;
    instance.auth_mode = AUTH_PERMISSIVE;
    assert_null(judged(PACKET_OK, true, false).code);
    assert_string_equal(judged(PACKET_OK, false, false).code, "peer-unsigned");
    instance.auth_mode = AUTH_RECEIVE_ONLY;
    const struct finding found = judged(PACKET_OK, true, false);
    assert_string_equal(found.code, "unsigned-here");
    assert_non_null(strstr(found.seen, "if it has auth-mode = enforce, it drops them"));
    assert_string_equal(found.fix, "auth-mode = permissive here");
    assert_null(judged(PACKET_CHECKSUM_ERROR, true, false).code);
}

static void without_keys_nothing_is_half(void **state)
{
    (void)without(state);
    assert_null(judged(PACKET_OK, false, false).code);
}

/* A replay is known by what was heard before: only the agent can tell. */
static void what_the_agent_has_refused_has_its_own_mend(void **state)
{
    struct findings findings = {0};
    json_t *status =
        json_pack("{s:[{s:s, s:[{s:s, s:s, s:s}, {s:s, s:s, s:n}]}]}", "instances", "name", "web",
                  "warnings", "kind", "refused-peer", "text", "10.0.0.2 repeats", "drop",
                  "auth_ext_replay", "kind", "refused-peer", "text", "10.0.0.3 is silent", "drop");
    const struct patient patient = {.after = status};

    (void)state;
    assert_non_null(status);
    examine_peers_of_agent(&patient, &findings);
    assert_int_equal(findings.count, 2);
    assert_string_equal(findings.list[0].seen, "10.0.0.2 repeats");
    assert_non_null(strstr(findings.list[0].fix, "somebody replays its adverts"));
    assert_non_null(strstr(findings.list[1].fix, "protocol 112"));
    findings_free(&findings);
    json_decref(status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_dropped_is_explained, with_a_key, without),
        cmocka_unit_test_setup_teardown(half_of_a_migration_is_a_warning, with_a_key, without),
        cmocka_unit_test_setup_teardown(without_keys_nothing_is_half, with_a_key, without),
        cmocka_unit_test(what_the_agent_has_refused_has_its_own_mend),
    };

    return cmocka_run_group_tests_name("adverts_auth", tests, NULL, NULL);
}
