/* Macvlans made and deleted by a worker, on a real kernel: what is asked for while it is at it. */
#include "agent/kernel/virtual_links.h"
#include "tests/unit/agent/gate.h"
#include "tests/unit/agent/links_nobody.h"
#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>

enum {
    VRID = 51,
    QUIET_MS = 100,
};

struct node {
    sd_event *event;
    struct links *links;
    struct worker *worker;
    struct virtual_links *all;
    struct gate gate;
    int parent;
    unsigned ready;
};

static int open_node(void **state)
{
    struct node *node = calloc(1, sizeof(*node));

    assert_non_null(node);
    netns_enter();
    netns_veth("va", "vb");
    assert_true(sd_event_new(&node->event) >= 0);
    assert_int_equal(links_open(node->event, 0, &links_nobody, &node->links), 0);
    node->parent = netns_ifindex("va");
    node->worker = gate_worker(node->event);
    assert_int_equal(virtual_links_open(node->links, &node->all), 0);
    virtual_links_set_worker(node->all, node->worker);
    *state = node;
    return 0;
}

static int close_node(void **state)
{
    struct node *node = *state;

    worker_close(node->worker);
    virtual_links_close(node->all);
    links_close(node->links);
    sd_event_unref(node->event);
    free(node);
    return 0;
}

static void on_ready(void *userdata)
{
    struct node *node = userdata;

    node->ready++;
}

static struct virtual_link *want(struct node *node, uint8_t vrid)
{
    const struct virtual_link_options options = {.parent = node->parent,
                                                 .family = IP_FAMILY_IPV4,
                                                 .vrid = vrid,
                                                 .on_ready = on_ready,
                                                 .userdata = node};
    struct virtual_link *link;

    assert_int_equal(virtual_links_want(node->all, &options, &link), 0);
    return link;
}

static const char *name_of(const struct node *node, unsigned vrid)
{
    static char name[64];

    snprintf(name, sizeof(name), "vipd%d.%u", node->parent, vrid);
    return name;
}

static void is_made_while_the_loop_goes_on(void **state)
{
    struct node *node = *state;

    gate_shut(&node->gate, node->worker);
    struct virtual_link *link = want(node, VRID);
    assert_int_equal(virtual_link_ifindex(link), -EINPROGRESS);
    assert_int_equal(netns_ifindex(name_of(node, VRID)), 0);
    gate_open(&node->gate);
    gate_wait(node->event, node->worker);
    assert_int_equal(node->ready, 1);
    int ifindex = virtual_link_ifindex(link);
    assert_int_equal(ifindex, netns_ifindex(name_of(node, VRID)));
    assert_string_equal(links_by_index(node->links, ifindex)->name, name_of(node, VRID));
    assert_int_equal(netns_setting("va", "arp_ignore"), 1);
    virtual_links_drop(link);
    assert_int_equal(netns_setting("va", "arp_announce"), 2);
    gate_wait(node->event, node->worker);
    assert_int_equal(netns_ifindex(name_of(node, VRID)), 0);
    assert_null(links_by_index(node->links, ifindex));
    assert_int_equal(netns_setting("va", "arp_ignore"), 0);
    assert_int_equal(netns_setting("va", "arp_announce"), 0);
}

static void who_leaves_meanwhile_is_not_told_and_nothing_stays(void **state)
{
    struct node *node = *state;

    gate_shut(&node->gate, node->worker);
    virtual_links_drop(want(node, VRID));
    gate_open(&node->gate);
    gate_wait(node->event, node->worker);
    assert_int_equal(node->ready, 0);
    assert_int_equal(netns_ifindex(name_of(node, VRID)), 0);
    assert_int_equal(netns_setting("va", "arp_ignore"), 0);
    netns_run_for(node->event, QUIET_MS);
    assert_null(links_by_name(node->links, name_of(node, VRID)));
}

/* The one that goes has made the parent strict; the one that comes must not take that for what the
 * administrator wants. */
static void one_goes_and_one_of_its_name_comes(void **state)
{
    struct node *node = *state;
    struct virtual_link *one = want(node, VRID);

    gate_wait(node->event, node->worker);
    gate_shut(&node->gate, node->worker);
    virtual_links_drop(one);
    struct virtual_link *two = want(node, VRID);
    struct virtual_link *other = want(node, VRID + 1);
    gate_open(&node->gate);
    gate_wait(node->event, node->worker);
    assert_int_equal(virtual_link_ifindex(two), netns_ifindex(name_of(node, VRID)));
    assert_int_equal(netns_setting("va", "arp_ignore"), 1);
    virtual_links_drop(two);
    gate_wait(node->event, node->worker);
    assert_int_equal(netns_setting("va", "arp_ignore"), 1);
    virtual_links_drop(other);
    gate_wait(node->event, node->worker);
    assert_int_equal(netns_setting("va", "arp_ignore"), 0);
}

static void a_strangers_link_stays_and_the_next_try_succeeds(void **state)
{
    struct node *node = *state;

    netns_ip("link add link va name %s type macvlan mode bridge", name_of(node, VRID));
    netns_run_for(node->event, QUIET_MS);
    struct virtual_link *link = want(node, VRID);
    gate_wait(node->event, node->worker);
    assert_int_equal(node->ready, 1);
    assert_int_equal(virtual_link_ifindex(link), -EEXIST);
    virtual_links_drop(link);
    gate_wait(node->event, node->worker);
    assert_non_null(links_by_name(node->links, name_of(node, VRID)));
    assert_true(netns_ifindex(name_of(node, VRID)) > 0);
    netns_ip("link del %s", name_of(node, VRID));
    link = want(node, VRID);
    gate_wait(node->event, node->worker);
    assert_true(virtual_link_ifindex(link) > 0);
    virtual_links_drop(link);
}

static void the_parent_vanishes_meanwhile(void **state)
{
    struct node *node = *state;
    const struct virtual_link_options options = {.parent = node->parent, .family = IP_FAMILY_IPV4};
    struct virtual_link *none;

    gate_shut(&node->gate, node->worker);
    struct virtual_link *link = want(node, VRID);
    netns_ip("link del va");
    gate_open(&node->gate);
    gate_wait(node->event, node->worker);
    assert_int_equal(node->ready, 1);
    assert_int_equal(virtual_link_ifindex(link), -ENODEV);
    virtual_links_drop(link);
    gate_wait(node->event, node->worker);
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(virtual_links_want(node->all, &options, &none), -ENODEV);
    assert_null(none);
}

/* The end of the agent: what was asked for last is still done. */
static void the_end_leaves_nothing(void **state)
{
    struct node *node = *state;

    gate_shut(&node->gate, node->worker);
    virtual_links_drop(want(node, VRID));
    gate_open(&node->gate);
    worker_close(node->worker);
    node->worker = NULL;
    assert_int_equal(netns_ifindex(name_of(node, VRID)), 0);
    assert_int_equal(netns_setting("va", "arp_ignore"), 0);
}

static void without_a_worker_it_is_there_at_once(void **state)
{
    struct node *node = *state;

    virtual_links_set_worker(node->all, NULL);
    struct virtual_link *link = want(node, VRID);
    assert_int_equal(virtual_link_ifindex(link), netns_ifindex(name_of(node, VRID)));
    assert_int_equal(node->ready, 0);
    virtual_links_drop(link);
    assert_int_equal(netns_ifindex(name_of(node, VRID)), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_node, close_node)
    const struct CMUnitTest tests[] = {
        TEST(is_made_while_the_loop_goes_on),
        TEST(who_leaves_meanwhile_is_not_told_and_nothing_stays),
        TEST(one_goes_and_one_of_its_name_comes),
        TEST(a_strangers_link_stays_and_the_next_try_succeeds),
        TEST(the_parent_vanishes_meanwhile),
        TEST(the_end_leaves_nothing),
        TEST(without_a_worker_it_is_there_at_once),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
