/* Who is known on the LAN, by machine, and the words for what is the matter with it. */
#include "lib/election/refused_peer.h"
#include "tests/unit/lib/election/election_kit.h"

#include <stdio.h>

#define PEER "10.0.0.2"

static const uint8_t MAC[MAC_SIZE] = {2, 0, 0, 0, 0, 2};

static void hear(struct peer_macs *peers, const char *source, enum packet_verdict verdict,
                 uint64_t now)
{
    const struct ip_address address = kit_address(source);

    peer_macs_hear(peers, &address, verdict, 2, now);
}

static void capture(struct peer_macs *peers, const char *source, const uint8_t mac[MAC_SIZE],
                    uint64_t now)
{
    const struct ip_address address = kit_address(source);

    peer_macs_frame(peers, &address, mac, false, now);
}

static struct peer_mac *claim(struct peer_macs *peers, const uint8_t mac[MAC_SIZE], uint64_t now)
{
    const struct ip_address address = kit_address("10.0.0.10");

    return peer_macs_claim(peers, mac, &address, now);
}

/* What is said of the machine when it claims. */
static const char *said(struct peer_macs *peers, uint64_t now)
{
    static char text[LAN_WARNING_TEXT_SIZE];
    const struct lan_subject subject = {.interface = "eth0", .vrid = 51, .version = 3};
    struct lan_sighting sighting;

    refused_peer_sighting(&peers->list[0], 60 * SEC, now, &sighting);
    return refused_peer_text(&sighting, &subject, text, sizeof(text));
}

static void a_sender_is_known_by_its_machine_once_that_was_captured(void **state)
{
    struct peer_mac room[PEER_MACS] = {0};
    struct peer_macs peers = {room, PEER_MACS};

    (void)state;
    assert_null(peer_macs_unknown(&peers));
    hear(&peers, PEER, PACKET_OK, SEC);
    assert_non_null(peer_macs_unknown(&peers));
    assert_null(claim(&peers, MAC, SEC));
    capture(&peers, PEER, MAC, 2 * SEC);
    assert_null(peer_macs_unknown(&peers));
    assert_non_null(claim(&peers, MAC, 3 * SEC));
}

static void the_reason_is_said(void **state)
{
    struct peer_mac room[PEER_MACS] = {0};
    struct peer_macs peers = {room, PEER_MACS};

    (void)state;
    hear(&peers, PEER, PACKET_VERSION_ERROR, SEC);
    assert_string_equal(said(&peers, SEC), PEER " speaks VRRP version 2, this node version 3: its "
                                                "adverts are dropped");
    capture(&peers, PEER, MAC, SEC);
    (void)claim(&peers, MAC, SEC);
    assert_string_equal(said(&peers, SEC),
                        PEER " speaks VRRP version 2, this node version 3: both hold 10.0.0.10");
    assert_non_null(strstr(said(&peers, 62 * SEC), "dropped"));
    hear(&peers, PEER, PACKET_AUTH_TYPE_ERROR, SEC);
    assert_non_null(strstr(said(&peers, SEC), "sends a password (keepalived: auth_pass), this "
                                              "node expects none: both hold 10.0.0.10"));
    hear(&peers, PEER, PACKET_AUTH_MISSING, SEC);
    assert_non_null(strstr(said(&peers, SEC), "sends no password, this node expects one"));
    hear(&peers, PEER, PACKET_AUTH_FAILURE, SEC);
    assert_non_null(strstr(said(&peers, SEC), "sends another password than this node"));
    hear(&peers, PEER, PACKET_AUTH_UNSUPPORTED, SEC);
    assert_non_null(strstr(said(&peers, SEC), "in a way that vipd does not know"));
    hear(&peers, PEER, PACKET_INTERVAL_ERROR, SEC);
    assert_non_null(strstr(said(&peers, SEC), "advert-interval"));
    hear(&peers, PEER, PACKET_IP_TTL_ERROR, SEC);
    assert_non_null(strstr(said(&peers, SEC), "TTL"));
    hear(&peers, PEER, PACKET_NOT_A_PEER, SEC);
    assert_non_null(strstr(said(&peers, SEC), "unicast-peers"));
    hear(&peers, PEER, PACKET_OK, SEC);
    assert_non_null(strstr(said(&peers, SEC), "do not arrive any more: both hold 10.0.0.10"));
}

static void of_a_signature_the_mend_is_said_too(void **state)
{
    static const struct {
        enum packet_verdict verdict;
        const char *said;
    } cases[] = {
        {PACKET_TRAILER_MISSING, "sends unsigned adverts, this node has auth-mode = enforce: its "
                                 "adverts are dropped; auth-mode = permissive here"},
        {PACKET_TRAILER_MALFORMED, "does not know: its adverts are dropped; vipd, or keepalived"},
        {PACKET_TRAILER_UNKNOWN_KEY, "key id that no auth-key here has: its adverts are dropped; "
                                     "the same keys under the same ids"},
        {PACKET_TRAILER_INVALID_HMAC, "or is a forger: its adverts are dropped; compare the key "
                                      "files"},
        {PACKET_TRAILER_STALE, "off by more than auth-window: its adverts are dropped; set both "
                               "clocks right"},
        {PACKET_TRAILER_REPLAY, "heard before, or its clock was set back: its adverts are "
                                "dropped; set its clock right"},
        {PACKET_TRAILER_UNEXPECTED, "signs its adverts, and this node has no auth-key: its adverts "
                                    "are dropped; auth-key here, with auth-mode = receive-only"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct peer_mac room[PEER_MACS] = {0};
        struct peer_macs peers = {room, PEER_MACS};

        hear(&peers, PEER, cases[i].verdict, SEC);
        assert_ptr_equal(strstr(said(&peers, SEC), PEER " "), said(&peers, SEC));
        if (strstr(said(&peers, SEC), cases[i].said) == NULL)
            fail_msg("%s", said(&peers, SEC));
    }
}

/* Somebody sends in the name of a router that is heard: it is the machine of the refused frames
 * that is named, and the router's stays what it is. */
static void of_a_forger_the_machine_is_named(void **state)
{
    static const uint8_t forger[MAC_SIZE] = {2, 0, 0, 0, 0, 6};
    const struct ip_address source = kit_address(PEER);
    struct peer_mac room[PEER_MACS] = {0};
    struct peer_macs peers = {room, PEER_MACS};

    (void)state;
    hear(&peers, PEER, PACKET_OK, SEC);
    capture(&peers, PEER, MAC, SEC);
    assert_null(peer_macs_unknown(&peers));
    hear(&peers, PEER, PACKET_TRAILER_INVALID_HMAC, 2 * SEC);
    assert_null(strstr(said(&peers, 2 * SEC), "02:00:00:00"));
    assert_non_null(peer_macs_unknown(&peers));
    capture(&peers, PEER, MAC, 2 * SEC);
    peer_macs_frame(&peers, &source, forger, true, 2 * SEC);
    assert_null(peer_macs_unknown(&peers));
    hear(&peers, PEER, PACKET_TRAILER_INVALID_HMAC, 3 * SEC);
    assert_non_null(strstr(said(&peers, 3 * SEC), PEER " (02:00:00:00:00:06) signs with another"));
    assert_memory_equal(peers.list[0].mac, MAC, MAC_SIZE);
    assert_null(peer_macs_machine(&peers, forger));
    /* A while later it may be another one. */
    hear(&peers, PEER, PACKET_TRAILER_INVALID_HMAC, 30 * SEC);
    assert_null(peer_macs_unknown(&peers));
    hear(&peers, PEER, PACKET_TRAILER_INVALID_HMAC, 90 * SEC);
    assert_non_null(peer_macs_unknown(&peers));
    /* And it is not looked for without an end. */
    for (unsigned i = 0; i < PEER_MAC_LOOKS; i++)
        capture(&peers, PEER, MAC, 91 * SEC);
    assert_null(peer_macs_unknown(&peers));
}

static void a_sender_that_is_only_refused_is_known_by_that(void **state)
{
    const struct ip_address source = kit_address(PEER);
    struct peer_mac room[PEER_MACS] = {0};
    struct peer_macs peers = {room, PEER_MACS};

    (void)state;
    hear(&peers, PEER, PACKET_TRAILER_UNKNOWN_KEY, SEC);
    peer_macs_frame(&peers, &source, MAC, true, SEC);
    assert_non_null(strstr(said(&peers, SEC), PEER " (02:00:00:00:00:02) signs with a key id"));
    assert_non_null(peer_macs_machine(&peers, MAC));
}

static void a_sender_that_only_the_capture_sees_is_behind_a_firewall(void **state)
{
    struct peer_mac room[PEER_MACS] = {0};
    struct peer_macs peers = {room, PEER_MACS};

    (void)state;
    capture(&peers, PEER, MAC, SEC);
    (void)claim(&peers, MAC, SEC);
    assert_non_null(strstr(said(&peers, SEC), "reach this machine and not vipd"));
}

static void damaged_adverts_say_nothing_of_anybody(void **state)
{
    struct peer_mac room[PEER_MACS] = {0};
    struct peer_macs peers = {room, PEER_MACS};

    (void)state;
    hear(&peers, PEER, PACKET_CHECKSUM_ERROR, SEC);
    hear(&peers, PEER, PACKET_LENGTH_ERROR, SEC);
    hear(&peers, PEER, PACKET_OWN_PACKET, SEC);
    assert_null(peer_macs_unknown(&peers));
}

static void a_flood_of_refused_senders_drives_no_peer_out(void **state)
{
    struct peer_mac room[PEER_MACS] = {0};
    struct peer_macs peers = {room, PEER_MACS};
    char source[32];

    (void)state;
    hear(&peers, PEER, PACKET_OK, SEC);
    capture(&peers, PEER, MAC, SEC);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(source, sizeof(source), "10.1.%u.%u", i / 250, i % 250 + 1);
        hear(&peers, source, PACKET_VERSION_ERROR, (2 + i) * SEC);
    }
    assert_non_null(claim(&peers, MAC, 2000 * SEC));
}

static void room_is_for_those_who_are_heard(void **state)
{
    const struct ip_address first = kit_address(PEER);
    const struct ip_address second = kit_address("10.0.0.3");
    struct peer_mac room[PEER_MACS] = {0};
    struct peer_macs peers = {0};

    (void)state;
    hear(&peers, PEER, PACKET_OK, NS_PER_SEC);
    capture(&peers, PEER, MAC, NS_PER_SEC);
    assert_null(peer_macs_source(&peers, &first));
    assert_null(peer_macs_unknown(&peers));
    assert_null(claim(&peers, MAC, NS_PER_SEC));
    assert_int_equal(peer_macs_room(&peers, &first), 1);
    peers = (struct peer_macs){room, 1};
    assert_int_equal(peer_macs_room(&peers, &first), 1);
    hear(&peers, PEER, PACKET_OK, NS_PER_SEC);
    capture(&peers, PEER, MAC, NS_PER_SEC);
    assert_int_equal(peer_macs_room(&peers, &first), 1);
    assert_int_equal(peer_macs_room(&peers, &second), PEER_MACS);
    peers.room = PEER_MACS;
    hear(&peers, "10.0.0.3", PACKET_OK, 2 * NS_PER_SEC);
    assert_non_null(peer_macs_source(&peers, &first));
    assert_non_null(peer_macs_source(&peers, &second));
    assert_int_equal(peer_macs_room(&peers, &second), PEER_MACS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_is_for_those_who_are_heard),
        cmocka_unit_test(a_sender_is_known_by_its_machine_once_that_was_captured),
        cmocka_unit_test(the_reason_is_said),
        cmocka_unit_test(of_a_signature_the_mend_is_said_too),
        cmocka_unit_test(of_a_forger_the_machine_is_named),
        cmocka_unit_test(a_sender_that_is_only_refused_is_known_by_that),
        cmocka_unit_test(a_sender_that_only_the_capture_sees_is_behind_a_firewall),
        cmocka_unit_test(damaged_adverts_say_nothing_of_anybody),
        cmocka_unit_test(a_flood_of_refused_senders_drives_no_peer_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
