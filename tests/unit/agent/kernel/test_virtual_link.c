/* The macvlan of a virtual router MAC on a real kernel, each test in a namespace of its own. */
#include "agent/kernel/virtual_link.h"
#include "tests/unit/agent/links_nobody.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

enum {
    VRID = 51,
    QUIET_MS = 100,
    WAIT_MS = 30 * 1000,
};

struct node {
    sd_event *event;
    struct links *links;
    int parent;
};

/* Settings of that link are refused; 0: of none. */
static int refused_ifindex;

/* In the place of libmnl's own, so that the kernel can seem to refuse one request. */
ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *data, size_t size)
{
    const struct nlmsghdr *header = data;
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(header);

    if (header->nlmsg_type == RTM_SETLINK && refused_ifindex > 0 &&
        link->ifi_index == refused_ifindex) {
        errno = EBUSY;
        return -1;
    }
    return send(mnl_socket_get_fd(socket), data, size, 0);
}

static void open_links(struct node *node)
{

    assert_true(sd_event_new(&node->event) >= 0);
    assert_int_equal(links_open(node->event, 0, &links_nobody, &node->links), 0);
}

static void close_links(struct node *node)
{
    links_close(node->links);
    sd_event_unref(node->event);
}

static int open_node(void **state)
{
    struct node *node = calloc(1, sizeof(*node));

    assert_non_null(node);
    netns_enter();
    netns_veth("va", "vb");
    open_links(node);
    node->parent = netns_ifindex("va");
    *state = node;
    return 0;
}

static int close_node(void **state)
{
    close_links(*state);
    free(*state);
    return 0;
}

static const char *name_of(const struct node *node, unsigned vrid, const char *suffix)
{
    static char name[64];

    snprintf(name, sizeof(name), "vipd%d.%u%s", node->parent, vrid, suffix);
    return name;
}

/* A veth of that index. */
static int open_far_node(struct node *node, int ifindex)
{
    close_links(node);
    netns_ip("link add far index %d type veth peer name near", ifindex);
    netns_ip("link set far up");
    open_links(node);
    node->parent = netns_ifindex("far");
    return node->parent;
}

/* As the agent does it: what was made is in the view at once. */
static int create(struct links *links, int parent, enum ip_family family, uint8_t vrid)
{
    const struct link *on = links_by_index(links, parent);
    struct arp_settings before = {0};
    struct link made;

    if (on != NULL)
        before = virtual_link_before(links, on);
    const struct link gone = {.ifindex = parent};
    const struct virtual_link_place place = virtual_link_place(on != NULL ? on : &gone);
    int r = virtual_link_create(&place, family, vrid, &before, &made);
    if (r == 0)
        links_note_link(links, &made);
    return r < 0 ? r : made.ifindex;
}

static int delete (struct links *links, int ifindex, int parent)
{
    const struct link *link = links_by_index(links, ifindex);
    struct arp_settings before = {0};

    if (link != NULL)
        before = virtual_link_before(links, links_by_index(links, parent));
    links_note_gone(links, ifindex);
    bool last = links_find_child(links, parent, virtual_mark_is_on) == NULL;
    return virtual_link_delete(ifindex, parent, last ? &before : NULL);
}

/* ---- tests ---- */

static void is_made_down_with_the_virtual_mac(void **state)
{
    struct node *node = *state;
    const uint8_t mac4[6] = {0x00, 0x00, 0x5e, 0x00, 0x01, VRID};
    const uint8_t mac6[6] = {0x00, 0x00, 0x5e, 0x00, 0x02, VRID};
    int four = create(node->links, node->parent, IP_FAMILY_IPV4, VRID);
    int six = create(node->links, node->parent, IP_FAMILY_IPV6, VRID);

    assert_true(four > 0 && six > 0 && four != six);
    assert_int_equal(netns_ifindex(name_of(node, VRID, "")), four);
    assert_int_equal(netns_ifindex(name_of(node, VRID, "v6")), six);
    /* In the view at once, without the loop having turned. */
    const struct link *link = links_by_index(node->links, four);
    assert_non_null(link);
    assert_string_equal(link->kind, "macvlan");
    assert_int_equal(link->parent, node->parent);
    assert_false(link->up);
    assert_memory_equal(link->mac, mac4, sizeof(mac4));
    assert_memory_equal(links_by_index(node->links, six)->mac, mac6, sizeof(mac6));
    assert_int_equal(netns_setting(link->name, "arp_ignore"), 1);
    assert_int_equal(netns_setting(link->name, "arp_announce"), 2);
    assert_int_equal(netns_setting(link->name, "rp_filter"), 0);
}

/* Interfaces get such indices in the long life of a machine with containers. */
static void is_made_on_any_index_and_found_again(void **state)
{
    static const int indices[] = {123456, INT32_MAX - 1};
    struct node *node = *state;

    for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]); i++) {
        assert_int_equal(open_far_node(node, indices[i]), indices[i]);
        int four = create(node->links, node->parent, IP_FAMILY_IPV4, 255);
        int six = create(node->links, node->parent, IP_FAMILY_IPV6, 255);
        assert_true(four > 0 && six > 0 && four != six);
        /* As after a restart: adopted by its name, removed by its mark. */
        close_links(node);
        open_links(node);
        assert_int_equal(create(node->links, node->parent, IP_FAMILY_IPV4, 255), four);
        assert_int_equal(create(node->links, node->parent, IP_FAMILY_IPV6, 255), six);
        assert_int_equal(virtual_link_delete_all(node->links), 2);
        netns_ip("link del far");
    }
}

static bool works(void *userdata)
{
    const struct node *node = userdata;
    const struct link *link = links_by_name(node->links, name_of(node, VRID, ""));

    return link != NULL && link->up && link->carrier;
}

static bool count(void *userdata, const struct observed_address *address)
{
    int *addresses = userdata;

    (void)address;
    (*addresses)++;
    return true;
}

static int set_up(int ifindex, bool up)
{
    struct rtnl_batch *batch;

    assert_int_equal(rtnl_batch_open(&batch), 0);
    virtual_link_put_up(batch, ifindex, up);
    int r = rtnl_batch_send(batch);
    rtnl_batch_close(batch);
    return r;
}

static void goes_up_without_an_address_and_down(void **state)
{
    struct node *node = *state;
    int ifindex = create(node->links, node->parent, IP_FAMILY_IPV4, VRID);
    struct node fresh = {0};
    int addresses = 0;

    assert_int_equal(set_up(ifindex, true), 0);
    assert_true(netns_run_until(node->event, works, node, WAIT_MS));
    netns_run_for(node->event, QUIET_MS);
    /* Read anew: a tentative address is not reported before it is one. */
    open_links(&fresh);
    links_each_address(fresh.links, ifindex, count, &addresses);
    close_links(&fresh);
    assert_int_equal(addresses, 0);
    assert_int_equal(set_up(ifindex, false), 0);
    netns_run_for(node->event, QUIET_MS);
    assert_false(links_by_index(node->links, ifindex)->up);
}

static void set_up_says_when_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(set_up(4711, true), -ENODEV);
}

static void the_parent_is_restored_when_the_last_one_goes(void **state)
{
    struct node *node = *state;
    int one = create(node->links, node->parent, IP_FAMILY_IPV4, VRID);

    assert_int_equal(netns_setting("va", "arp_ignore"), 1);
    assert_int_equal(netns_setting("va", "arp_announce"), 2);
    int two = create(node->links, node->parent, IP_FAMILY_IPV4, VRID + 1);
    assert_int_equal(delete (node->links, one, node->parent), 0);
    assert_int_equal(netns_ifindex(name_of(node, VRID, "")), 0);
    assert_null(links_by_index(node->links, one));
    assert_int_equal(netns_setting("va", "arp_ignore"), 1);
    assert_int_equal(netns_setting("va", "arp_announce"), 2);
    assert_int_equal(delete (node->links, two, node->parent), 0);
    assert_int_equal(netns_setting("va", "arp_ignore"), 0);
    assert_int_equal(netns_setting("va", "arp_announce"), 0);
    /* Nothing comes back with the notifications that waited. */
    netns_run_for(node->event, QUIET_MS);
    assert_null(links_by_index(node->links, one));
    assert_null(links_by_index(node->links, two));
}

/* Who has made the parent stricter than we need keeps that. */
static void a_stricter_parent_stays_so(void **state)
{
    struct node *node = *state;

    netns_set("va", "arp_ignore", "2");
    netns_set("va", "arp_announce", "1");
    int ifindex = create(node->links, node->parent, IP_FAMILY_IPV4, VRID);
    assert_true(ifindex > 0);
    assert_int_equal(netns_setting("va", "arp_ignore"), 2);
    assert_int_equal(netns_setting("va", "arp_announce"), 2);
    assert_int_equal(delete (node->links, ifindex, node->parent), 0);
    assert_int_equal(netns_setting("va", "arp_ignore"), 2);
    assert_int_equal(netns_setting("va", "arp_announce"), 1);
}

static void a_leftover_is_adopted_and_remembers_the_parent(void **state)
{
    struct node *node = *state;
    struct node successor = {.parent = node->parent};
    int ifindex = create(node->links, node->parent, IP_FAMILY_IPV4, VRID);

    assert_int_equal(set_up(ifindex, true), 0); /* and dies */
    open_links(&successor);
    assert_int_equal(create(successor.links, node->parent, IP_FAMILY_IPV4, VRID), ifindex);
    assert_false(links_by_index(successor.links, ifindex)->up);
    assert_int_equal(delete (successor.links, ifindex, node->parent), 0);
    assert_int_equal(netns_setting("va", "arp_ignore"), 0);
    close_links(&successor);
}

/* The predecessor died between making it and giving it its alias. */
static void a_half_made_one_is_adopted(void **state)
{
    struct node *node = *state;

    netns_ip("link add link va name %s address 00:00:5e:00:01:33 type macvlan mode bridge",
             name_of(node, VRID, ""));
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(create(node->links, node->parent, IP_FAMILY_IPV4, VRID),
                     netns_ifindex(name_of(node, VRID, "")));
    assert_int_equal(virtual_link_delete_all(node->links), 1);
}

static void a_strangers_link_of_that_name_is_left_alone(void **state)
{
    struct node *node = *state;

    netns_ip("link add link va name %s type macvlan mode bridge", name_of(node, VRID, ""));
    /* Not told of it yet, then knowing it. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(create(node->links, node->parent, IP_FAMILY_IPV4, VRID), -EEXIST);
        assert_true(netns_ifindex(name_of(node, VRID, "")) > 0);
        assert_int_equal(netns_setting("va", "arp_ignore"), 0);
        netns_run_for(node->event, QUIET_MS);
    }
}

/* A link too small for IPv6 (or a kernel without it) carries IPv4. */
static void works_where_ipv6_does_not(void **state)
{
    struct node *node = *state;

    netns_ip("link set va mtu 1000");
    netns_run_for(node->event, QUIET_MS);
    assert_true(create(node->links, node->parent, IP_FAMILY_IPV4, VRID) > 0);
    assert_int_equal(netns_setting("va", "arp_ignore"), 1);
}

static void a_failed_creation_leaves_nothing(void **state)
{
    struct node *node = *state;

    /* The link is gone, and the view does not know yet. */
    netns_ip("link del va");
    assert_true(create(node->links, node->parent, IP_FAMILY_IPV4, VRID) < 0);
    assert_int_equal(netns_ifindex(name_of(node, VRID, "")), 0);
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(create(node->links, node->parent, IP_FAMILY_IPV4, VRID), -ENODEV);
}

static void going_with_the_parent_is_no_error(void **state)
{
    struct node *node = *state;
    int ifindex = create(node->links, node->parent, IP_FAMILY_IPV4, VRID);

    netns_ip("link del va");
    assert_int_equal(delete (node->links, ifindex, node->parent), 0);
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(delete (node->links, ifindex, node->parent), 0);
}

static void all_of_ours_are_deleted_and_only_ours(void **state)
{
    struct node *node = *state;

    assert_true(create(node->links, node->parent, IP_FAMILY_IPV4, 1) > 0);
    assert_true(create(node->links, node->parent, IP_FAMILY_IPV6, 1) > 0);
    assert_true(create(node->links, netns_ifindex("vb"), IP_FAMILY_IPV4, 2) > 0);
    netns_ip("link add link va name stranger type macvlan mode bridge");
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(virtual_link_delete_all(node->links), 3);
    assert_int_equal(netns_ifindex(name_of(node, 1, "")), 0);
    assert_true(netns_ifindex("stranger") > 0);
    assert_int_equal(netns_setting("va", "arp_ignore"), 0);
    assert_int_equal(netns_setting("vb", "arp_ignore"), 0);
    assert_int_equal(virtual_link_delete_all(node->links), 0);
}

/* A parent whose settings cannot be restored: what is on it goes all the same. */
static void leftovers_on_a_parent_that_refuses_are_deleted(void **state)
{
    struct node *node = *state;
    int on_va = create(node->links, node->parent, IP_FAMILY_IPV4, VRID);
    int on_vb = create(node->links, netns_ifindex("vb"), IP_FAMILY_IPV4, VRID);

    assert_true(on_va > 0 && on_vb > 0);
    refused_ifindex = node->parent;
    int deleted = virtual_link_delete_all(node->links);
    refused_ifindex = 0;
    assert_int_equal(deleted, 1); /* as it should be */
    netns_run_for(node->event, QUIET_MS);
    assert_null(links_by_index(node->links, on_va));
    assert_null(links_by_index(node->links, on_vb));
    assert_int_equal(netns_setting("vb", "arp_ignore"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_node, close_node)
    const struct CMUnitTest tests[] = {
        TEST(is_made_down_with_the_virtual_mac),
        TEST(is_made_on_any_index_and_found_again),
        TEST(goes_up_without_an_address_and_down),
        TEST(set_up_says_when_there_is_none),
        TEST(the_parent_is_restored_when_the_last_one_goes),
        TEST(a_stricter_parent_stays_so),
        TEST(leftovers_on_a_parent_that_refuses_are_deleted),
        TEST(a_leftover_is_adopted_and_remembers_the_parent),
        TEST(a_half_made_one_is_adopted),
        TEST(a_strangers_link_of_that_name_is_left_alone),
        TEST(works_where_ipv6_does_not),
        TEST(a_failed_creation_leaves_nothing),
        TEST(going_with_the_parent_is_no_error),
        TEST(all_of_ours_are_deleted_and_only_ours),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
