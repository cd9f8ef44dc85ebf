/* What a configuration makes of a router's receiver, of each family, and of its rule of signatures:
 * the addresses and peers of one family are none of the other's business. */
#include "lib/config/secrets.h"
#include "tests/unit/lib/config/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BOTH                                                                                       \
    "[instance web]\ninterface = eth0\nvrid = 51\npriority = 120\nchecksum = rfc9568\n"            \
    "strict = yes\naddresses = 192.0.2.10/24, 192.0.2.11/24, 2001:db8::10/64\n"                    \
    "source = 192.0.2.1, fe80::1\n"

static char *no_file(const char *path, char *error, size_t error_size)
{
    (void)path;
    (void)error;
    (void)error_size;
    return NULL;
}

static struct config *read_text(const char *text)
{
    struct config_problems problems;
    struct config *config = parse_text(text, &problems);

    assert_non_null(config);
    assert_true(config_secrets_read(config, no_file, &problems));
    config_problems_free(&problems);
    return config;
}

static void assert_address(const struct ip_address *address, const char *text)
{
    char buffer[ADDRESS_TEXT_SIZE];

    assert_string_equal(ip_address_format(address, buffer, sizeof(buffer)), text);
}

static void each_family_has_its_own(void **state)
{
    struct config *config = read_text(BOTH);
    const struct config_instance *web = config_find_instance(config, "web");
    struct packet_receiver receiver;
    struct ip_address peers[INSTANCE_PEERS_MAX];

    (void)state;
    config_receiver(web, IP_FAMILY_IPV4, peers, &receiver);
    assert_int_equal(receiver.address_count, 2);
    assert_address(&receiver.source, "192.0.2.1");
    assert_address(&receiver.group, "224.0.0.18");
    assert_int_equal(receiver.priority, 120);
    assert_int_equal(receiver.checksum_mode, CHECKSUM_MODE_RFC9568);
    assert_true(receiver.strict);
    assert_false(receiver.unicast || receiver.trailers || receiver.names_trailers);
    config_receiver(web, IP_FAMILY_IPV6, peers, &receiver);
    /* And the link-local one that erratum 8300 wants in front. */
    assert_int_equal(receiver.address_count, 2);
    assert_true(ip_address_is_link_local(&receiver.addresses[0].address));
    assert_address(&receiver.source, "fe80::1");
    assert_address(&receiver.group, "ff02::12");
    size_t count = 1;
    assert_null(config_addresses(web, IP_FAMILY_NONE, &count));
    assert_int_equal(count, 0);
    assert_null(config_find_instance(config, "db"));
    config_free(config);
}

static void peers_are_those_of_the_family(void **state)
{
    struct config *config =
        read_text("[instance web]\ninterface = eth0\nvrid = 51\nversion = 3\n"
                  "addresses = 192.0.2.10/24, 2001:db8::10/64\n"
                  "unicast-peers = 192.0.2.2, fe80::2, 192.0.2.3\nunicast-min-ttl = 250\n");
    struct ip_address peers[INSTANCE_PEERS_MAX];
    struct packet_receiver receiver;

    (void)state;
    config_receiver(&config->instances[0], IP_FAMILY_IPV4, peers, &receiver);
    assert_true(receiver.unicast);
    assert_int_equal(receiver.peer_count, 2);
    assert_address(&receiver.peers[1], "192.0.2.3");
    assert_int_equal(receiver.unicast_min_ttl, 250);
    assert_int_equal(receiver.unicast_max_ttl, 255);
    config_receiver(&config->instances[0], IP_FAMILY_IPV6, peers, &receiver);
    assert_int_equal(receiver.peer_count, 1);
    assert_address(&receiver.peers[0], "fe80::2");
    config_free(config);
}

static void signatures_have_their_rule(void **state)
{
    static const char key[] =
        "auth-key = 1:hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
    struct ip_address peers[INSTANCE_PEERS_MAX];
    struct packet_receiver receiver;
    char text[1024];

    (void)state;
    snprintf(text, sizeof(text), "%s%sadvert-interval = 2500ms\nauth-mode = permissive\n", BOTH,
             key);
    struct config *config = read_text(text);
    struct auth_policy policy = config_auth(&config->instances[0]);
    assert_int_equal(policy.mode, AUTH_PERMISSIVE);
    assert_int_equal(policy.rules.replay, AUTH_REPLAY_TIME);
    /* Three intervals, whole seconds of each. */
    assert_int_equal(policy.rules.window_s, 6);
    assert_true(auth_signs(&policy));
    config_receiver(&config->instances[0], IP_FAMILY_IPV4, peers, &receiver);
    assert_true(receiver.trailers);
    config_free(config);
    snprintf(text, sizeof(text), "%s%sauth-window = 9s\n", BOTH, key);
    config = read_text(text);
    policy = config_auth(&config->instances[0]);
    assert_int_equal(policy.mode, AUTH_ENFORCE);
    assert_int_equal(policy.rules.window_s, 9);
    config_free(config);
    snprintf(text, sizeof(text), "%s%sauth-replay = monotonic\n", BOTH, key);
    config = read_text(text);
    policy = config_auth(&config->instances[0]);
    assert_int_equal(policy.rules.replay, AUTH_REPLAY_MONOTONIC);
    config_free(config);
}

static void what_is_spoken_is_told_apart_by_version_2_alone(void **state)
{
    struct config *three = read_text(BOTH);
    struct config *two = read_text("[instance web]\ninterface = eth0\nvrid = 51\nversion = 2\n"
                                   "addresses = 192.0.2.10/24\npassword = hush\n");
    const struct packet_dialect a = config_dialect(&three->instances[0]);
    struct packet_dialect b = config_dialect(&two->instances[0]);

    (void)state;
    assert_true(packet_dialects_differ(&a, &b));
    assert_int_equal(b.auth.type, AUTH_PASSWORD);
    const struct packet_dialect same = b;
    b.auth.data[0] = 'p';
    assert_true(packet_dialects_differ(&same, &b));
    struct packet_dialect slower = a;
    slower.advert_interval_ns *= 2;
    assert_false(packet_dialects_differ(&a, &slower));
    config_free(three);
    config_free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_family_has_its_own),
        cmocka_unit_test(peers_are_those_of_the_family),
        cmocka_unit_test(signatures_have_their_rule),
        cmocka_unit_test(what_is_spoken_is_told_apart_by_version_2_alone),
    };

    return cmocka_run_group_tests_name("config_receiver", tests, NULL, NULL);
}
