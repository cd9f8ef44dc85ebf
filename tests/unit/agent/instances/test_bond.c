/* Whose MACs are a bond's, and when it hears itself: of links as the kernel tells them, for not
 * every kernel has bonds. */
#include "agent/instances/bond.h"
#include "tests/unit/agent/links_nobody.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { BOND = 1001, SLAVE, VLAN, BESIDE };

enum { ROUND_ROBIN = 0, ACTIVE_BACKUP = 1, ALB = 6 };

static const uint8_t bond_mac[MAC_SIZE] = {2, 0, 0, 0, 0, 1};
static const uint8_t slave_mac[MAC_SIZE] = {2, 0, 0, 0, 0, 2};
static const uint8_t beside_mac[MAC_SIZE] = {2, 0, 0, 0, 0, 3};

struct node {
    sd_event *event;
    struct links *links;
};

static struct node node;

static void note(struct link link, const char *kind, const uint8_t mac[MAC_SIZE])
{
    link.has_mac = true;
    memcpy(link.mac, mac, MAC_SIZE);
    strcpy(link.kind, kind);
    links_note_link(node.links, &link);
}

static void note_bond(unsigned mode)
{
    note((struct link){.ifindex = BOND, .name = "bond0", .mode = mode}, "bond", bond_mac);
}

static int enter(void **state)
{

    (void)state;
    netns_enter();
    assert_true(sd_event_new(&node.event) >= 0);
    assert_int_equal(links_open(node.event, 0, &links_nobody, &node.links), 0);
    note_bond(ALB);
    note((struct link){.ifindex = SLAVE, .name = "one", .master = BOND}, "", slave_mac);
    note((struct link){.ifindex = VLAN, .name = "vlan5", .parent = BOND}, "vlan", bond_mac);
    note((struct link){.ifindex = BESIDE, .name = "beside"}, "", beside_mac);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    links_close(node.links);
    node.event = sd_event_unref(node.event);
    return 0;
}

static void the_macs_of_the_slaves_are_ours(void **state)
{
    (void)state;
    assert_true(bond_has_mac(node.links, BOND, slave_mac));
    assert_true(bond_has_mac(node.links, VLAN, slave_mac));
    assert_false(bond_has_mac(node.links, BOND, beside_mac));
    assert_false(bond_has_mac(node.links, BESIDE, slave_mac));
    assert_false(bond_has_mac(node.links, 4711, slave_mac));
}

static void it_hears_itself_when_more_than_one_speaks(void **state)
{
    (void)state;
    assert_true(bond_echoes(node.links, BOND));
    assert_true(bond_echoes(node.links, VLAN));
    assert_false(bond_echoes(node.links, BESIDE));
    note_bond(ACTIVE_BACKUP);
    assert_false(bond_echoes(node.links, VLAN));
    note_bond(ROUND_ROBIN);
    assert_true(bond_echoes(node.links, VLAN));
}

/* A table that contradicts itself, as one may between two messages. */
static void a_circle_of_parents_ends(void **state)
{
    (void)state;
    note((struct link){.ifindex = BOND, .name = "bond0", .parent = VLAN}, "vlan", bond_mac);
    assert_false(bond_echoes(node.links, VLAN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_macs_of_the_slaves_are_ours, enter, leave),
        cmocka_unit_test_setup_teardown(it_hears_itself_when_more_than_one_speaks, enter, leave),
        cmocka_unit_test_setup_teardown(a_circle_of_parents_ends, enter, leave),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
