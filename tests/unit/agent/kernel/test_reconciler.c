/* Desired addresses against a real kernel, each test in a namespace of its own. What the kernel has
 * is read anew, not asked of the view that the reconciler keeps current. */
#include "agent/kernel/address_batch.h"
#include "agent/kernel/reconciler.h"
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
#include <linux/capability.h>
#include <linux/if_addr.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    WAIT_MS = 8000,
    QUIET_MS = 50,
    MANY = 300,
};

/* As the agent: what was taken away leads to a comparison. */
struct node {
    sd_event *event;
    struct links *links;
    struct reconciler *reconciler;
    int ifindex; /* of va */
    unsigned lost;
};

static void ignore_link(void *userdata, const struct link *link)
{
    (void)userdata;
    (void)link;
}

static void on_address(void *userdata, const struct observed_address *address, bool present)
{
    struct node *node = userdata;

    (void)address;
    if (present)
        return;
    node->lost++;
    reconciler_run_soon(node->reconciler);
}

static void on_resync(void *userdata)
{
    struct node *node = userdata;

    (void)reconciler_run(node->reconciler);
}

static int open_node(void **state)
{
    struct node *node = calloc(1, sizeof(*node));
    const struct links_observer observer = {.on_link = ignore_link,
                                            .on_link_gone = ignore_link,
                                            .on_address = on_address,
                                            .on_resync = on_resync,
                                            .userdata = node};

    netns_enter();
    netns_veth("va", "vb");
    assert_non_null(node);
    assert_true(sd_event_new(&node->event) >= 0);
    assert_int_equal(links_open(node->event, 0, &observer, &node->links), 0);
    assert_int_equal(reconciler_open(node->event, 0, node->links, &node->reconciler), 0);
    node->ifindex = netns_ifindex("va");
    *state = node;
    return 0;
}

static int close_node(void **state)
{
    struct node *node = *state;

    reconciler_close(node->reconciler);
    links_close(node->links);
    sd_event_unref(node->event);
    free(node);
    return 0;
}

/* ---- what the kernel has ---- */

struct search {
    struct ip_prefix prefix;
    struct observed_address found;
    int count; /* of all addresses of ours */
};

static bool look(void *userdata, const struct observed_address *address)
{
    struct search *search = userdata;

    search->count += address->proto == VIPD_IFA_PROTO ? 1 : 0;
    if (address->prefix.length == search->prefix.length &&
        ip_address_equal(&address->prefix.address, &search->prefix.address))
        search->found = *address;
    return true;
}

static struct search read_kernel(const char *ifname, const char *text)
{
    const struct links_observer nobody = {0};
    struct search search = {.prefix = prefix_of(text)};
    struct links *links;
    sd_event *event;

    assert_true(sd_event_new(&event) >= 0);
    assert_int_equal(links_open(event, 0, &nobody, &links), 0);
    links_each_address(links, netns_ifindex(ifname), look, &search);
    links_close(links);
    sd_event_unref(event);
    return search;
}

static bool has(const char *ifname, const char *text)
{
    return read_kernel(ifname, text).found.ifindex != 0;
}

static bool has_ours(const char *ifname, const char *text)
{
    return read_kernel(ifname, text).found.proto == VIPD_IFA_PROTO;
}

static int want(struct node *node, struct desired_set *set, const struct ip_prefix *prefixes,
                size_t count, uint64_t lease_ns)
{
    if (set->owner == NULL)
        set->owner = "test";
    return reconciler_want(node->reconciler, set, node->ifindex, prefixes, count, lease_ns);
}

/* ---- tests ---- */

static void claims_with_mark_and_lease_and_releases(void **state)
{
    struct node *node = *state;
    const struct ip_prefix list[] = {prefix_of("192.0.2.10/24"), prefix_of("2001:db8::10/64"),
                                     prefix_of("fe80::200:5eff:fe00:233/64")};
    struct desired_set set = {0};

    assert_int_equal(want(node, &set, list, 3, 5 * NS_PER_SEC - 1), 0);
    assert_int_equal(set.failed, 0);
    struct observed_address four = read_kernel("va", "192.0.2.10/24").found;
    struct observed_address six = read_kernel("va", "2001:db8::10/64").found;
    assert_int_equal(four.proto, VIPD_IFA_PROTO);
    assert_in_range(four.valid_s, 4, 5); /* rounded up */
    assert_int_equal(four.flags & IFA_F_DEPRECATED, 0);
    assert_int_equal(six.proto, VIPD_IFA_PROTO);
    assert_in_range(six.valid_s, 4, 5);
    assert_int_equal(six.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED), 0);
    assert_true((six.flags & IFA_F_DEPRECATED) != 0); /* never a source address */
    assert_true(has_ours("va", "fe80::200:5eff:fe00:233/64"));
    for (size_t i = 0; i < 3; i++)
        assert_true(reconciler_held(node->reconciler, &set, &list[i]));

    assert_int_equal(want(node, &set, NULL, 0, 0), 0);
    assert_int_equal(read_kernel("va", "192.0.2.10/24").count, 0);
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
}

static void without_a_lease_it_is_for_ever(void **state)
{
    struct node *node = *state;
    const struct ip_prefix list[] = {prefix_of("192.0.2.10/24"), prefix_of("2001:db8::10/64")};
    struct desired_set set = {0};

    assert_int_equal(want(node, &set, list, 2, 0), 0);
    assert_int_equal(read_kernel("va", "192.0.2.10/24").found.valid_s, UINT32_MAX);
    assert_int_equal(read_kernel("va", "2001:db8::10/64").found.valid_s, UINT32_MAX);
    /* A reload that brings a lease applies it, and one that takes it away does too. */
    assert_int_equal(want(node, &set, list, 2, 60 * NS_PER_SEC), 0);
    assert_in_range(read_kernel("va", "192.0.2.10/24").found.valid_s, 50, 60);
    assert_int_equal(want(node, &set, list, 2, 0), 0);
    assert_int_equal(read_kernel("va", "192.0.2.10/24").found.valid_s, UINT32_MAX);
}

static void many_go_in_few_calls(void **state)
{
    struct node *node = *state;
    struct address_batch *batch = calloc(1, sizeof(*batch));
    struct ip_prefix prefix = prefix_of("10.1.0.0/32");
    struct desired_set set = {.owner = "test"};

    assert_non_null(batch);
    batch->links = node->links;
    assert_int_equal(rtnl_batch_open(&batch->rtnl), 0);
    for (int i = 0; i < MANY; i++) {
        prefix.address.octets[2] = (uint8_t)(i / 200);
        prefix.address.octets[3] = (uint8_t)(i % 200 + 1);
        address_batch_add(batch, &set, node->ifindex, &prefix, 60);
    }
    assert_int_equal(address_batch_flush(batch), 0);
    assert_int_equal(rtnl_batch_sends(batch->rtnl),
                     (MANY + RTNL_BATCH_MESSAGES - 1) / RTNL_BATCH_MESSAGES);
    assert_int_equal(read_kernel("va", "10.1.0.1/32").count, MANY);
    rtnl_batch_close(batch->rtnl);
    free(batch);
}

static void the_administrators_address_is_never_touched(void **state)
{
    struct node *node = *state;
    const struct ip_prefix list[] = {prefix_of("192.0.2.10/24"), prefix_of("2001:db8::10/64")};
    struct desired_set set = {0};

    netns_ip("addr add 192.0.2.10/24 dev va");
    netns_ip("addr add 2001:db8::10/64 dev va nodad");
    /* First without having been told of them, then knowing them. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(want(node, &set, list, 2, 60 * NS_PER_SEC), 0);
        assert_int_equal(set.failed, 0);
        netns_run_for(node->event, QUIET_MS);
        assert_true(reconciler_held(node->reconciler, &set, &list[0]));
        assert_true(reconciler_held(node->reconciler, &set, &list[1]));
        assert_int_equal(reconciler_run(node->reconciler), 0);
        assert_int_equal(want(node, &set, NULL, 0, 0), 0);
        struct observed_address four = read_kernel("va", "192.0.2.10/24").found;
        assert_int_equal(four.valid_s, UINT32_MAX);
        assert_int_equal(four.proto, 0);
        assert_int_equal(read_kernel("va", "2001:db8::10/64").found.valid_s, UINT32_MAX);
        assert_int_equal(read_kernel("va", "2001:db8::10/64").found.proto, 0);
    }
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
}

/* With another prefix length it is the same address all the same, and nothing to mend. */
static void held_by_the_administrator_with_another_length(void **state)
{
    struct node *node = *state;
    const struct ip_prefix list[] = {prefix_of("192.0.2.10/32"), prefix_of("2001:db8::10/128")};
    struct desired_set set = {0};

    netns_ip("addr add 192.0.2.10/24 dev va");
    netns_ip("addr add 2001:db8::10/64 dev va nodad");
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(want(node, &set, list, 2, 60 * NS_PER_SEC), 0);
    assert_int_equal(reconciler_run(node->reconciler), 0);
    assert_int_equal(reconciler_run(node->reconciler), 0);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    assert_true(reconciler_held(node->reconciler, &set, &list[0]));
    assert_true(reconciler_held(node->reconciler, &set, &list[1]));
    assert_int_equal(read_kernel("va", "192.0.2.10/32").count, 0);
}

static void leftovers_are_removed_from_all_links(void **state)
{
    struct node *node = *state;

    netns_address("va", "192.0.2.20/24", VIPD_IFA_PROTO, UINT32_MAX);
    netns_address("vb", "2001:db8::20/64", VIPD_IFA_PROTO, 100);
    netns_ip("addr add 192.0.2.21/24 dev va");
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(reconciler_run(node->reconciler), 0);
    assert_false(has("va", "192.0.2.20/24"));
    assert_false(has("vb", "2001:db8::20/64"));
    assert_true(has("va", "192.0.2.21/24"));
}

/* Left by a predecessor and not yet in our view: taken over, lease and all. */
static void a_leftover_that_is_wanted_is_taken_over(void **state)
{
    struct node *node = *state;
    const struct ip_prefix list[] = {prefix_of("192.0.2.20/24")};
    struct desired_set set = {0};

    netns_address("va", "192.0.2.20/24", VIPD_IFA_PROTO, 3);
    assert_int_equal(want(node, &set, list, 1, 100 * NS_PER_SEC), 0);
    assert_true(reconciler_held(node->reconciler, &set, &list[0]));
    assert_in_range(read_kernel("va", "192.0.2.20/24").found.valid_s, 90, 100);
}

static bool is_back(void *userdata)
{
    (void)userdata;
    return has_ours("va", "192.0.2.10/24") && has_ours("va", "2001:db8::10/64");
}

static void what_somebody_deletes_is_put_back(void **state)
{
    struct node *node = *state;
    const struct ip_prefix list[] = {prefix_of("192.0.2.10/24"), prefix_of("2001:db8::10/64")};
    struct desired_set set = {0};

    assert_int_equal(want(node, &set, list, 2, 60 * NS_PER_SEC), 0);
    netns_run_for(node->event, QUIET_MS);
    netns_ip("addr del 192.0.2.10/24 dev va");
    netns_ip("addr del 2001:db8::10/64 dev va");
    assert_false(has("va", "192.0.2.10/24"));
    assert_true(netns_run_until(node->event, is_back, node, WAIT_MS));
    assert_int_equal(reconciler_repairs(node->reconciler), 2);
}

static void a_lease_is_renewed_while_we_live_and_ends_when_not(void **state)
{
    struct node *node = *state;
    const struct ip_prefix list[] = {prefix_of("192.0.2.10/24"), prefix_of("2001:db8::10/64")};
    struct desired_set set = {0};

    assert_int_equal(want(node, &set, list, 2, 2 * NS_PER_SEC), 0);
    netns_run_for(node->event, 4000);
    assert_true(is_back(NULL));
    assert_int_equal(node->lost, 0);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    /* The agent hangs. */
    sleep(4);
    assert_false(has("va", "192.0.2.10/24"));
    assert_false(has("va", "2001:db8::10/64"));
}

/* The loop is kept busy with what is more urgent than the lease timer. */
static void a_lease_is_renewed_without_the_loop(void **state)
{
    struct node *node = *state;
    const struct ip_prefix list[] = {prefix_of("192.0.2.10/24"), prefix_of("2001:db8::10/64")};
    struct desired_set set = {0};

    assert_int_equal(want(node, &set, list, 2, 2 * NS_PER_SEC), 0);
    for (int i = 0; i < 35; i++) {
        reconciler_fire_due(node->reconciler);
        usleep(100 * 1000);
    }
    assert_true(is_back(NULL));
}

/* The kernel removes a network's other addresses along with the first, unless told otherwise. */
static void others_of_the_network_stay_when_ours_goes(void **state)
{
    struct node *node = *state;
    const struct ip_prefix ours[] = {prefix_of("192.0.2.10/24")};
    const struct ip_prefix more[] = {prefix_of("192.0.2.11/24")};
    struct desired_set set = {0};
    struct desired_set other = {0};

    assert_int_equal(want(node, &set, ours, 1, 60 * NS_PER_SEC), 0);
    netns_ip("addr add 192.0.2.1/24 dev va");
    assert_int_equal(want(node, &other, more, 1, 60 * NS_PER_SEC), 0);
    /* At once: the view does not know yet who is first. */
    assert_int_equal(want(node, &set, NULL, 0, 0), 0);
    assert_false(has("va", "192.0.2.10/24"));
    assert_true(has("va", "192.0.2.1/24"));
    assert_true(has_ours("va", "192.0.2.11/24"));
    netns_ip("route get 192.0.2.77");
}

static void others_of_the_network_stay_when_our_lease_ends(void **state)
{
    struct node *node = *state;
    const struct ip_prefix ours[] = {prefix_of("192.0.2.10/24")};
    struct desired_set set = {0};

    assert_int_equal(want(node, &set, ours, 1, NS_PER_SEC), 0);
    netns_ip("addr add 192.0.2.1/24 dev va");
    sleep(3); /* dead */
    assert_false(has("va", "192.0.2.10/24"));
    assert_true(has("va", "192.0.2.1/24"));
}

/* DHCP and network managers take an address away and bring it back. */
static void the_network_stays_connected_when_the_administrators_address_returns(void **state)
{
    struct node *node = *state;
    const struct ip_prefix ours[] = {prefix_of("192.0.2.10/24")};
    struct desired_set set = {0};

    netns_ip("addr add 192.0.2.1/24 dev va");
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(want(node, &set, ours, 1, 60 * NS_PER_SEC), 0);
    assert_int_equal(netns_setting("va", "promote_secondaries"), 1);
    netns_run_for(node->event, QUIET_MS);
    netns_ip("addr del 192.0.2.1/24 dev va");
    netns_run_for(node->event, QUIET_MS);
    netns_ip("addr add 192.0.2.1/24 dev va");
    netns_run_for(node->event, QUIET_MS);
    netns_ip("route get 192.0.2.77");
    assert_int_equal(want(node, &set, NULL, 0, 0), 0);
    netns_ip("route get 192.0.2.77");
}

static void the_ipv6_network_stays_connected_when_ours_goes(void **state)
{
    struct node *node = *state;
    const struct ip_prefix ours[] = {prefix_of("2001:db8::10/64")};
    struct desired_set set = {0};

    netns_ip("addr add 2001:db8::1/64 dev va nodad");
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(want(node, &set, ours, 1, NS_PER_SEC), 0);
    sleep(3); /* dead */
    assert_false(has("va", "2001:db8::10/64"));
    netns_ip("route get 2001:db8::77");
}

static void an_address_of_two_sets_stays_until_both_are_done(void **state)
{
    struct node *node = *state;
    const struct ip_prefix a[] = {prefix_of("192.0.2.10/24"), prefix_of("192.0.2.11/24")};
    const struct ip_prefix b[] = {prefix_of("192.0.2.11/24"), prefix_of("192.0.2.12/24")};
    struct desired_set first = {0};
    struct desired_set second = {0};

    assert_int_equal(want(node, &first, a, 2, 60 * NS_PER_SEC), 0);
    assert_int_equal(want(node, &second, b, 2, 60 * NS_PER_SEC), 0);
    assert_int_equal(want(node, &first, NULL, 0, 0), 0);
    assert_false(has("va", "192.0.2.10/24"));
    assert_true(has_ours("va", "192.0.2.11/24"));
    assert_true(has_ours("va", "192.0.2.12/24"));
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    assert_int_equal(want(node, &second, NULL, 0, 0), 0);
    assert_int_equal(read_kernel("va", "192.0.2.11/24").count, 0);
}

/* The one that leaves had the shorter lease: the address must not end with it. */
static void what_stays_gets_the_lease_of_who_stays(void **state)
{
    struct node *node = *state;
    const struct ip_prefix list[] = {prefix_of("192.0.2.10/24")};
    struct desired_set shorter = {0};
    struct desired_set longer = {0};

    assert_int_equal(want(node, &longer, list, 1, 100 * NS_PER_SEC), 0);
    assert_int_equal(want(node, &shorter, list, 1, NS_PER_SEC), 0);
    assert_int_equal(want(node, &shorter, NULL, 0, 0), 0);
    netns_run_for(node->event, 2500);
    assert_int_equal(node->lost, 0);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    assert_true(read_kernel("va", "192.0.2.10/24").found.valid_s > 10);
}

static void a_change_of_the_list_touches_only_the_difference(void **state)
{
    struct node *node = *state;
    const struct ip_prefix before[] = {prefix_of("192.0.2.10/24"), prefix_of("192.0.2.11/24")};
    const struct ip_prefix after[] = {prefix_of("192.0.2.11/24"), prefix_of("192.0.2.12/24")};
    struct desired_set set = {0};

    assert_int_equal(want(node, &set, before, 2, 60 * NS_PER_SEC), 0);
    assert_int_equal(want(node, &set, after, 2, 60 * NS_PER_SEC), 0);
    assert_false(has("va", "192.0.2.10/24"));
    assert_true(has_ours("va", "192.0.2.11/24"));
    assert_true(has_ours("va", "192.0.2.12/24"));
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
}

/* A reload that changes nothing. What somebody did to the lease shows whether it was written. */
static void an_equal_list_elsewhere_is_not_written(void **state)
{
    struct node *node = *state;
    const struct ip_prefix before[] = {prefix_of("192.0.2.10/24"), prefix_of("2001:db8::10/64")};
    const struct ip_prefix equal[] = {prefix_of("192.0.2.10/24"), prefix_of("2001:db8::10/64")};
    const struct ip_prefix other[] = {prefix_of("192.0.2.10/24"), prefix_of("2001:db8::10/48")};
    struct desired_set set = {0};

    assert_false(reconciler_rebase(&set, equal, 2, 60 * NS_PER_SEC));
    assert_int_equal(want(node, &set, before, 2, 60 * NS_PER_SEC), 0);
    netns_address("va", "192.0.2.10/24", VIPD_IFA_PROTO, 1000);
    netns_address("va", "2001:db8::10/64", VIPD_IFA_PROTO, 1000);
    assert_true(reconciler_rebase(&set, equal, 2, 60 * NS_PER_SEC));
    assert_ptr_equal(set.prefixes, equal);
    assert_false(reconciler_rebase(&set, before, 1, 60 * NS_PER_SEC));
    assert_false(reconciler_rebase(&set, other, 2, 60 * NS_PER_SEC));
    assert_false(reconciler_rebase(&set, before, 2, 30 * NS_PER_SEC));
    assert_ptr_equal(set.prefixes, equal);
    netns_run_for(node->event, QUIET_MS);
    assert_in_range(read_kernel("va", "192.0.2.10/24").found.valid_s, 900, 1000);
    assert_in_range(read_kernel("va", "2001:db8::10/64").found.valid_s, 900, 1000);
    assert_int_equal(want(node, &set, before, 2, 60 * NS_PER_SEC), 0);
    assert_in_range(read_kernel("va", "192.0.2.10/24").found.valid_s, 30, 60);
}

/* IPv6 knows an address with one prefix length at a time; IPv4 with several. */
static void a_change_of_the_prefix_length_is_carried_out(void **state)
{
    struct node *node = *state;
    const struct ip_prefix before[] = {prefix_of("192.0.2.10/24"), prefix_of("2001:db8::10/64")};
    const struct ip_prefix after[] = {prefix_of("192.0.2.10/32"), prefix_of("2001:db8::10/128")};
    struct desired_set set = {0};

    assert_int_equal(want(node, &set, before, 2, 0), 0);
    assert_int_equal(want(node, &set, after, 2, 0), 0);
    assert_true(has_ours("va", "192.0.2.10/32"));
    assert_true(has_ours("va", "2001:db8::10/128"));
    assert_int_equal(read_kernel("va", "192.0.2.10/32").count, 2);
    assert_int_equal(want(node, &set, NULL, 0, 0), 0);
    assert_int_equal(read_kernel("va", "192.0.2.10/32").count, 0);
}

static void moves_to_another_link(void **state)
{
    struct node *node = *state;
    const struct ip_prefix list[] = {prefix_of("192.0.2.10/24")};
    struct desired_set set = {.owner = "test"};

    assert_int_equal(want(node, &set, list, 1, 0), 0);
    assert_int_equal(reconciler_want(node->reconciler, &set, netns_ifindex("vb"), list, 1, 0), 0);
    assert_false(has("va", "192.0.2.10/24"));
    assert_true(has_ours("vb", "192.0.2.10/24"));
}

static void disable_ipv6(const char *value)
{
    FILE *file = fopen("/proc/sys/net/ipv6/conf/va/disable_ipv6", "w");

    assert_non_null(file);
    assert_true(fputs(value, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static bool both_there(void *userdata)
{
    (void)userdata;
    return has_ours("va", "2001:db8::10/64") && has_ours("va", "2001:db8::11/64");
}

static void what_the_kernel_refuses_is_tried_again(void **state)
{
    struct node *node = *state;
    const struct ip_prefix list[] = {prefix_of("192.0.2.10/24"), prefix_of("2001:db8::10/64"),
                                     prefix_of("2001:db8::11/64")};
    struct desired_set set = {0};

    disable_ipv6("1");
    assert_true(want(node, &set, list, 3, 0) < 0);
    assert_int_equal(set.failed, 2);
    assert_true(has_ours("va", "192.0.2.10/24"));
    netns_run_for(node->event, QUIET_MS);
    disable_ipv6("0");
    assert_true(netns_run_until(node->event, both_there, node, WAIT_MS));
    assert_int_equal(set.failed, 0);
}

/* May we change addresses? Without it the kernel refuses everything. */
static void permit(bool yes)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    assert_int_equal(syscall(SYS_capget, &header, data), 0);
    if (yes)
        data[0].effective |= 1u << CAP_NET_ADMIN;
    else
        data[0].effective &= ~(1u << CAP_NET_ADMIN);
    assert_int_equal(syscall(SYS_capset, &header, data), 0);
}

static bool none_left(void *userdata)
{
    (void)userdata;
    return read_kernel("va", "192.0.2.10/24").count == 0;
}

static void what_could_not_be_released_is_tried_again(void **state)
{
    struct node *node = *state;
    const struct ip_prefix list[] = {prefix_of("192.0.2.10/24"), prefix_of("2001:db8::10/64")};
    struct desired_set set = {0};

    assert_int_equal(want(node, &set, list, 2, 0), 0);
    permit(false);
    int result = want(node, &set, NULL, 0, 0);
    permit(true);
    assert_int_equal(result, -EPERM);
    assert_int_equal(read_kernel("va", "192.0.2.10/24").count, 2);
    assert_true(netns_run_until(node->event, none_left, node, WAIT_MS));
}

static void releasing_what_went_with_its_link_is_no_error(void **state)
{
    struct node *node = *state;
    const struct ip_prefix list[] = {prefix_of("192.0.2.10/24")};
    struct desired_set set = {0};

    assert_int_equal(want(node, &set, list, 1, 0), 0);
    netns_ip("link del va");
    assert_int_equal(reconciler_want(node->reconciler, &set, 0, NULL, 0, 0), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_node, close_node)
    const struct CMUnitTest tests[] = {
        TEST(claims_with_mark_and_lease_and_releases),
        TEST(without_a_lease_it_is_for_ever),
        TEST(many_go_in_few_calls),
        TEST(the_administrators_address_is_never_touched),
        TEST(held_by_the_administrator_with_another_length),
        TEST(leftovers_are_removed_from_all_links),
        TEST(a_leftover_that_is_wanted_is_taken_over),
        TEST(what_somebody_deletes_is_put_back),
        TEST(a_lease_is_renewed_while_we_live_and_ends_when_not),
        TEST(a_lease_is_renewed_without_the_loop),
        TEST(others_of_the_network_stay_when_ours_goes),
        TEST(others_of_the_network_stay_when_our_lease_ends),
        TEST(the_network_stays_connected_when_the_administrators_address_returns),
        TEST(the_ipv6_network_stays_connected_when_ours_goes),
        TEST(an_address_of_two_sets_stays_until_both_are_done),
        TEST(what_stays_gets_the_lease_of_who_stays),
        TEST(a_change_of_the_list_touches_only_the_difference),
        TEST(an_equal_list_elsewhere_is_not_written),
        TEST(a_change_of_the_prefix_length_is_carried_out),
        TEST(moves_to_another_link),
        TEST(what_the_kernel_refuses_is_tried_again),
        TEST(what_could_not_be_released_is_tried_again),
        TEST(releasing_what_went_with_its_link_is_no_error),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
