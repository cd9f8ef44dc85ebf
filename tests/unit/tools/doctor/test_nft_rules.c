/* What an nftables ruleset does with adverts. Rulesets are written as `nft -j` prints them. */
#include "tools/doctor/nft_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define CHAIN(family, policy, rules)                                                               \
    "{\"nftables\": [{\"metainfo\": {}},"                                                          \
    "{\"set\": {\"family\": \"" family "\", \"name\": \"s\", \"table\": \"t\","                    \
    "  \"elem\": [\"10.0.0.0\", {\"prefix\": {\"addr\": \"224.0.0.0\", \"len\": 8}}]}},"           \
    "{\"map\": {\"family\": \"" family "\", \"name\": \"m\", \"table\": \"t\","                    \
    "  \"elem\": [[\"tcp\", {\"drop\": null}], [\"vrrp\", {\"accept\": null}]]}},"                 \
    "{\"chain\": {\"family\": \"" family "\", \"table\": \"t\", \"name\": \"c\","                  \
    "  \"hook\": \"input\", \"policy\": \"" policy "\"}}" rules "]}"
#define RULE(family, chain, handle, ...)                                                           \
    ", {\"rule\": {\"family\": \"" family "\", \"table\": \"t\", \"chain\": \"" chain "\","        \
    "  \"handle\": " #handle ", \"expr\": [" #__VA_ARGS__ "]}}"
struct row {
    const char *expressions; /* of one rule, in front of "accept"; policy drop */
    int multicast4;          /* enum nft_verdict */
    int multicast6;
    int unicast4;
};

#define MATCH(op, left, right)                                                                     \
    "{\"match\": {\"op\": \"" op "\", \"left\": " left ", \"right\": " right "}}"
#define META(key) "{\"meta\": {\"key\": \"" key "\"}}"
#define FIELD(protocol, field)                                                                     \
    "{\"payload\": {\"protocol\": \"" protocol "\", \"field\": \"" field "\"}}"
#define STATE "{\"ct\": {\"key\": \"state\"}}"

enum { A = NFT_ACCEPTED, M = NFT_MAY_BE_DROPPED, D = NFT_DROPPED };

/* An advert from 10.0.0.2 or fe80::2 on eth0. */
static const struct row rows[] = {
    {MATCH("==", META("l4proto"), "\"vrrp\""), A, A, A},
    {MATCH("==", META("l4proto"), "112"), A, A, A},
    {MATCH("==", META("l4proto"), "\"tcp\""), D, D, D},
    {MATCH("!=", META("l4proto"), "\"tcp\""), A, A, A},
    {MATCH("!=", META("l4proto"), "\"vrrp\""), D, D, D},
    {MATCH("==", META("l4proto"), "{\"set\": [\"tcp\", \"vrrp\"]}"), A, A, A},
    {MATCH("==", META("l4proto"), "{\"set\": [{\"range\": [100, 120]}]}"), A, A, A},
    {MATCH("==", META("l4proto"), "{\"set\": [{\"elem\": {\"val\": \"vrrp\"}}]}"), A, A, A},
    {MATCH("==", META("l4proto"), "{\"range\": [1, 111]}"), D, D, D},
    {MATCH("==", META("l4proto"), "{\"range\": [1, 112]}"), A, A, A},
    {MATCH("==", META("l4proto"), "{\"range\": [\"vrrp\", 255]}"), A, A, A},
    {MATCH("==", META("l4proto"), "{\"range\": [113, 255]}"), D, D, D},
    {MATCH(">=", META("l4proto"), "112"), A, A, A},
    {MATCH("<", META("l4proto"), "112"), D, D, D},
    {MATCH("==", META("nfproto"), "\"ipv4\""), A, D, A},
    {MATCH("==", META("protocol"), "\"ip6\""), D, A, D},
    {MATCH("==", META("iifname"), "\"eth0\""), A, A, A},
    {MATCH("==", META("iifname"), "\"eth*\""), A, A, A},
    {MATCH("==", META("iif"), "\"eth1\""), D, D, D},
    {MATCH("==", META("oifname"), "\"eth0\""), D, D, D},
    {MATCH("==", META("pkttype"), "\"multicast\""), A, A, D},
    {MATCH("==", META("mark"), "1"), M, M, M},
    {MATCH("==", FIELD("ip", "protocol"), "\"vrrp\""), A, D, A},
    {MATCH("!=", FIELD("ip", "protocol"), "\"tcp\""), A, D, A},
    {MATCH("==", FIELD("ip6", "nexthdr"), "\"vrrp\""), D, A, D},
    {MATCH("==", FIELD("ip", "ttl"), "255"), A, D, A},
    {MATCH("<", FIELD("ip", "ttl"), "255"), D, D, D},
    {MATCH("==", FIELD("ip", "dscp"), "\"cs6\""), A, D, A},
    {MATCH("==", FIELD("ip", "saddr"), "\"10.0.0.2\""), A, D, A},
    {MATCH("!=", FIELD("ip", "saddr"), "\"10.0.0.2\""), D, D, D},
    {MATCH("==", FIELD("ip", "saddr"), "{\"prefix\": {\"addr\": \"10.0.0.0\", \"len\": 24}}"), A, D,
     A},
    {MATCH("==", FIELD("ip", "saddr"), "{\"range\": [\"10.0.0.3\", \"10.0.0.9\"]}"), D, D, D},
    {MATCH("==", FIELD("ip", "daddr"), "\"224.0.0.18\""), A, D, D},
    {MATCH("==", FIELD("ip", "daddr"), "\"@s\""), A, D, D},
    {MATCH("==", FIELD("ip6", "daddr"), "\"ff02::12\""), D, A, D},
    {MATCH("==", FIELD("ip", "length"), "40"), M, D, M},
    {MATCH("==", FIELD("tcp", "dport"), "22"), D, D, D},
    {MATCH("!=", FIELD("tcp", "dport"), "22"), D, D, D},
    {MATCH("==", FIELD("th", "dport"), "22"), M, M, M},
    {MATCH("==", FIELD("ether", "type"), "\"arp\""), D, D, D},
    {MATCH("in", STATE, "[\"established\", \"related\"]"), D, D, M},
    {MATCH("in", STATE, "\"new\""), A, A, M},
    {MATCH("in", STATE, "\"invalid\""), D, D, D},
    {MATCH("==", "{\"fib\": {\"result\": \"type\", \"flags\": [\"daddr\"]}}", "\"multicast\""), A,
     A, D},
    {MATCH("==", "{\"fib\": {\"result\": \"oif\", \"flags\": [\"saddr\", \"iif\"]}}", "false"), D,
     D, D},
    {MATCH("==", "{\"concat\": [" META("iifname") ", " META("l4proto") "]}",
           "{\"set\": [{\"concat\": [\"eth0\", \"vrrp\"]}]}"),
     A, A, A},
    {MATCH("==", "{\"concat\": [" META("iifname") ", " META("l4proto") "]}",
           "{\"set\": [{\"concat\": [\"eth1\", \"vrrp\"]}]}"),
     D, D, D},
    {MATCH("==", "{\"&\": [" META("mark") ", 255]}", "1"), M, M, M},
    {"{\"limit\": {\"rate\": 5, \"per\": \"second\"}}", M, M, M},
    {"{\"xt\": null}", M, M, M},
    {"{\"counter\": {\"packets\": 0}}, {\"log\": null}", A, A, A},
    {"{\"nonsense of a later version\": 1}", M, M, M},
    {"{\"vmap\": {\"key\": " META("l4proto") ", \"data\": \"@m\"}}", A, A, A},
    {"{\"vmap\": {\"key\": " STATE ", \"data\": {\"set\": [[\"new\", {\"drop\": null}]]}}}", D, D,
     M},
    {"{\"drop\": null}", D, D, D},
    {"{\"reject\": {}}", D, D, D},
    {"{\"queue\": {}}", M, M, M},
};

static struct nft_packet advert(const char *source, const char *destination)
{
    struct nft_packet packet = {.interface = "eth0"};

    assert_true(ip_prefix_parse(source, &packet.source));
    assert_true(ip_prefix_parse(destination, &packet.destination));
    return packet;
}

static struct nft_judgement judge(const char *text, const struct nft_packet *packet)
{
    json_error_t error;
    json_t *ruleset = json_loads(text, 0, &error);

    if (ruleset == NULL)
        fail_msg("%s: %s", error.text, text);
    struct nft_judgement judgement = nft_judge(ruleset, packet);
    json_decref(ruleset);
    return judgement;
}

static void expect(const struct row *row, const char *text, const struct nft_packet *packet,
                   int wanted)
{
    int found = (int)judge(text, packet).verdict;

    if (found != wanted)
        fail_msg("%s: found %d, expected %d", row->expressions, found, wanted);
}

static void test_matches(void **state)
{
    const struct nft_packet multicast4 = advert("10.0.0.2", "224.0.0.18");
    const struct nft_packet multicast6 = advert("fe80::2", "ff02::12");
    const struct nft_packet unicast4 = advert("10.0.0.2", "10.0.0.1");
    char text[4096];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(text, sizeof(text),
                 CHAIN("inet", "drop",
                       ", {\"rule\": {\"family\": \"inet\", \"table\": \"t\", \"chain\": \"c\", "
                       "\"handle\": 7, \"expr\": [%s, {\"accept\": null}]}}"),
                 rows[i].expressions);
        expect(&rows[i], text, &multicast4, rows[i].multicast4);
        expect(&rows[i], text, &multicast6, rows[i].multicast6);
        expect(&rows[i], text, &unicast4, rows[i].unicast4);
    }
}

static void test_part_of_a_network(void **state)
{
    static const char text[] =
        CHAIN("ip", "drop",
              RULE("ip", "c", 7, {
                  "match" : {
                      "op" : "==",
                      "left" : {"payload" : {"protocol" : "ip", "field" : "saddr"}},
                      "right" : {"prefix" : {"addr" : "10.0.0.0", "len" : 25}}
                  }
              },
                   {"accept" : null}));
    const struct nft_packet inside = advert("10.0.0.0/26", "224.0.0.18");
    const struct nft_packet partly = advert("10.0.0.0/24", "224.0.0.18");
    const struct nft_packet outside = advert("10.0.0.128/25", "224.0.0.18");

    (void)state;
    assert_int_equal(judge(text, &inside).verdict, NFT_ACCEPTED);
    assert_int_equal(judge(text, &partly).verdict, NFT_MAY_BE_DROPPED);
    assert_int_equal(judge(text, &outside).verdict, NFT_DROPPED);
}

static void test_the_first_rule_that_decides_counts(void **state)
{
    const struct nft_packet packet = advert("10.0.0.2", "224.0.0.18");

    (void)state;
    static const char accept_first[] = CHAIN(
        "ip", "drop", RULE("ip", "c", 7, {"accept" : null}) RULE("ip", "c", 8, {"drop" : null}));
    assert_int_equal(judge(accept_first, &packet).verdict, NFT_ACCEPTED);
    static const char drop_first[] = CHAIN(
        "ip", "accept", RULE("ip", "c", 7, {"drop" : null}) RULE("ip", "c", 8, {"accept" : null}));
    struct nft_judgement dropped = judge(drop_first, &packet);
    assert_int_equal(dropped.verdict, NFT_DROPPED);
    assert_int_equal(dropped.handle, 7);
    assert_string_equal(dropped.chain, "c");
}

static void test_jumps(void **state)
{
    const struct nft_packet packet = advert("10.0.0.2", "224.0.0.18");

    (void)state;
    /* Comes back, and is accepted afterwards. */
    static const char back[] =
        CHAIN("ip", "drop",
              RULE("ip", "c", 7, {"jump" : {"target" : "d"}}) RULE("ip", "c", 8, {"accept" : null})
                  RULE("ip", "d", 9, {"return" : null}) RULE("ip", "d", 10, {"drop" : null}));
    assert_int_equal(judge(back, &packet).verdict, NFT_ACCEPTED);
    /* Does not come back from a goto. */
    static const char gone[] = CHAIN("ip", "drop",
                                     RULE("ip", "c", 7, {"goto" : {"target" : "d"}})
                                         RULE("ip", "c", 8, {"accept" : null}));
    struct nft_judgement judgement = judge(gone, &packet);
    assert_int_equal(judgement.verdict, NFT_DROPPED);
    assert_int_equal(judgement.handle, 0);
    /* The rule in the chain jumped to is to blame. */
    static const char inner[] =
        CHAIN("ip", "accept",
              RULE("ip", "c", 7, {"jump" : {"target" : "d"}}) RULE("ip", "d", 9, {"drop" : null}));
    judgement = judge(inner, &packet);
    assert_int_equal(judgement.verdict, NFT_DROPPED);
    assert_int_equal(judgement.handle, 9);
    assert_string_equal(judgement.chain, "d");
    assert_string_equal(judgement.base_chain, "c");
    /* Chains that jump to one another, which the kernel refuses, end as well. */
    static const char endless[] = CHAIN("ip", "accept",
                                        RULE("ip", "c", 7, {"jump" : {"target" : "d"}})
                                            RULE("ip", "d", 9, {"jump" : {"target" : "d"}}));
    assert_int_equal(judge(endless, &packet).verdict, NFT_MAY_BE_DROPPED);
}

static void test_which_chains_count(void **state)
{
    struct nft_packet packet = advert("10.0.0.2", "224.0.0.18");

    (void)state;
    assert_int_equal(judge(CHAIN("ip", "drop", ""), &packet).verdict, NFT_DROPPED);
    assert_int_equal(judge(CHAIN("inet", "drop", ""), &packet).verdict, NFT_DROPPED);
    assert_int_equal(judge(CHAIN("ip6", "drop", ""), &packet).verdict, NFT_ACCEPTED);
    assert_int_equal(judge(CHAIN("arp", "drop", ""), &packet).verdict, NFT_ACCEPTED);
    packet.outgoing = true;
    assert_int_equal(judge(CHAIN("ip", "drop", ""), &packet).verdict, NFT_ACCEPTED);
    packet.outgoing = false;
    static const char ingress[] =
        "{\"nftables\": [{\"chain\": {\"family\": \"netdev\", \"table\": \"t\", \"name\": \"c\", "
        "\"hook\": \"ingress\", \"dev\": \"eth0\", \"policy\": \"drop\"}}]}";
    assert_int_equal(judge(ingress, &packet).verdict, NFT_DROPPED);
    packet.interface = "eth1";
    assert_int_equal(judge(ingress, &packet).verdict, NFT_ACCEPTED);
    static const char somewhere[] =
        "{\"nftables\": [{\"chain\": {\"family\": \"netdev\", \"table\": \"t\", \"name\": \"c\", "
        "\"hook\": \"ingress\", \"policy\": \"drop\"}}]}";
    assert_int_equal(judge(somewhere, &packet).verdict, NFT_MAY_BE_DROPPED);
}

static void test_what_is_no_ruleset(void **state)
{
    const struct nft_packet packet = advert("10.0.0.2", "224.0.0.18");

    (void)state;
    assert_int_equal(judge("{}", &packet).verdict, NFT_ACCEPTED);
    assert_int_equal(judge("{\"nftables\": 3}", &packet).verdict, NFT_ACCEPTED);
    assert_int_equal(
        judge("{\"nftables\": [1, {\"chain\": {\"hook\": 1}}, {\"rule\": []}]}", &packet).verdict,
        NFT_ACCEPTED);
    static const char odd[] =
        CHAIN("ip", "drop",
              RULE("ip", "c", 7, 1) RULE("ip", "c", 8, {"match" : 5}) RULE("ip", "c", 9, {})
                  RULE("ip", "c", 10, {"jump" : null}) RULE("ip", "c", 11, {"vmap" : []}));
    assert_int_equal(judge(odd, &packet).verdict, NFT_DROPPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_part_of_a_network),
        cmocka_unit_test(test_the_first_rule_that_decides_counts),
        cmocka_unit_test(test_jumps),
        cmocka_unit_test(test_which_chains_count),
        cmocka_unit_test(test_what_is_no_ruleset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
