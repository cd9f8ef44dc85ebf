/* What one virtual router makes of adverts that were built by another: from where, in which
 * version, with which checksum, password and list; and what it goes on taking after a reload. */
#include "lib/limits.h"
#include "lib/octets.h"
#include "lib/packet/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A sender and a receiver that fit each other; each test changes what it is about. */
struct pair {
    struct packet_spec sent;
    struct packet_receiver receiver;
    struct packet_ip ip;
    struct ip_prefix addresses[2];
    struct ip_address own;
    struct advert advert;
    uint32_t warnings;
    uint8_t message[ADVERT_BUFFER_SIZE];
};

static struct ip_address address(const char *text)
{
    struct ip_address out;

    assert_true(ip_address_parse(text, &out));
    return out;
}

static void fit(struct pair *pair, enum vrrp_version version)
{
    *pair = (struct pair){
        .sent = {.version = version,
                 .vrid = 51,
                 .priority = 100,
                 .interval_ns = NS_PER_SEC,
                 .checksum_kind = CHECKSUM_IPV4_PSEUDO_HEADER,
                 .source = address("10.0.0.2"),
                 .destination = ip_address_vrrp_group(IP_FAMILY_IPV4),
                 .address_count = 2,
                 .mtu = 1500},
        .receiver = {.family = IP_FAMILY_IPV4,
                     .version = version,
                     .vrid = 51,
                     .priority = 150,
                     .advert_interval_ns = NS_PER_SEC,
                     .source = address("10.0.0.1"),
                     .address_count = 2,
                     .unicast_max_ttl = 255},
        .addresses = {{.address = address("10.0.0.10"), .length = 24},
                      {.address = address("10.0.0.11"), .length = 24}},
    };
    pair->sent.addresses = pair->addresses;
    pair->receiver.addresses = pair->addresses;
    pair->ip = (struct packet_ip){
        .source = pair->sent.source, .destination = pair->sent.destination, .ttl = VRRP_TTL};
}

static enum packet_verdict arrives(struct pair *pair)
{
    size_t size = packet_build(&pair->sent, pair->message, sizeof(pair->message));

    return packet_receive(&pair->ip, pair->message, size, &pair->receiver, &pair->advert,
                          &pair->warnings);
}

static void who_sends_it_is_looked_at_first(void **state)
{
    static const char *const impossible[] = {"224.0.0.5", "0.0.0.0", "127.0.0.1",
                                             "255.255.255.255"};
    struct pair pair;

    (void)state;
    fit(&pair, VRRP_V3);
    assert_int_equal(arrives(&pair), PACKET_OK);
    for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
        pair.ip.source = address(impossible[i]);
        assert_int_equal(arrives(&pair), PACKET_BAD_SOURCE);
    }
    pair.ip.source = pair.receiver.source;
    assert_int_equal(arrives(&pair), PACKET_OWN_PACKET);
    pair.own = address("10.0.0.77");
    pair.receiver.own = &pair.own;
    pair.receiver.own_count = 1;
    pair.ip.source = pair.own;
    assert_int_equal(arrives(&pair), PACKET_OWN_PACKET);
    fit(&pair, VRRP_V3);
    pair.ip.extended = true;
    assert_int_equal(arrives(&pair), PACKET_EXTENSION_HEADERS);
    fit(&pair, VRRP_V3);
    pair.ip.ttl = 254;
    assert_int_equal(arrives(&pair), PACKET_IP_TTL_ERROR);
    fit(&pair, VRRP_V3);
    pair.ip.destination = address("10.0.0.1");
    assert_int_equal(arrives(&pair), PACKET_BAD_DESTINATION);
}

static void by_unicast_only_its_peers_are_heard(void **state)
{
    struct ip_address peer = address("10.0.0.2");
    struct pair pair;

    (void)state;
    fit(&pair, VRRP_V3);
    pair.receiver.unicast = true;
    pair.receiver.peers = &peer;
    pair.receiver.peer_count = 1;
    assert_int_equal(arrives(&pair), PACKET_BAD_DESTINATION);
    pair.ip.destination = pair.receiver.source;
    pair.sent.destination = pair.receiver.source;
    assert_int_equal(arrives(&pair), PACKET_OK);
    pair.receiver.unicast_min_ttl = 250;
    pair.receiver.unicast_max_ttl = 252;
    assert_int_equal(arrives(&pair), PACKET_IP_TTL_ERROR);
    pair.ip.ttl = 249;
    assert_int_equal(arrives(&pair), PACKET_IP_TTL_ERROR);
    pair.ip.ttl = 251;
    assert_int_equal(arrives(&pair), PACKET_OK);
    peer = address("10.0.0.3");
    assert_int_equal(arrives(&pair), PACKET_NOT_A_PEER);
}

static void a_strict_one_takes_the_checksum_that_it_sends(void **state)
{
    static const struct {
        enum checksum_mode mode;
        enum checksum_kind kind;
        enum packet_verdict verdict;
    } cases[] = {
        {CHECKSUM_MODE_AUTO, CHECKSUM_MESSAGE_ONLY, PACKET_OK},
        {CHECKSUM_MODE_RFC5798, CHECKSUM_IPV4_PSEUDO_HEADER, PACKET_OK},
        {CHECKSUM_MODE_RFC5798, CHECKSUM_MESSAGE_ONLY, PACKET_CHECKSUM_ERROR},
        {CHECKSUM_MODE_RFC9568, CHECKSUM_MESSAGE_ONLY, PACKET_OK},
        {CHECKSUM_MODE_RFC9568, CHECKSUM_IPV4_PSEUDO_HEADER, PACKET_CHECKSUM_ERROR},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pair pair;

        fit(&pair, VRRP_V3);
        pair.receiver.checksum_mode = cases[i].mode;
        pair.sent.checksum_kind = cases[i].kind;
        assert_int_equal(arrives(&pair), PACKET_OK);
        pair.receiver.strict = true;
        assert_int_equal(arrives(&pair), cases[i].verdict);
        assert_int_equal(pair.advert.checksum_kind, cases[i].kind);
    }
}

static void version_2_wants_its_password(void **state)
{
    struct pair pair;

    (void)state;
    fit(&pair, VRRP_V2);
    assert_int_equal(arrives(&pair), PACKET_OK);
    pair.receiver.auth = packet_password("hush", 4);
    assert_int_equal(arrives(&pair), PACKET_AUTH_MISSING);
    pair.sent.auth = packet_password("hash", 4);
    assert_int_equal(arrives(&pair), PACKET_AUTH_FAILURE);
    /* The rest of a longer one is not sent. */
    pair.sent.auth = packet_password("hush", 4);
    assert_int_equal(arrives(&pair), PACKET_OK);
    pair.receiver.auth = (struct packet_auth){0};
    assert_int_equal(arrives(&pair), PACKET_AUTH_TYPE_ERROR);
    pair.sent.auth.type = 2;
    assert_int_equal(arrives(&pair), PACKET_AUTH_UNSUPPORTED);
    fit(&pair, VRRP_V2);
    pair.sent.interval_ns = 2 * NS_PER_SEC;
    assert_int_equal(arrives(&pair), PACKET_INTERVAL_ERROR);
    fit(&pair, VRRP_V2);
    pair.receiver.priority = PRIORITY_OWNER;
    assert_int_equal(arrives(&pair), PACKET_OWNER);
}

static void version_3_is_warned_of_what_it_takes(void **state)
{
    struct pair pair;

    (void)state;
    fit(&pair, VRRP_V3);
    pair.sent.interval_ns = 2 * NS_PER_SEC;
    pair.receiver.priority = PRIORITY_OWNER;
    pair.sent.priority = PRIORITY_OWNER;
    assert_int_equal(arrives(&pair), PACKET_OK);
    assert_int_equal(pair.warnings, PACKET_WARN_INTERVAL_MISMATCH | PACKET_WARN_LOCAL_IS_OWNER |
                                        PACKET_WARN_OWNER_CONFLICT);
    fit(&pair, VRRP_V3);
    pair.sent.address_count = 1;
    assert_int_equal(arrives(&pair), PACKET_OK);
    assert_int_equal(pair.warnings, PACKET_WARN_ADDRESS_LIST_MISMATCH);
    /* Who lists nothing itself is of the cluster of its VRID. */
    pair.receiver.address_count = 0;
    assert_int_equal(arrives(&pair), PACKET_OK);
    assert_int_equal(pair.warnings, PACKET_WARN_ADDRESS_LIST_MISMATCH);
    fit(&pair, VRRP_V3);
    pair.receiver.vrid = 52;
    assert_int_equal(arrives(&pair), PACKET_VRID_ERROR);
    fit(&pair, VRRP_V3);
    pair.receiver.version = VRRP_V2;
    assert_int_equal(arrives(&pair), PACKET_VERSION_ERROR);
}

static void a_strict_one_of_version_2_wants_the_same_list(void **state)
{
    struct pair pair;

    (void)state;
    fit(&pair, VRRP_V2);
    pair.receiver.strict = true;
    pair.sent.address_count = 1;
    assert_int_equal(arrives(&pair), PACKET_ADDRESS_LIST_ERROR);
    /* RFC 3768 7.1: the owner's is taken. */
    pair.sent.priority = PRIORITY_OWNER;
    assert_int_equal(arrives(&pair), PACKET_OK);
    assert_int_equal(pair.warnings, PACKET_WARN_ADDRESS_LIST_MISMATCH);
}

/* Nodes are reloaded one after the other: what was spoken before is taken too, and known as that.
 */
static void what_was_spoken_before_a_reload_is_taken_too(void **state)
{
    struct packet_dialect former = {.version = VRRP_V2, .advert_interval_ns = NS_PER_SEC};
    struct pair pair;

    (void)state;
    fit(&pair, VRRP_V2);
    pair.receiver.version = VRRP_V3;
    assert_int_equal(arrives(&pair), PACKET_VERSION_ERROR);
    pair.receiver.former = &former;
    assert_int_equal(arrives(&pair), PACKET_OK);
    assert_true(pair.advert.former);
    assert_int_equal(pair.advert.version, VRRP_V2);
    /* Of another cluster it is in no version. */
    former.advert_interval_ns = 2 * NS_PER_SEC;
    assert_int_equal(arrives(&pair), PACKET_VERSION_ERROR);
    fit(&pair, VRRP_V3);
    pair.receiver.former = &former;
    assert_int_equal(arrives(&pair), PACKET_OK);
    assert_false(pair.advert.former);
    const struct packet_dialect now = {.version = VRRP_V2, .advert_interval_ns = NS_PER_SEC};
    struct packet_dialect other = now;
    assert_false(packet_dialects_differ(&now, &other));
    other.auth = packet_password("hush", 4);
    assert_true(packet_dialects_differ(&now, &other));
    other.version = VRRP_V3;
    assert_true(packet_dialects_differ(&now, &other));
}

static void an_ipv6_list_begins_with_a_link_local_address(void **state)
{
    struct pair pair;

    (void)state;
    fit(&pair, VRRP_V3);
    pair.sent.source = address("fe80::2");
    pair.sent.destination = ip_address_vrrp_group(IP_FAMILY_IPV6);
    pair.addresses[0].address = address("2001:db8::10");
    pair.addresses[1].address = address("2001:db8::11");
    pair.receiver.family = IP_FAMILY_IPV6;
    pair.receiver.source = address("fe80::1");
    pair.ip = (struct packet_ip){
        .source = pair.sent.source, .destination = pair.sent.destination, .ttl = VRRP_TTL};
    assert_int_equal(arrives(&pair), PACKET_OK);
    assert_int_equal(pair.warnings, PACKET_WARN_FIRST_ADDRESS_NOT_LINK_LOCAL);
    pair.receiver.strict = true;
    assert_int_equal(arrives(&pair), PACKET_FIRST_ADDRESS_NOT_LINK_LOCAL);
    pair.receiver.strict = false;
    pair.sent.source = address("2001:db8::2");
    pair.ip.source = pair.sent.source;
    assert_int_equal(arrives(&pair), PACKET_OK);
    assert_true((pair.warnings & PACKET_WARN_SOURCE_NOT_LINK_LOCAL) != 0);
}

/* Pieces of IP packets, as a capture or decode hands them in. */
static void a_damaged_ip_header_is_no_advert(void **state)
{
    uint8_t packet[64] = {0x45, 0, 0, 28, 0, 0, 0, 0, VRRP_TTL, VRRP_PROTOCOL};
    const uint8_t *payload;
    struct packet_ip ip;
    size_t size;

    (void)state;
    assert_int_equal(packet_split_ip(packet, 19, &ip, &payload, &size), PACKET_IP_HEADER);
    assert_int_equal(packet_split_ip(packet, 27, &ip, &payload, &size), PACKET_IP_HEADER);
    packet[0] = 0x44;
    assert_int_equal(packet_split_ip(packet, 28, &ip, &payload, &size), PACKET_IP_HEADER);
    packet[0] = 0x95;
    assert_int_equal(packet_split_ip(packet, 28, &ip, &payload, &size), PACKET_IP_HEADER);
    /* IPv6: a fragment, a chain of options that leaves the packet, and one that is whole. */
    memset(packet, 0, sizeof(packet));
    packet[0] = 0x60;
    packet[5] = 24;
    packet[6] = 44;
    packet[40] = VRRP_PROTOCOL;
    assert_int_equal(packet_split_ip(packet, sizeof(packet), &ip, &payload, &size),
                     PACKET_FRAGMENT);
    packet[6] = 0;
    packet[41] = 200;
    assert_int_equal(packet_split_ip(packet, sizeof(packet), &ip, &payload, &size),
                     PACKET_IP_HEADER);
    packet[41] = 0;
    assert_int_equal(packet_split_ip(packet, sizeof(packet), &ip, &payload, &size), PACKET_OK);
    assert_true(ip.extended);
    assert_int_equal(size, 16);
    packet[40] = 51;
    packet[48] = VRRP_PROTOCOL;
    assert_int_equal(packet_split_ip(packet, sizeof(packet), &ip, &payload, &size), PACKET_OK);
    assert_int_equal(size, 8);
    packet[48] = 6;
    assert_int_equal(packet_split_ip(packet, sizeof(packet), &ip, &payload, &size),
                     PACKET_NOT_VRRP);
}

/* Each of them is in JSON and in metrics: no two may be one. */
static void names_are_there_and_tell_apart(void **state)
{
    (void)state;
    for (unsigned a = 0; a < PACKET_VERDICTS; a++) {
        assert_true(strlen(packet_verdict_counter((enum packet_verdict)a)) > 0);
        for (unsigned b = 0; b < a; b++)
            assert_string_not_equal(packet_verdict_name((enum packet_verdict)a),
                                    packet_verdict_name((enum packet_verdict)b));
    }
    for (unsigned a = 0; a < PACKET_WARNINGS; a++)
        for (unsigned b = 0; b < a; b++)
            assert_string_not_equal(packet_warning_name((enum packet_warning)(1u << a)),
                                    packet_warning_name((enum packet_warning)(1u << b)));
    assert_string_equal(checksum_kind_name(CHECKSUM_IPV6_PSEUDO_HEADER), "ipv6-pseudo-header");
    assert_true(packet_verdict_is_auth(PACKET_TRAILER_UNEXPECTED));
    assert_true(packet_verdict_is_auth(PACKET_AUTH_MISSING));
    assert_false(packet_verdict_is_auth(PACKET_ADDRESS_LIST_ERROR));
    assert_false(packet_verdict_is_auth(PACKET_OK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_sends_it_is_looked_at_first),
        cmocka_unit_test(by_unicast_only_its_peers_are_heard),
        cmocka_unit_test(a_strict_one_takes_the_checksum_that_it_sends),
        cmocka_unit_test(version_2_wants_its_password),
        cmocka_unit_test(version_3_is_warned_of_what_it_takes),
        cmocka_unit_test(a_strict_one_of_version_2_wants_the_same_list),
        cmocka_unit_test(what_was_spoken_before_a_reload_is_taken_too),
        cmocka_unit_test(an_ipv6_list_begins_with_a_link_local_address),
        cmocka_unit_test(a_damaged_ip_header_is_no_advert),
        cmocka_unit_test(names_are_there_and_tell_apart),
    };

    return cmocka_run_group_tests_name("receive", tests, NULL, NULL);
}
