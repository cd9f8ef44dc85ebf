/* Each kind of interface against what an instance can ask of it. */
#include "lib/config/interface_fit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum asked { MULTICAST = 1, UNICAST = 2, VIRTUAL_MAC = 4, UNICAST_VIRTUAL = 8 };

enum { ALL = MULTICAST | UNICAST | VIRTUAL_MAC | UNICAST_VIRTUAL, NOTHING = 0 };

static const struct {
    struct interface_nature nature;
    unsigned carries; /* of enum asked */
    const char *says; /* of what it does not */
} cases[] = {
    {{"eth0", "", 0, true, false, true}, ALL, NULL},
    {{"eth0", "", 0, true, false, false}, ALL, NULL},
    {{"veth0", "veth", 0, true, false, true}, ALL, NULL},
    {{"br0", "bridge", 0, true, false, true}, ALL, NULL},
    {{"bond0", "bond", 6, true, false, true}, ALL, NULL},
    {{"vx0", "vxlan", 0, true, false, true}, ALL, NULL},
    {{"lo", "", 0, false, true, false}, NOTHING, "the loopback"},
    {{"dummy0", "dummy", 0, true, false, false}, NOTHING, "addresses = ADDRESS dev dummy0"},
    {{"red", "vrf", 0, true, false, false}, NOTHING, "is a VRF"},
    {{"mv0", "macvlan", 4, true, false, true}, ALL, NULL},
    {{"mv0", "macvlan", 2, true, false, true}, ALL, NULL},
    {{"mv0", "macvlan", 1, true, false, true}, MULTICAST | UNICAST, "private"},
    {{"mv0", "macvlan", 8, true, false, true}, MULTICAST | UNICAST, "passthru"},
    {{"mv0", "macvlan", 16, true, false, true}, MULTICAST | UNICAST, "source"},
    {{"mt0", "macvtap", 2, true, false, true}, MULTICAST | UNICAST, "a program"},
    {{"iv0", "ipvlan", 0, true, false, true}, MULTICAST | UNICAST, "the interface below"},
    {{"iv0", "ipvlan", 1, true, false, true}, UNICAST, "ipvlan"},
    {{"iv0", "ipvlan", 2, true, false, true}, UNICAST, "ipvlan"},
    {{"wg0", "wireguard", 0, false, false, false}, UNICAST, "wg0"},
    {{"wg0", "wireguard", 0, false, false, true}, MULTICAST | UNICAST, "no MACs"},
    {{"tun0", "tun", 0, false, false, true}, MULTICAST | UNICAST, "no MACs"},
    {{"tap0", "tun", 0, true, false, true}, ALL, NULL},
    {{"gre1", "gre", 0, false, false, false}, UNICAST, "gre1"},
};

static const struct {
    enum asked asked;
    bool unicast;
    enum mac_mode mac;
} demands[] = {
    {MULTICAST, false, MAC_INTERFACE},
    {UNICAST, true, MAC_INTERFACE},
    {VIRTUAL_MAC, false, MAC_VIRTUAL},
    {UNICAST_VIRTUAL, true, MAC_VIRTUAL},
};

static void each_kind_carries_what_it_can_and_says_what_it_cannot(void **state)
{
    char text[INTERFACE_FIT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t j = 0; j < sizeof(demands) / sizeof(demands[0]); j++) {
            const struct config_instance instance = {.unicast = demands[j].unicast,
                                                     .mac = demands[j].mac};
            const char *unfit = interface_unfit(&cases[i].nature, &instance, text, sizeof(text));
            bool carries = (cases[i].carries & demands[j].asked) != 0;

            if ((unfit == NULL) != carries)
                fail_msg("%s (%s, mode %u), demand %zu: %s", cases[i].nature.name,
                         cases[i].nature.kind, cases[i].nature.mode, j, unfit ? unfit : "carried");
            if (unfit == NULL)
                continue;
            assert_non_null(strstr(unfit, cases[i].says));
            assert_true(strlen(unfit) < sizeof(text) - 1);
        }
    }
}

static void a_link_without_multicast_is_told_both_ways_out(void **state)
{
    const struct interface_nature nature = {.name = "wg0", .kind = "wireguard"};
    const struct config_instance instance = {.mac = MAC_INTERFACE};
    char text[INTERFACE_FIT_SIZE];

    (void)state;
    assert_string_equal(interface_unfit(&nature, &instance, text, sizeof(text)),
                        "wg0 is a WireGuard link, which carries no multicast: set `unicast-peers` "
                        "(or `ip link set wg0 multicast on`, where the other end gets it)");
}

/* Of names of 15 letters nothing is cut off. */
static void the_longest_sentence_fits(void **state)
{
    static const char *const kinds[] = {"vrf", "wireguard", "gre", "macvlan", "ipvlan"};
    const struct config_instance demand = {.mac = MAC_VIRTUAL};
    char text[INTERFACE_FIT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct interface_nature nature = {
            .name = "abcdefghijklmno", .kind = kinds[i], .mode = 1, .ethernet = kinds[i][0] == 'm'};
        assert_non_null(interface_unfit(&nature, &demand, text, sizeof(text)));
        assert_true(strlen(text) < sizeof(text) - 1);
    }
}

static void bonds_hear_themselves_unless_one_slave_speaks(void **state)
{
    static const bool hears[] = {true, false, true, true, false, true, true};
    struct interface_nature bond = {.name = "bond0", .kind = "bond", .ethernet = true};

    (void)state;
    for (bond.mode = 0; bond.mode < sizeof(hears) / sizeof(hears[0]); bond.mode++)
        assert_int_equal(interface_hears_itself(&bond), hears[bond.mode]);
    bond.kind = "veth";
    bond.mode = 0;
    assert_false(interface_hears_itself(&bond));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_carries_what_it_can_and_says_what_it_cannot),
        cmocka_unit_test(a_link_without_multicast_is_told_both_ways_out),
        cmocka_unit_test(the_longest_sentence_fits),
        cmocka_unit_test(bonds_hear_themselves_unless_one_slave_speaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
