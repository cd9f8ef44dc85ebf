/* What is built is accepted and comes back the same; what is altered is not; no octets crash it.
 * The rules row by row are in data/vectors*.json. */
#include "lib/packet/checksum.h"
#include "lib/packet/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BUFFER_SIZE = ADVERT_SIZE_MAX + 8, ROUNDS = 100000 };

static struct ip_address address(const char *text)
{
    struct ip_address a = {0};

    assert_true(ip_address_parse(text, &a));
    return a;
}

/* The three kinds of adverts there are. */
struct sample {
    struct packet_spec spec;
    struct packet_ip ip;
    struct ip_prefix addresses[300];
};

static void make_sample(struct sample *s, enum vrrp_version version, enum ip_family family,
                        size_t count)
{
    bool ipv4 = family == IP_FAMILY_IPV4;

    *s = (struct sample){0};
    for (size_t i = 0; i < count; i++) {
        s->addresses[i].address = address(ipv4 ? "192.0.2.0" : "fe80::");
        s->addresses[i].address.octets[ipv4 ? 3 : 15] = (uint8_t)(10 + i % 200);
        s->addresses[i].address.octets[ipv4 ? 2 : 14] = (uint8_t)(i / 200);
        s->addresses[i].length = ipv4 ? 24 : 64;
    }
    s->ip = (struct packet_ip){.source = address(ipv4 ? "192.0.2.1" : "fe80::1"),
                               .destination = ip_address_vrrp_group(family),
                               .ttl = VRRP_TTL};
    s->spec = (struct packet_spec){.version = version,
                                   .vrid = 51,
                                   .priority = 150,
                                   .interval_ns = version == VRRP_V2 ? NS_PER_SEC : 10 * NS_PER_MS,
                                   .checksum_kind = CHECKSUM_IPV4_PSEUDO_HEADER,
                                   .source = s->ip.source,
                                   .destination = s->ip.destination,
                                   .addresses = s->addresses,
                                   .address_count = count,
                                   .mtu = 9000};
}

static struct packet_receiver receiver_of(const struct sample *s)
{
    bool ipv4 = s->ip.source.family == IP_FAMILY_IPV4;

    return (struct packet_receiver){.family = s->ip.source.family,
                                    .version = s->spec.version,
                                    .vrid = 51,
                                    .priority = 100,
                                    .advert_interval_ns = s->spec.interval_ns,
                                    .source = address(ipv4 ? "192.0.2.2" : "fe80::2"),
                                    .addresses = s->addresses,
                                    .address_count = s->spec.address_count};
}

static void check_round_trip(enum vrrp_version version, enum ip_family family, size_t count,
                             enum checksum_kind kind)
{
    static struct sample s;
    uint8_t first[BUFFER_SIZE];
    uint8_t second[BUFFER_SIZE];
    struct advert advert;
    uint32_t warnings = 0;

    make_sample(&s, version, family, count);
    s.spec.checksum_kind = kind;
    size_t size = packet_build(&s.spec, first, sizeof(first));
    const struct packet_receiver receiver = receiver_of(&s);
    assert_int_equal(packet_receive(&s.ip, first, size, &receiver, &advert, &warnings), PACKET_OK);
    assert_int_equal(warnings, 0);
    assert_int_equal(advert.vrid, 51);
    assert_int_equal(advert.priority, 150);
    assert_int_equal(advert.interval_ns, s.spec.interval_ns);
    assert_int_equal(advert.count, count < 255 ? count : 255);
    for (size_t i = 0; i < advert.count; i++) {
        struct ip_address listed = advert_address(&advert, i);
        assert_true(ip_address_equal(&listed, &s.addresses[i].address));
    }
    s.spec.checksum_kind = advert.checksum_kind;
    assert_int_equal(packet_build(&s.spec, second, sizeof(second)), size);
    assert_memory_equal(first, second, size);
}

static void what_is_built_is_accepted(void **state)
{
    static const size_t counts[] = {1, 2, 254, 255, 300};

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        check_round_trip(VRRP_V2, IP_FAMILY_IPV4, counts[i], CHECKSUM_MESSAGE_ONLY);
        check_round_trip(VRRP_V3, IP_FAMILY_IPV4, counts[i], CHECKSUM_MESSAGE_ONLY);
        check_round_trip(VRRP_V3, IP_FAMILY_IPV4, counts[i], CHECKSUM_IPV4_PSEUDO_HEADER);
        check_round_trip(VRRP_V3, IP_FAMILY_IPV6, counts[i], CHECKSUM_IPV6_PSEUDO_HEADER);
    }
}

static enum packet_verdict received(const struct sample *s, const struct packet_receiver *receiver,
                                    struct advert *advert)
{
    uint8_t message[BUFFER_SIZE];
    size_t size = packet_build(&s->spec, message, sizeof(message));

    return packet_receive(&s->ip, message, size, receiver, advert, NULL);
}

/* RFC 2338 10.2, and keepalived: type 1, eight octets, zeros behind a shorter text. */
static void a_password_is_sent_and_demanded(void **state)
{
    static const uint8_t carried[AUTH_DATA_SIZE] = {'a', 'b', 'c', 0};
    static struct sample s;
    uint8_t message[BUFFER_SIZE];
    struct advert advert;

    (void)state;
    make_sample(&s, VRRP_V2, IP_FAMILY_IPV4, 2);
    struct packet_receiver receiver = receiver_of(&s);
    receiver.auth = packet_password("abc", 3);
    assert_int_equal(received(&s, &receiver, &advert), PACKET_AUTH_MISSING);
    s.spec.auth = packet_password("abc", 3);
    size_t size = packet_build(&s.spec, message, sizeof(message));
    assert_int_equal(message[4], 1);
    assert_memory_equal(message + size - AUTH_DATA_SIZE, carried, AUTH_DATA_SIZE);
    assert_int_equal(received(&s, &receiver, &advert), PACKET_OK);
    assert_int_equal(advert.auth_type, AUTH_PASSWORD);
    assert_int_equal(received(&s, NULL, &advert), PACKET_OK);
    receiver.auth = packet_password("abd", 3);
    assert_int_equal(received(&s, &receiver, &advert), PACKET_AUTH_FAILURE);
    receiver.auth = (struct packet_auth){0};
    assert_int_equal(received(&s, &receiver, &advert), PACKET_AUTH_TYPE_ERROR);
    s.spec.auth.type = 2;
    assert_int_equal(received(&s, &receiver, &advert), PACKET_AUTH_UNSUPPORTED);
    receiver.auth = packet_password("abc", 3);
    assert_int_equal(received(&s, &receiver, &advert), PACKET_AUTH_UNSUPPORTED);
    struct packet_auth cut = packet_password("12345678 and more", 17);
    struct packet_auth whole = packet_password("12345678", 8);
    assert_memory_equal(&cut, &whole, sizeof(cut));
}

/* Version 3 has no room for it. */
static void version_3_knows_no_password(void **state)
{
    static struct sample s;
    struct advert advert;

    (void)state;
    make_sample(&s, VRRP_V3, IP_FAMILY_IPV4, 2);
    struct packet_receiver receiver = receiver_of(&s);
    s.spec.auth = packet_password("abc", 3);
    assert_int_equal(received(&s, &receiver, &advert), PACKET_OK);
    receiver.auth = packet_password("abd", 3);
    assert_int_equal(received(&s, &receiver, &advert), PACKET_OK);
}

/* Between the reloads of two nodes one speaks as before. */
static void what_was_spoken_before_a_reload_is_taken_too(void **state)
{
    static struct sample s;
    struct packet_dialect former = {.version = VRRP_V2,
                                    .auth = packet_password("old", 3),
                                    .advert_interval_ns = 2 * NS_PER_SEC};
    struct advert advert;

    (void)state;
    make_sample(&s, VRRP_V2, IP_FAMILY_IPV4, 2);
    struct packet_receiver receiver = receiver_of(&s);
    receiver.auth = packet_password("new", 3);
    s.spec.auth = former.auth;
    s.spec.interval_ns = former.advert_interval_ns;
    assert_int_equal(received(&s, &receiver, &advert), PACKET_AUTH_FAILURE);
    receiver.former = &former;
    assert_int_equal(received(&s, &receiver, &advert), PACKET_OK);
    assert_true(advert.former);
    assert_int_equal(advert.interval_ns, 2 * NS_PER_SEC);
    s.spec.auth = packet_password("odd", 3);
    assert_int_equal(received(&s, &receiver, &advert), PACKET_AUTH_FAILURE);
    s.spec.auth = receiver.auth;
    s.spec.interval_ns = NS_PER_SEC;
    assert_int_equal(received(&s, &receiver, &advert), PACKET_OK);
    assert_false(advert.former);
    receiver.version = VRRP_V3;
    s.spec.auth = former.auth;
    s.spec.interval_ns = former.advert_interval_ns;
    assert_int_equal(received(&s, &receiver, &advert), PACKET_OK);
    assert_true(advert.former);
    receiver.vrid = 52;
    assert_int_equal(received(&s, &receiver, &advert), PACKET_VERSION_ERROR);
}

static void as_many_addresses_as_fit_are_listed(void **state)
{
    (void)state;
    /* (MTU - IP header - 8) / size, and eight octets less for version 2. */
    assert_int_equal(packet_addresses_that_fit(VRRP_V3, IP_FAMILY_IPV6, 1000, 1500), 90);
    assert_int_equal(packet_addresses_that_fit(VRRP_V3, IP_FAMILY_IPV4, 1000, 1500), 255);
    assert_int_equal(packet_addresses_that_fit(VRRP_V3, IP_FAMILY_IPV4, 1000, 576), 137);
    assert_int_equal(packet_addresses_that_fit(VRRP_V2, IP_FAMILY_IPV4, 1000, 576), 135);
    assert_int_equal(packet_addresses_that_fit(VRRP_V3, IP_FAMILY_IPV4, 3, 1500), 3);
    assert_int_equal(packet_addresses_that_fit(VRRP_V3, IP_FAMILY_IPV4, 3, 0), 1);
}

static void a_list_cut_by_the_mtu_is_no_mismatch(void **state)
{
    static struct sample s;
    uint8_t buffer[BUFFER_SIZE];
    struct advert advert;
    uint32_t warnings = 0;

    (void)state;
    make_sample(&s, VRRP_V3, IP_FAMILY_IPV6, 120);
    s.spec.mtu = 1500;
    size_t size = packet_build(&s.spec, buffer, sizeof(buffer));
    const struct packet_receiver receiver = receiver_of(&s);
    assert_int_equal(packet_receive(&s.ip, buffer, size, &receiver, &advert, &warnings), PACKET_OK);
    assert_int_equal(advert.count, 90);
    assert_int_equal(warnings, 0);
}

/* A peer without the link-local address that we derive is configured like us all the same. */
static void the_derived_link_local_may_be_missing(void **state)
{
    static struct sample s;
    uint8_t buffer[BUFFER_SIZE];
    struct ip_prefix ours[2];
    struct advert advert;
    uint32_t warnings = 0;

    (void)state;
    make_sample(&s, VRRP_V3, IP_FAMILY_IPV6, 1);
    ours[0].address = ip_address_virtual_link_local(51);
    ours[1] = s.addresses[0];
    struct packet_receiver receiver = receiver_of(&s);
    receiver.addresses = ours;
    receiver.address_count = 2;
    size_t size = packet_build(&s.spec, buffer, sizeof(buffer));
    assert_int_equal(packet_receive(&s.ip, buffer, size, &receiver, &advert, &warnings), PACKET_OK);
    assert_int_equal(warnings, 0);
}

/* More addresses than fit, on either side, in whatever order: one in common is enough. */
static void one_address_in_common_is_enough(void **state)
{
    static struct sample s;
    static struct sample ours;
    uint8_t buffer[BUFFER_SIZE];
    struct advert advert;
    uint32_t warnings = 0;

    (void)state;
    make_sample(&s, VRRP_V3, IP_FAMILY_IPV6, 300);
    make_sample(&ours, VRRP_V3, IP_FAMILY_IPV6, 300);
    s.spec.mtu = 1500;
    for (size_t i = 0; i < 300; i++)
        ours.addresses[i].address.octets[8] = 1;
    size_t size = packet_build(&s.spec, buffer, sizeof(buffer));
    struct packet_receiver receiver = receiver_of(&ours);
    assert_int_equal(packet_receive(&s.ip, buffer, size, &receiver, &advert, &warnings),
                     PACKET_FOREIGN_ADDRESSES);
    assert_int_equal(advert.count, 90);
    ours.addresses[299] = s.addresses[89];
    assert_int_equal(packet_receive(&s.ip, buffer, size, &receiver, &advert, &warnings), PACKET_OK);
    assert_int_equal(warnings, PACKET_WARN_ADDRESS_LIST_MISMATCH);
    /* None at all is a mistake of its own. */
    s.spec.address_count = 0;
    size = packet_build(&s.spec, buffer, sizeof(buffer));
    assert_int_equal(packet_receive(&s.ip, buffer, size, &receiver, &advert, &warnings),
                     PACKET_NO_ADDRESSES);
}

static void unicast_has_a_smallest_ttl_if_asked(void **state)
{
    static struct sample s;
    uint8_t buffer[BUFFER_SIZE];
    struct advert advert;

    (void)state;
    make_sample(&s, VRRP_V3, IP_FAMILY_IPV4, 2);
    s.ip.destination = s.spec.destination = address("192.0.2.2");
    s.ip.ttl = 253;
    size_t size = packet_build(&s.spec, buffer, sizeof(buffer));
    struct packet_receiver receiver = receiver_of(&s);
    receiver.unicast = true;
    receiver.peers = &s.ip.source;
    receiver.peer_count = 1;
    receiver.unicast_max_ttl = 255;
    assert_int_equal(packet_receive(&s.ip, buffer, size, &receiver, &advert, NULL), PACKET_OK);
    receiver.unicast_min_ttl = 253;
    assert_int_equal(packet_receive(&s.ip, buffer, size, &receiver, &advert, NULL), PACKET_OK);
    receiver.unicast_min_ttl = 254;
    assert_int_equal(packet_receive(&s.ip, buffer, size, &receiver, &advert, NULL),
                     PACKET_IP_TTL_ERROR);
    receiver.unicast_min_ttl = 0;
    receiver.unicast_max_ttl = 253;
    assert_int_equal(packet_receive(&s.ip, buffer, size, &receiver, &advert, NULL), PACKET_OK);
    receiver.unicast_max_ttl = 252;
    assert_int_equal(packet_receive(&s.ip, buffer, size, &receiver, &advert, NULL),
                     PACKET_IP_TTL_ERROR);
}

/* One flipped bit anywhere in a message is caught by the checksum or an earlier check. */
static void every_flipped_bit_is_noticed(void **state)
{
    static struct sample s;
    uint8_t buffer[BUFFER_SIZE];
    struct advert advert;

    (void)state;
    make_sample(&s, VRRP_V3, IP_FAMILY_IPV4, 4);
    size_t size = packet_build(&s.spec, buffer, sizeof(buffer));
    const struct packet_receiver receiver = receiver_of(&s);
    for (size_t bit = 0; bit < size * 8; bit++) {
        buffer[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(packet_receive(&s.ip, buffer, size, &receiver, &advert, NULL),
                             PACKET_OK);
        buffer[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void every_shorter_or_longer_message_is_a_length_error(void **state)
{
    static struct sample s;
    uint8_t buffer[BUFFER_SIZE] = {0};
    struct advert advert;

    (void)state;
    make_sample(&s, VRRP_V3, IP_FAMILY_IPV4, 4);
    size_t size = packet_build(&s.spec, buffer, sizeof(buffer));
    for (size_t i = 0; i < size + 20; i++)
        if (i != size)
            assert_int_equal(packet_receive(&s.ip, buffer, i, NULL, &advert, NULL),
                             PACKET_LENGTH_ERROR);
}

/* A buffer of exactly the size, so that AddressSanitizer sees the first octet read too far. */
static void no_octets_do_harm(void **state)
{
    static struct sample s;
    uint8_t buffer[BUFFER_SIZE];

    (void)state;
    srandom(1);
    make_sample(&s, VRRP_V3, IP_FAMILY_IPV6, 3);
    const struct packet_receiver receiver = receiver_of(&s);
    size_t size = packet_build(&s.spec, buffer, sizeof(buffer));
    for (int round = 0; round < ROUNDS; round++) {
        size_t length = (size_t)random() % (size + 48);
        uint8_t *packet = malloc(length > 0 ? length : 1);
        const uint8_t *payload;
        size_t payload_size;
        struct packet_ip ip;
        struct advert advert;

        assert_non_null(packet);
        for (size_t i = 0; i < length; i++)
            packet[i] = (uint8_t)random();
        if (length > 0 && random() % 2 == 0)
            packet[0] = (uint8_t)(random() % 2 == 0 ? 0x45 : 0x60);
        if (packet_split_ip(packet, length, &ip, &payload, &payload_size) == PACKET_OK)
            (void)packet_receive(&ip, payload, payload_size, NULL, &advert, NULL);
        if (length > 0)
            packet[0] = random() % 2 == 0 ? 0x31 : 0x21;
        enum packet_verdict verdict =
            packet_receive(&s.ip, packet, length, &receiver, &advert, NULL);
        assert_true(verdict < PACKET_VERDICTS);
        free(packet);
    }
}

static void names_are_all_there(void **state)
{
    (void)state;
    for (int i = 0; i < PACKET_VERDICTS; i++) {
        assert_non_null(packet_verdict_name((enum packet_verdict)i));
        assert_non_null(packet_verdict_counter((enum packet_verdict)i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(packet_verdict_name((enum packet_verdict)i),
                                    packet_verdict_name((enum packet_verdict)j));
    }
    for (unsigned i = 0; i < PACKET_WARNINGS; i++)
        assert_true(packet_warning_name((enum packet_warning)(1u << i))[0] != '\0');
}

/* RFC 1071 3: the example of the RFC. */
static void checksum_is_the_internets(void **state)
{
    static const uint8_t octets[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

    (void)state;
    assert_int_equal(checksum_finish(checksum_add(0, octets, sizeof(octets))), 0xffff & ~0xddf2);
    assert_int_equal(checksum_finish(checksum_add(0, octets, 3)), 0xffff & ~0xf201);
    assert_int_equal(checksum_finish(0), 0xffff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_built_is_accepted),
        cmocka_unit_test(a_password_is_sent_and_demanded),
        cmocka_unit_test(version_3_knows_no_password),
        cmocka_unit_test(what_was_spoken_before_a_reload_is_taken_too),
        cmocka_unit_test(as_many_addresses_as_fit_are_listed),
        cmocka_unit_test(a_list_cut_by_the_mtu_is_no_mismatch),
        cmocka_unit_test(the_derived_link_local_may_be_missing),
        cmocka_unit_test(one_address_in_common_is_enough),
        cmocka_unit_test(unicast_has_a_smallest_ttl_if_asked),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(every_shorter_or_longer_message_is_a_length_error),
        cmocka_unit_test(no_octets_do_harm),
        cmocka_unit_test(names_are_all_there),
        cmocka_unit_test(checksum_is_the_internets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
