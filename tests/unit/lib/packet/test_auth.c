/* Authenticated adverts, by the vectors in data/auth-hmac-vectors.json: what is signed, what a
 * receiver says of it and what its marks are afterwards, sequences and windows. */
#include "lib/packet/auth_peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

enum { OCTETS_MAX = 512, LISTED_MAX = 8, PEERS_MAX = 8 };

static json_t *vectors;

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    assert_non_null(text);
    return text;
}

static unsigned number_of(const json_t *object, const char *key)
{
    return (unsigned)json_integer_value(json_object_get(object, key));
}

static uint64_t sequence_of(const json_t *text)
{
    return strtoull(json_string_value(text), NULL, 16);
}

static size_t from_hex(const char *text, uint8_t *out)
{
    size_t size = strlen(text) / 2;

    assert_true(size <= OCTETS_MAX);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(sscanf(text + 2 * i, "%2hhx", &out[i]), 1);
    return size;
}

static void assert_hex(const uint8_t *octets, size_t size, const char *expected)
{
    uint8_t wanted[OCTETS_MAX];

    assert_int_equal(size, from_hex(expected, wanted));
    assert_memory_equal(octets, wanted, size);
}

static struct ip_address address(const char *text)
{
    struct ip_address out;

    assert_true(ip_address_parse(text, &out));
    return out;
}

static enum checksum_kind kind_of(const char *name)
{
    if (strcmp(name, "message-only") == 0)
        return CHECKSUM_MESSAGE_ONLY;
    return strcmp(name, "ipv6-pseudo-header") == 0 ? CHECKSUM_IPV6_PSEUDO_HEADER
                                                   : CHECKSUM_IPV4_PSEUDO_HEADER;
}

static void add_key(struct auth_keys *keys, unsigned id, const char *hex)
{
    uint8_t octets[AUTH_KEY_SIZE_MAX];
    size_t size = 0;

    assert_null(auth_key_read(hex, strlen(hex), octets, &size));
    assert_true(auth_keys_add(keys, (uint8_t)id, octets, size));
}

static uint64_t interval_of(const json_t *signing)
{
    unsigned seconds = number_of(signing, "interval_s");

    return seconds > 0 ? seconds * NS_PER_SEC : number_of(signing, "interval_cs") * 10 * NS_PER_MS;
}

/* ---- Signing */

static void sign(const json_t *signing, const json_t *result)
{
    struct auth_keys *keys = auth_keys_new();
    struct ip_prefix listed[LISTED_MAX] = {0};
    uint8_t trailer[AUTH_TRAILER_SIZE];
    uint8_t payload[ADVERT_BUFFER_SIZE];
    const json_t *addresses = json_object_get(signing, "addresses");
    struct packet_spec spec = {
        .version = (enum vrrp_version)number_of(signing, "version"),
        .vrid = (uint8_t)number_of(signing, "vrid"),
        .priority = (uint8_t)number_of(signing, "priority"),
        .interval_ns = interval_of(signing),
        .checksum_kind = kind_of(text_of(signing, "checksum_kind")),
        .source = address(text_of(signing, "source")),
        .destination = address(text_of(signing, "destination")),
        .addresses = listed,
        .address_count = json_array_size(addresses),
        .mtu = 1500,
        .trailer_room = true,
    };

    for (size_t i = 0; i < spec.address_count; i++)
        listed[i].address = address(json_string_value(json_array_get(addresses, i)));
    add_key(keys, number_of(signing, "key_id"), text_of(signing, "key_hex"));
    size_t size = packet_build(&spec, payload, sizeof(payload));
    auth_trailer_make(keys, &spec, payload, size, sequence_of(json_object_get(signing, "sequence")),
                      trailer);
    assert_hex(trailer, sizeof(trailer), text_of(result, "trailer_hex"));
    spec.trailer = trailer;
    assert_int_equal(packet_build(&spec, payload, sizeof(payload)), size + sizeof(trailer));
    assert_hex(payload, size + sizeof(trailer), text_of(result, "payload_hex"));
    auth_keys_unref(keys);
}

static void what_is_signed_is_as_in_the_vectors(void **state)
{
    const json_t *list = json_object_get(vectors, "vectors");
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);

        if (json_object_get(vector, "signing") == NULL)
            continue;
        print_message("%s\n", text_of(vector, "name"));
        sign(json_object_get(vector, "signing"), json_object_get(vector, "result"));
        count++;
    }
    assert_true(count >= 7);
}

/* ---- Receiving */

struct side {
    struct packet_receiver receiver;
    struct auth_policy policy;
    struct auth_keys *keys;
    struct auth_peers peers;
    struct ip_address unicast[PEERS_MAX];
    uint8_t packet[OCTETS_MAX];
    struct packet_ip ip;
    struct advert advert; /* the last one that was read, in it */
};

static enum auth_mode mode_of(const char *name)
{
    if (strcmp(name, "enforce") == 0)
        return AUTH_ENFORCE;
    return strcmp(name, "permissive") == 0 ? AUTH_PERMISSIVE : AUTH_RECEIVE_ONLY;
}

static void set_up(struct side *side, const json_t *receiver)
{
    const json_t *keys = json_object_get(receiver, "keys");
    const json_t *unicast = json_object_get(receiver, "unicast_peers");
    json_t *marks = json_object_get(receiver, "initial_marks");
    const char *sender;
    json_t *mark;

    *side = (struct side){.keys = auth_keys_new()};
    for (size_t i = 0; i < json_array_size(keys); i++)
        add_key(side->keys, number_of(json_array_get(keys, i), "id"),
                text_of(json_array_get(keys, i), "key_hex"));
    for (size_t i = 0; i < json_array_size(unicast); i++)
        side->unicast[i] = address(json_string_value(json_array_get(unicast, i)));
    side->policy = (struct auth_policy){
        .keys = side->keys,
        .mode = mode_of(text_of(receiver, "mode")),
        .rules = {.replay = strcmp(text_of(receiver, "anti_replay"), "time") == 0
                                ? AUTH_REPLAY_TIME
                                : AUTH_REPLAY_MONOTONIC,
                  .window_s = number_of(receiver, "window_s")},
    };
    side->receiver = (struct packet_receiver){
        .family =
            strcmp(text_of(receiver, "family"), "ipv6") == 0 ? IP_FAMILY_IPV6 : IP_FAMILY_IPV4,
        .version = (enum vrrp_version)number_of(receiver, "version"),
        .vrid = (uint8_t)number_of(receiver, "vrid"),
        .trailers = true,
        .peers = side->unicast,
        .peer_count = json_array_size(unicast),
        .unicast = json_is_array(unicast),
        .unicast_max_ttl = 255,
    };
    json_object_foreach (marks, sender, mark) {
        const struct ip_address from = address(sender);

        auth_peers_set(&side->peers, &from, sequence_of(mark));
    }
}

static const char *verdict_of(enum packet_verdict read, enum auth_outcome outcome)
{
    switch (read) {
    case PACKET_LENGTH_ERROR:
        return "bad_length";
    case PACKET_CHECKSUM_ERROR:
        return "bad_checksum";
    case PACKET_NOT_A_PEER:
        return "not_a_peer";
    default:
        assert_int_equal(read, PACKET_OK);
        return auth_outcome_name(outcome);
    }
}

static enum packet_verdict read_packet(struct side *side, const json_t *delivery)
{
    const uint8_t *payload;
    size_t payload_size;
    size_t size = from_hex(text_of(delivery, "ip_packet_hex"), side->packet);

    assert_int_equal(packet_split_ip(side->packet, size, &side->ip, &payload, &payload_size),
                     PACKET_OK);
    /* A list that fits, an interval that fits: of both the vectors say nothing. */
    side->receiver.own = &side->ip.destination;
    side->receiver.own_count = 1;
    side->receiver.advert_interval_ns = NS_PER_SEC;
    return packet_receive(&side->ip, payload, payload_size, &side->receiver, &side->advert, NULL);
}

static const char *deliver(struct side *side, const json_t *delivery)
{
    enum auth_outcome outcome = AUTH_OUTCOMES;
    const struct auth_clock now = {
        .utc_ns = (uint64_t)json_integer_value(json_object_get(delivery, "now_s")) * NS_PER_SEC};

    enum packet_verdict read = read_packet(side, delivery);
    if (read == PACKET_OK)
        outcome = auth_peers_receive(&side->peers, &side->policy, &side->advert, read, &now);
    return verdict_of(read, outcome);
}

/* A node without keys says of a signed advert that it is one, where it was told to: in decode's
 * words it is a wrong length. What is no trailer, or wrong besides, is not called signed. */
static void without_keys_what_is_signed_is_named(void **state)
{
    const json_t *list = json_object_get(vectors, "vectors");
    size_t named = 0;

    (void)state;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        static struct side side;
        json_t *deliveries = json_object_get(vector, "deliveries");

        if (json_array_size(deliveries) == 0)
            continue;
        set_up(&side, json_object_get(vector, "receiver"));
        enum packet_verdict with_keys = read_packet(&side, json_array_get(deliveries, 0));
        bool is_signed = side.advert.trailer != NULL;
        bool of_known_kind = is_signed && side.advert.trailer[0] == 1 &&
                             side.advert.trailer[2] == 0 && side.advert.trailer[3] == 0;
        side.receiver.trailers = false;
        enum packet_verdict plain = read_packet(&side, json_array_get(deliveries, 0));
        side.receiver.names_trailers = true;
        enum packet_verdict named_as = read_packet(&side, json_array_get(deliveries, 0));
        auth_keys_unref(side.keys);
        if (with_keys != PACKET_OK || !is_signed) {
            assert_int_equal(plain,
                             with_keys == PACKET_CHECKSUM_ERROR ? PACKET_LENGTH_ERROR : with_keys);
            assert_int_equal(named_as, with_keys);
            continue;
        }
        assert_int_equal(plain, PACKET_LENGTH_ERROR);
        assert_int_equal(named_as, of_known_kind ? PACKET_TRAILER_UNEXPECTED : PACKET_LENGTH_ERROR);
        named += of_known_kind ? 1 : 0;
    }
    assert_true(named >= 7);
}

static bool is_allowed(const json_t *delivery, const char *verdict)
{
    const json_t *also = json_object_get(delivery, "also_allowed");

    for (size_t i = 0; i < json_array_size(also); i++)
        if (strcmp(json_string_value(json_array_get(also, i)), verdict) == 0)
            return true;
    return strcmp(text_of(delivery, "expect"), verdict) == 0;
}

static void check_marks(const struct side *side, json_t *marks)
{
    size_t set = 0;
    const char *sender;
    json_t *mark;

    json_object_foreach (marks, sender, mark) {
        const struct ip_address from = address(sender);
        const struct auth_peer *peer = auth_peers_find(&side->peers, &from);

        assert_non_null(peer);
        assert_true(peer->mark.set);
        assert_int_equal(peer->mark.sequence, sequence_of(mark));
    }
    for (size_t i = 0; i < AUTH_PEERS_MAX; i++)
        set += side->peers.list[i].mark.set ? 1 : 0;
    assert_int_equal(set, json_object_size(marks));
}

static void receivers_say_what_the_vectors_say(void **state)
{
    const json_t *list = json_object_get(vectors, "vectors");
    static struct side side;

    (void)state;
    assert_true(json_array_size(list) >= 29);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *vector = json_array_get(list, i);
        const json_t *deliveries = json_object_get(vector, "deliveries");

        set_up(&side, json_object_get(vector, "receiver"));
        for (size_t j = 0; j < json_array_size(deliveries); j++) {
            const json_t *delivery = json_array_get(deliveries, j);
            const char *verdict = deliver(&side, delivery);

            print_message("%s %zu: %s\n", text_of(vector, "name"), j, verdict);
            assert_true(is_allowed(delivery, verdict));
            check_marks(&side, json_object_get(delivery, "marks_after"));
        }
        auth_keys_unref(side.keys);
    }
}

/* ---- Sequences */

static void senders_stamp_as_the_vectors_say(void **state)
{
    const json_t *list = json_object_get(vectors, "sender_sequence");

    (void)state;
    assert_true(json_array_size(list) >= 8);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const json_t *last = json_object_get(one, "last");
        bool time = strcmp(text_of(one, "anti_replay"), "time") == 0;
        const struct auth_rules rules = {.replay = time ? AUTH_REPLAY_TIME : AUTH_REPLAY_MONOTONIC,
                                         .window_s = number_of(one, "window_s")};
        struct auth_sender sender = {.sent = json_is_string(last)};

        if (sender.sent)
            sender.last = sequence_of(last);
        print_message("%s\n", text_of(one, "note"));
        assert_int_equal(
            auth_sender_next(&sender, &rules,
                             number_of(one, "clock_s") * NS_PER_SEC + number_of(one, "clock_ns")),
            sequence_of(json_object_get(one, "next")));
    }
}

static void windows_are_as_keepalived_has_them(void **state)
{
    const json_t *list = json_object_get(vectors, "default_window");

    (void)state;
    assert_true(json_array_size(list) >= 7);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);

        assert_int_equal(auth_window_default(number_of(one, "advert_interval_ms") * NS_PER_MS),
                         number_of(one, "window_s"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_is_as_in_the_vectors),
        cmocka_unit_test(receivers_say_what_the_vectors_say),
        cmocka_unit_test(without_keys_what_is_signed_is_named),
        cmocka_unit_test(senders_stamp_as_the_vectors_say),
        cmocka_unit_test(windows_are_as_keepalived_has_them),
    };

    vectors = json_load_file("data/auth-hmac-vectors.json", 0, NULL);
    int failed =
        vectors != NULL ? cmocka_run_group_tests_name("auth", tests, NULL, NULL) : EXIT_FAILURE;
    json_decref(vectors);
    return failed;
}
