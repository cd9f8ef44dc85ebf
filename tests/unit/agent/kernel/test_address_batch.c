/* What goes into a flight, with a view of links made up here: whose network an address is in is
 * looked for once, however many are added, and found all the same. */
#include "agent/kernel/address_batch.h"
#include "agent/kernel/mark.h"

#include <linux/if_addr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    LINK = 2,
    BELOW = 1,
    VIEW_MAX = 4200,
    MANY = 4000,
    FLIGHT = 256,
};

static struct link the_link;
static struct observed_address view[VIEW_MAX];
static size_t view_count;
static size_t visits;
static struct address_batch batch;
static struct remembered remembered;

/* ---- The view; links.c is not linked to this. */

void links_each_address(const struct links *links, int ifindex,
                        bool (*fn)(void *userdata, const struct observed_address *address),
                        void *userdata)
{
    (void)links;
    for (size_t i = 0; i < view_count; i++) {
        visits++;
        if (view[i].ifindex == ifindex && !fn(userdata, &view[i]))
            return;
    }
}

const struct link *links_by_index(const struct links *links, int ifindex)
{
    (void)links;
    return ifindex == LINK ? &the_link : NULL;
}

const struct link *links_by_name(const struct links *links, const char *name)
{
    (void)links;
    (void)name;
    return NULL;
}

const struct mark_support *links_mark_support(const struct links *links)
{
    static const struct mark_support support;

    (void)links;
    return &support;
}

/* ---- */

static struct ip_prefix prefix_of(unsigned i, uint8_t length)
{
    struct ip_prefix prefix = {.address = {.family = IP_FAMILY_IPV6}, .length = length};

    prefix.address.octets[0] = 0xfd;
    prefix.address.octets[13] = (uint8_t)(i >> 16);
    prefix.address.octets[14] = (uint8_t)(i >> 8);
    prefix.address.octets[15] = (uint8_t)i;
    return prefix;
}

static void put(int ifindex, const struct ip_prefix *prefix, bool ours)
{
    assert_true(view_count < VIEW_MAX);
    view[view_count++] = (struct observed_address){
        .ifindex = ifindex, .prefix = *prefix, .proto = ours ? ADDRESS_MARK_PROTOCOL : 0};
}

static int setup(void **state)
{
    (void)state;
    view_count = visits = 0;
    the_link = (struct link){.ifindex = LINK, .promote_secondaries = true};
    batch = (struct address_batch){.remembered = &remembered};
    return 0;
}

/* Whether it is added as one whose network somebody else's address makes. */
static bool is_covered(const struct ip_prefix *prefix)
{
    struct desired_set set = {.ifindex = LINK};
    const struct claimed_address wanted = {.prefix = *prefix};

    assert_true(address_batch_add(&batch, &set, &wanted, 5));
    return (batch.changes[batch.count - 1].address.flags & IFA_F_NOPREFIXROUTE) != 0;
}

static void many_are_added_with_one_look_at_the_view(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        const struct ip_prefix prefix = prefix_of(i, 128);
        put(LINK, &prefix, true);
    }
    address_batch_begin(&batch, 1);
    for (unsigned i = 0; i < FLIGHT; i++) {
        const struct ip_prefix prefix = prefix_of(MANY + i, 128);
        assert_false(is_covered(&prefix));
    }
    assert_in_range(visits, 1, 2 * MANY);
}

static void a_foreign_network_is_found_and_looked_for_anew_each_flight(void **state)
{
    const struct ip_prefix network = prefix_of(1, 64);
    const struct ip_prefix inside = prefix_of(2, 64);
    struct ip_prefix outside = prefix_of(3, 64);

    (void)state;
    outside.address.octets[1] = 1;
    address_batch_begin(&batch, 1);
    assert_false(is_covered(&inside));
    put(LINK, &network, false);
    address_batch_begin(&batch, 1);
    assert_true(is_covered(&inside));
    assert_false(is_covered(&outside));
    view[0].proto = ADDRESS_MARK_PROTOCOL;
    address_batch_begin(&batch, 1);
    assert_false(is_covered(&inside));
}

/* Below a macvlan too; an IPv4 network of the same length counts only there. */
static void ipv4_of_the_same_length_counts_below_only(void **state)
{
    struct ip_prefix network = {.address = {.family = IP_FAMILY_IPV4, .octets = {10, 0, 0, 1}},
                                .length = 24};
    struct ip_prefix inside = network;

    (void)state;
    inside.address.octets[3] = 2;
    put(LINK, &network, false);
    address_batch_begin(&batch, 1);
    assert_false(is_covered(&inside));
    view[0].prefix.length = 16;
    address_batch_begin(&batch, 1);
    assert_true(is_covered(&inside));
    view[0] = (struct observed_address){.ifindex = BELOW, .prefix = network};
    address_batch_begin(&batch, 1);
    assert_false(is_covered(&inside));
    the_link.parent = BELOW;
    snprintf(the_link.kind, sizeof(the_link.kind), "macvlan");
    assert_true(is_covered(&inside));
}

static void more_foreign_networks_than_there_is_room_for(void **state)
{
    struct ip_prefix network;

    (void)state;
    for (unsigned i = 0; i < 3 * FOREIGN_NETWORKS_MAX; i++) {
        network = prefix_of(0, 64);
        network.address.octets[1] = (uint8_t)i;
        put(LINK, &network, false);
    }
    address_batch_begin(&batch, 1);
    assert_true(is_covered(&network));
    network.address.octets[1] = 255;
    assert_false(is_covered(&network));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(many_are_added_with_one_look_at_the_view, setup),
        cmocka_unit_test_setup(a_foreign_network_is_found_and_looked_for_anew_each_flight, setup),
        cmocka_unit_test_setup(ipv4_of_the_same_length_counts_below_only, setup),
        cmocka_unit_test_setup(more_foreign_networks_than_there_is_room_for, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
