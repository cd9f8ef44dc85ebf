/* What is odd on the LAN: told apart, said once in a while, over when it is not seen any more. */
#include "lib/election/lan_warning.h"
#include "tests/unit/lib/election/election_kit.h"

static const struct lan_params params = {.settle_ns = 4 * SEC, .quiet_ns = 60 * SEC};

enum { OURS = 2 };

struct bench {
    struct ip_prefix addresses[OURS];
    struct packet_receiver receiver;
    uint8_t packet[ADVERT_SIZE_MAX + 8];
    struct packet_ip ip;
    bool offering;
};

static void set_up(struct bench *b, enum ip_family family, const char *first, const char *second)
{
    *b = (struct bench){0};
    b->addresses[0].address = kit_address(first);
    if (second != NULL)
        b->addresses[1].address = kit_address(second);
    b->receiver = (struct packet_receiver){.family = family,
                                           .version = VRRP_V3,
                                           .vrid = 51,
                                           .priority = 100,
                                           .advert_interval_ns = SEC,
                                           .addresses = b->addresses,
                                           .address_count = second != NULL ? 2 : 1};
}

struct rival {
    const char *source;
    enum vrrp_version version;
    uint8_t priority;
    const char *addresses[3];
};

/* An advert of that rival arrives while we are in `state`. */
static bool hear(struct bench *b, const struct rival *rival, enum vrrp_state state,
                 struct lan_sighting *out)
{
    struct ip_prefix list[3] = {0};
    struct advert advert;
    uint32_t warnings;
    size_t count = 0;

    for (; count < 3 && rival->addresses[count] != NULL; count++)
        list[count].address = kit_address(rival->addresses[count]);
    const struct packet_spec spec = {.version = rival->version,
                                     .vrid = 51,
                                     .priority = rival->priority,
                                     .interval_ns = SEC,
                                     .checksum_kind = CHECKSUM_IPV4_PSEUDO_HEADER,
                                     .source = kit_address(rival->source),
                                     .destination = ip_address_vrrp_group(b->receiver.family),
                                     .addresses = list,
                                     .address_count = count,
                                     .mtu = 1500};
    size_t size = packet_build(&spec, b->packet, sizeof(b->packet));

    b->ip = (struct packet_ip){.source = spec.source, .destination = spec.destination, .ttl = 255};
    enum packet_verdict verdict =
        packet_receive(&b->ip, b->packet, size, &b->receiver, &advert, &warnings);
    const struct lan_message message = {.ip = &b->ip,
                                        .payload = b->packet,
                                        .size = size,
                                        .receiver = &b->receiver,
                                        .verdict = verdict,
                                        .warnings = warnings,
                                        .advert = &advert,
                                        .state = state,
                                        .own_priority = 100,
                                        .offering = b->offering};
    return lan_judge_message(&message, out);
}

static void two_masters_are_told_apart(void **state)
{
    struct rival rival = {"10.0.0.2", VRRP_V3, 100, {"10.0.0.9"}};
    struct lan_sighting s;
    struct bench b;

    (void)state;
    set_up(&b, IP_FAMILY_IPV4, "10.0.0.9", NULL);
    assert_true(hear(&b, &rival, VRRP_MASTER, &s));
    assert_int_equal(s.kind, LAN_EQUAL_PRIORITY);
    assert_int_equal(s.priority, 100);
    assert_false(hear(&b, &rival, VRRP_BACKUP, &s)); /* an ordinary master */
    rival.priority = 99;
    assert_true(hear(&b, &rival, VRRP_MASTER, &s));
    assert_int_equal(s.kind, LAN_SECOND_MASTER);
    assert_false(hear(&b, &rival, VRRP_BACKUP, &s));
    b.offering = true; /* whom the address is offered to */
    assert_false(hear(&b, &rival, VRRP_MASTER, &s));
    b.offering = false;
    rival.priority = 101; /* we yield */
    assert_false(hear(&b, &rival, VRRP_MASTER, &s));
    rival.priority = PRIORITY_RESIGN;
    assert_false(hear(&b, &rival, VRRP_MASTER, &s));
}

static void another_cluster_is_known_by_its_addresses(void **state)
{
    const struct rival rivals[] = {
        {"10.0.0.2", VRRP_V3, 50, {"10.0.0.55", "10.0.0.56"}},
        {"10.0.0.2", VRRP_V3, 200, {"10.0.0.55", "10.0.0.56"}},
        {"10.0.0.2", VRRP_V3, 100, {"10.0.0.55", "10.0.0.56"}},
        {"10.0.0.2", VRRP_V3, PRIORITY_RESIGN, {"10.0.0.55", "10.0.0.56"}},
        {"10.0.0.2", VRRP_V2, 100, {"10.0.0.55", "10.0.0.56"}}, /* dropped, and still named */
    };
    struct lan_sighting s;
    struct bench b;

    (void)state;
    set_up(&b, IP_FAMILY_IPV4, "10.0.0.9", "10.0.0.10");
    for (size_t i = 0; i < sizeof(rivals) / sizeof(rivals[0]); i++) {
        const struct ip_address first = kit_address("10.0.0.55");
        const struct ip_address peer = kit_address("10.0.0.2");

        assert_true(hear(&b, &rivals[i], VRRP_BACKUP, &s));
        assert_int_equal(s.kind, LAN_DUPLICATE_VRID);
        assert_int_equal(s.address_count, 2);
        assert_true(ip_address_equal(&s.sample, &first));
        assert_true(ip_address_equal(&s.peer, &peer));
        assert_true(hear(&b, &rivals[i], VRRP_MASTER, &s));
        assert_int_equal(s.kind, LAN_DUPLICATE_VRID);
    }
}

static void one_address_in_common_makes_it_ours(void **state)
{
    const struct rival rival = {"10.0.0.2", VRRP_V3, 100, {"10.0.0.55", "10.0.0.10"}};
    const struct rival old = {"10.0.0.2", VRRP_V2, 100, {"10.0.0.10"}};
    struct lan_sighting s;
    struct bench b;

    (void)state;
    set_up(&b, IP_FAMILY_IPV4, "10.0.0.9", "10.0.0.10");
    assert_true(hear(&b, &rival, VRRP_BACKUP, &s));
    assert_int_equal(s.kind, LAN_ADDRESS_LISTS_DIFFER);
    assert_true(s.missing_here);
    assert_int_equal(s.address_count, 1);
    assert_true(hear(&b, &old, VRRP_MASTER, &s));
    assert_int_equal(s.kind, LAN_ADDRESS_LISTS_DIFFER);
    assert_false(s.missing_here);
    /* A second master is the worse of the two. */
    assert_true(hear(&b, &rival, VRRP_MASTER, &s));
    assert_int_equal(s.kind, LAN_EQUAL_PRIORITY);
}

static void the_link_local_address_says_nothing(void **state)
{
    struct rival rival = {"fe80::2", VRRP_V3, 50, {"fe80::200:5eff:fe00:233", "2001:db8::55"}};
    struct lan_sighting s;
    struct bench b;

    (void)state;
    set_up(&b, IP_FAMILY_IPV6, "fe80::200:5eff:fe00:233", "2001:db8::9");
    assert_true(hear(&b, &rival, VRRP_BACKUP, &s));
    assert_int_equal(s.kind, LAN_DUPLICATE_VRID);
    assert_int_equal(s.address_count, 1);
    /* One that somebody chose does: a list that differs in part. */
    set_up(&b, IP_FAMILY_IPV6, "fe80::9", "2001:db8::9");
    rival.addresses[0] = "fe80::9";
    assert_true(hear(&b, &rival, VRRP_BACKUP, &s));
    assert_int_equal(s.kind, LAN_ADDRESS_LISTS_DIFFER);
    set_up(&b, IP_FAMILY_IPV6, "fe80::200:5eff:fe00:233", "2001:db8::9");
    rival.addresses[0] = "fe80::200:5eff:fe00:233";
    rival.addresses[1] = NULL; /* nothing to tell by */
    assert_true(hear(&b, &rival, VRRP_BACKUP, &s));
    assert_int_equal(s.kind, LAN_ADDRESS_LISTS_DIFFER);
    assert_false(s.missing_here);
    /* A router of link-local addresses alone has nothing else. */
    set_up(&b, IP_FAMILY_IPV6, "fe80::9", NULL);
    assert_true(hear(&b, &rival, VRRP_BACKUP, &s));
    rival.addresses[0] = "fe80::9";
    assert_false(hear(&b, &rival, VRRP_BACKUP, &s));
}

static void a_unicast_peer_that_lists_another_address_is_named(void **state)
{
    const struct ip_address peers[] = {kit_address("10.0.0.2")};
    const struct packet_receiver receiver = {.family = IP_FAMILY_IPV4,
                                             .version = VRRP_V3,
                                             .vrid = 51,
                                             .source = kit_address("10.0.0.1"),
                                             .peers = peers,
                                             .peer_count = 1,
                                             .unicast = true};
    struct packet_ip ip = {.source = peers[0], .destination = kit_address("10.0.0.77"), .ttl = 255};
    const struct lan_message message = {
        .ip = &ip, .receiver = &receiver, .verdict = PACKET_BAD_DESTINATION, .state = VRRP_BACKUP};
    struct lan_sighting s;

    (void)state;
    assert_true(lan_judge_message(&message, &s));
    assert_int_equal(s.kind, LAN_PEER_LISTS_OTHER);
    assert_true(ip_address_equal(&s.sample, &ip.destination));
    ip.source = kit_address("10.0.0.3"); /* no peer */
    assert_false(lan_judge_message(&message, &s));
    ip.source = peers[0];
    ip.destination = ip_address_vrrp_group(IP_FAMILY_IPV4);
    assert_false(lan_judge_message(&message, &s));
}

static void own_packets_are_looped_or_anothers(void **state)
{
    const struct vrrp_frame frame = {
        .mac = {2, 0, 0, 0, 0, 7}, .source = kit_address("10.0.0.1"), .vrid = 51, .priority = 90};
    struct lan_sighting s;

    (void)state;
    lan_judge_own(&frame, true, 99 * SEC, SEC, 100 * SEC, &s);
    assert_int_equal(s.kind, LAN_LOOPED_PACKETS);
    lan_judge_own(&frame, false, 99 * SEC, SEC, 100 * SEC, &s);
    assert_int_equal(s.kind, LAN_DUPLICATE_NODE_ADDRESS);
    assert_true(s.has_mac && s.mac[5] == 7);
    assert_int_equal(s.priority, 90);
    /* A copy of this machine has its MAC too, but we do not send now. */
    lan_judge_own(&frame, true, 90 * SEC, SEC, 100 * SEC, &s);
    assert_int_equal(s.kind, LAN_DUPLICATE_NODE_ADDRESS);
    lan_judge_own(&frame, true, 0, SEC, 100 * SEC, &s);
    assert_int_equal(s.kind, LAN_DUPLICATE_NODE_ADDRESS);
}

static struct lan_sighting of(enum lan_warning_kind kind)
{
    return (struct lan_sighting){.kind = kind, .peer = kit_address("10.0.0.2"), .priority = 50};
}

static void it_is_said_once_and_ends_when_it_is_quiet(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < LAN_WARNINGS; kind++) {
        const struct lan_sighting sighting = of((enum lan_warning_kind)kind);
        struct lan_watch w;
        unsigned said = 0;

        lan_watch_init(&w);
        assert_true(lan_watch_deadline(&w, &params) == DEADLINE_NEVER);
        assert_int_equal(lan_watch_idle_at(&w, &params), 0);
        for (uint64_t now = 100 * SEC; now < 200 * SEC; now += 10 * MS) {
            said += lan_watch_see(&w, &params, &sighting, now) ? 1 : 0;
            assert_int_equal(lan_watch_expire(&w, &params, now), 0);
        }
        assert_int_equal(said, 1);
        assert_true(w.list[kind].active);
        assert_int_equal(w.list[kind].count, 10000);
        uint64_t end = 200 * SEC - 10 * MS + params.quiet_ns;
        assert_int_equal(lan_watch_deadline(&w, &params), end);
        assert_true(lan_watch_idle_at(&w, &params) == DEADLINE_NEVER);
        assert_int_equal(lan_watch_expire(&w, &params, end - 1), 0);
        assert_int_equal(lan_watch_expire(&w, &params, end), 1u << kind);
        assert_false(w.list[kind].active);
        assert_int_equal(lan_watch_expire(&w, &params, end + 1), 0);
        assert_true(lan_watch_idle_at(&w, &params) >= 100 * SEC + LAN_WARNING_SAY_INTERVAL_NS);
        assert_true(lan_watch_idle_at(&w, &params) <= 200 * SEC + LAN_WARNING_SAY_INTERVAL_NS);
        assert_true(lan_watch_deadline(&w, &params) == DEADLINE_NEVER);
    }
}

static void one_that_comes_and_goes_does_not_fill_the_log(void **state)
{
    const struct lan_sighting sighting = of(LAN_DUPLICATE_VRID);
    struct lan_watch w;
    unsigned said = 0;
    unsigned ended = 0;

    (void)state;
    lan_watch_init(&w);
    for (uint64_t now = 100 * SEC; now < 100 * SEC + 3600 * SEC; now += 61 * SEC) {
        ended += lan_watch_expire(&w, &params, now) != 0 ? 1 : 0;
        said += lan_watch_see(&w, &params, &sighting, now) ? 1 : 0;
        assert_true(w.list[LAN_DUPLICATE_VRID].active);
        assert_int_equal(w.list[LAN_DUPLICATE_VRID].count, 1);
    }
    assert_int_equal(said, 6);
    assert_in_range(ended, 5, 6);
}

static void one_that_lasts_is_said_once(void **state)
{
    const struct lan_sighting sighting = of(LAN_LOOPED_PACKETS);
    struct lan_watch w;
    unsigned said = 0;

    (void)state;
    lan_watch_init(&w);
    for (uint64_t now = 100 * SEC; now < 100 * SEC + 3600 * SEC; now += SEC)
        said += lan_watch_see(&w, &params, &sighting, now) ? 1 : 0;
    assert_int_equal(said, 1);
}

static void two_masters_that_meet_are_no_second_master_yet(void **state)
{
    const struct lan_sighting sighting = of(LAN_SECOND_MASTER);
    struct lan_watch w;

    (void)state;
    lan_watch_init(&w);
    /* After a cut, three times within a minute: each time it yields. */
    for (uint64_t at = 100 * SEC; at < 160 * SEC; at += 20 * SEC)
        for (uint64_t now = at; now < at + 2 * SEC; now += SEC)
            assert_false(lan_watch_see(&w, &params, &sighting, now));
    assert_false(w.list[LAN_SECOND_MASTER].active);
    assert_true(lan_watch_deadline(&w, &params) == DEADLINE_NEVER);
    assert_int_equal(lan_watch_idle_at(&w, &params), 141 * SEC + params.quiet_ns);
    bool said = false;
    for (uint64_t now = 300 * SEC; now <= 304 * SEC; now += SEC) {
        assert_false(said);
        said = lan_watch_see(&w, &params, &sighting, now);
    }
    assert_true(said);
}

static void a_forger_is_said_again_once_its_machine_is_known(void **state)
{
    struct lan_sighting sighting = {.kind = LAN_REFUSED_PEER,
                                    .peer = kit_address("10.0.0.9"),
                                    .verdict = PACKET_TRAILER_INVALID_HMAC};
    struct lan_watch w;

    (void)state;
    lan_watch_init(&w);
    assert_true(lan_watch_see(&w, &params, &sighting, SEC));
    assert_false(lan_watch_see(&w, &params, &sighting, 2 * SEC));
    sighting.has_mac = true;
    assert_true(lan_watch_see(&w, &params, &sighting, 3 * SEC));
    assert_false(lan_watch_see(&w, &params, &sighting, 4 * SEC));
}

static void who_drops_what_is_unsigned_is_a_second_master(void **state)
{
    struct lan_sighting s = {.kind = LAN_SECOND_MASTER, .peer = kit_address("10.0.0.9")};
    struct lan_subject subject = {.interface = "eth0", .source = kit_address("10.0.0.1")};
    char text[LAN_WARNING_TEXT_SIZE];

    (void)state;
    assert_null(strstr(lan_warning_text(&s, &subject, text, sizeof(text)), "sign"));
    s.is_signed = true;
    assert_non_null(strstr(lan_warning_text(&s, &subject, text, sizeof(text)),
                           "it signs, ours are unsigned; auth-mode = permissive here"));
    subject.signs = true;
    assert_null(strstr(lan_warning_text(&s, &subject, text, sizeof(text)), "sign"));
}

static void every_kind_has_a_name_and_a_text_that_fits(void **state)
{
    const struct lan_subject subject = {.interface = "fifteen-letters",
                                        .vrid = 255,
                                        .priority = 254,
                                        .source =
                                            kit_address("2001:db8:1111:2222:3333:4444:5555:6666")};
    char text[LAN_WARNING_TEXT_SIZE];

    (void)state;
    for (unsigned kind = 0; kind < LAN_WARNINGS; kind++) {
        const struct lan_sighting s = {.kind = (enum lan_warning_kind)kind,
                                       .peer = subject.source,
                                       .priority = 253,
                                       .address_count = 255,
                                       .sample = subject.source};

        lan_warning_text(&s, &subject, text, sizeof(text));
        assert_in_range(strlen(text), 20, sizeof(text) - 2); /* one more octet had room */
        assert_true(strlen(lan_warning_name(s.kind)) > 5);
    }
    for (unsigned verdict = 0; verdict < 2 * PACKET_VERDICTS; verdict++) {
        const struct lan_sighting s = {.kind = LAN_REFUSED_PEER,
                                       .peer = subject.source,
                                       .has_mac = true,
                                       .address_count = verdict / PACKET_VERDICTS,
                                       .sample = subject.source,
                                       .verdict = (enum packet_verdict)(verdict % PACKET_VERDICTS)};

        lan_warning_text(&s, &subject, text, sizeof(text));
        assert_in_range(strlen(text), 20, sizeof(text) - 2);
    }
    const struct lan_sighting s = {.kind = LAN_DUPLICATE_VRID,
                                   .peer = kit_address("10.0.0.9"),
                                   .address_count = 1,
                                   .sample = kit_address("10.0.0.55")};
    lan_warning_text(&s, &subject, text, sizeof(text));
    assert_non_null(strstr(text, "VRID 255 is also used by 10.0.0.9 for 10.0.0.55:"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_masters_are_told_apart),
        cmocka_unit_test(another_cluster_is_known_by_its_addresses),
        cmocka_unit_test(one_address_in_common_makes_it_ours),
        cmocka_unit_test(the_link_local_address_says_nothing),
        cmocka_unit_test(a_unicast_peer_that_lists_another_address_is_named),
        cmocka_unit_test(own_packets_are_looped_or_anothers),
        cmocka_unit_test(it_is_said_once_and_ends_when_it_is_quiet),
        cmocka_unit_test(one_that_comes_and_goes_does_not_fill_the_log),
        cmocka_unit_test(one_that_lasts_is_said_once),
        cmocka_unit_test(two_masters_that_meet_are_no_second_master_yet),
        cmocka_unit_test(a_forger_is_said_again_once_its_machine_is_known),
        cmocka_unit_test(who_drops_what_is_unsigned_is_a_second_master),
        cmocka_unit_test(every_kind_has_a_name_and_a_text_that_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
