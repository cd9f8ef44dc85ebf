/* A link's sockets and captures opened and closed by a worker, against a real kernel: who has to
 * wait, and what becomes of those who leave meanwhile. */
#include "agent/base/deadlines.h"
#include "agent/base/priorities.h"
#include "agent/wire/segment.h"
#include "agent/wire/segment_send.h"
#include "tests/unit/agent/gate.h"
#include "tests/unit/agent/links_nobody.h"
#include "tests/unit/agent/netns.h"
#include "tests/unit/emulated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>

enum { VRID = 51 };

/* A client, and what it was told. */
struct user {
    struct node *node;
    struct segment_client client;
    unsigned ready;
    bool leaves; /* once it is ready */
};

struct node {
    sd_event *event;
    struct links *links;
    struct worker *worker;
    struct segments *segments;
    struct deadlines *deadlines;
    struct gate gate;
    struct user one;
    struct user two;
    struct frame_tap *tap; /* what the observer has */
    unsigned descriptors;  /* open before anything is attached */
};

static unsigned count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    unsigned count = 0;

    assert_non_null(directory);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static void on_ready(void *userdata)
{
    struct user *user = userdata;

    user->ready++;
    if (user->leaves)
        segment_detach(user->node->segments, &user->client);
}

static const struct segment_client_calls calls = {.on_ready = on_ready};

static bool wants(void *userdata, const char *ifname)
{
    const struct node *node = userdata;

    (void)ifname;
    return node->tap == NULL;
}

static void *on_attached(void *userdata, const char *ifname, struct frame_tap *tap)
{
    struct node *node = userdata;

    (void)ifname;
    assert_null(node->tap);
    node->tap = tap;
    return node;
}

static void on_watched(void *observed, const struct ip_address *addresses, size_t count)
{
    (void)observed;
    (void)addresses;
    (void)count;
}

static void on_passed(void *observed, uint64_t now_ns)
{
    (void)observed;
    (void)now_ns;
}

static struct frame_tap *on_detached(void *observed)
{
    struct node *node = observed;
    struct frame_tap *tap = node->tap;

    node->tap = NULL;
    return tap;
}

static void prepare(struct node *node, struct user *user, enum ip_family family, uint8_t vrid)
{
    user->node = node;
    user->client = (struct segment_client){.family = family,
                                           .vrid = vrid,
                                           .group = ip_address_vrrp_group(family),
                                           .calls = &calls,
                                           .userdata = user};
}

static int open_node(void **state)
{
    struct node *node = calloc(1, sizeof(*node));
    const struct segment_observer observer = {.wants = wants,
                                              .attach = on_attached,
                                              .watch = on_watched,
                                              .passed = on_passed,
                                              .detach = on_detached,
                                              .userdata = node};

    const struct deadlines_options deadlines = {.priority = AGENT_PRIORITY_DEADLINES};

    assert_non_null(node);
    netns_enter();
    netns_veth("va", "vb");
    netns_ip("addr add 192.0.2.1/24 dev va");
    assert_true(sd_event_new(&node->event) >= 0);
    assert_int_equal(links_open(node->event, AGENT_PRIORITY_LINKS, &links_nobody, &node->links), 0);
    node->segments = segments_new(node->event, node->links, NULL, NULL);
    assert_non_null(node->segments);
    /* As the agent has them: what they share with the sockets does not come and go with those. */
    assert_int_equal(deadlines_open(node->event, &deadlines, &node->deadlines), 0);
    segments_set_observer(node->segments, &observer);
    node->worker = gate_worker(node->event);
    segments_set_worker(node->segments, node->worker);
    prepare(node, &node->one, IP_FAMILY_IPV4, VRID);
    prepare(node, &node->two, IP_FAMILY_IPV4, VRID + 1);
    netns_run_for(node->event, 50);
    node->descriptors = count_descriptors();
    *state = node;
    return 0;
}

static int close_node(void **state)
{
    struct node *node = *state;

    segment_detach(node->segments, &node->one.client);
    segment_detach(node->segments, &node->two.client);
    worker_close(node->worker);
    segments_free(node->segments);
    deadlines_close(node->deadlines);
    links_close(node->links);
    sd_event_unref(node->event);
    free(node);
    return 0;
}

static int attach(struct node *node, struct user *user)
{
    return segment_attach(node->segments, links_by_name(node->links, "va"), &user->client);
}

static int send_from(struct user *user)
{
    const struct ip_prefix source = prefix_of("192.0.2.1/24");
    const struct ip_address group = ip_address_vrrp_group(IP_FAMILY_IPV4);
    const uint8_t payload[20] = {0x31};

    const struct advert_header header = {
        .source = source.address, .destination = group, .ttl = VRRP_TTL};

    return segment_send(&user->client, &header, payload, sizeof(payload));
}

/* Two on one link: what one of them has opened serves the other. */
static void all_that_wait_are_told_once(void **state)
{
    struct node *node = *state;

    gate_shut(&node->gate, node->worker);
    assert_int_equal(attach(node, &node->one), -EINPROGRESS);
    assert_int_equal(attach(node, &node->two), -EINPROGRESS);
    assert_int_equal(segment_state(&node->one.client), -EINPROGRESS);
    assert_int_equal(segment_ifindex(&node->one.client), netns_ifindex("va"));
    assert_int_equal(send_from(&node->one), -ENETDOWN);
    gate_open(&node->gate);
    gate_wait(node->event, node->worker);
    assert_int_equal(node->one.ready, 1);
    assert_int_equal(node->two.ready, 1);
    assert_int_equal(segment_state(&node->one.client), 0);
    assert_int_equal(send_from(&node->one), 0);
    assert_int_equal(send_from(&node->two), 0);
    assert_non_null(node->tap);
    segment_rejoin(&node->one.client);
    gate_wait(node->event, node->worker);
    assert_int_equal(node->one.ready, 1);
    segment_detach(node->segments, &node->one.client);
    assert_int_equal(send_from(&node->two), 0);
    segment_detach(node->segments, &node->two.client);
    assert_null(node->tap);
    gate_wait(node->event, node->worker);
    assert_int_equal(count_descriptors(), node->descriptors);
}

static void a_second_family_comes_while_the_first_is_opened(void **state)
{
    struct node *node = *state;

    prepare(node, &node->two, IP_FAMILY_IPV6, VRID);
    assert_int_equal(attach(node, &node->one), -EINPROGRESS);
    assert_int_equal(attach(node, &node->two), -EINPROGRESS);
    gate_wait(node->event, node->worker);
    assert_int_equal(node->one.ready, 1);
    assert_int_equal(node->two.ready, 1);
    assert_int_equal(segment_state(&node->two.client), 0);
}

static void what_was_opened_for_one_that_left_is_closed(void **state)
{
    struct node *node = *state;

    gate_shut(&node->gate, node->worker);
    assert_int_equal(attach(node, &node->one), -EINPROGRESS);
    segment_detach(node->segments, &node->one.client);
    assert_int_equal(segment_ifindex(&node->one.client), 0);
    /* Another one of that VRID need not wait for that. */
    prepare(node, &node->two, IP_FAMILY_IPV4, VRID);
    assert_int_equal(attach(node, &node->two), -EINPROGRESS);
    gate_open(&node->gate);
    gate_wait(node->event, node->worker);
    assert_int_equal(node->one.ready, 0);
    assert_int_equal(node->two.ready, 1);
    assert_int_equal(send_from(&node->two), 0);
    segment_detach(node->segments, &node->two.client);
    gate_wait(node->event, node->worker);
    assert_int_equal(count_descriptors(), node->descriptors);
}

/* It holds its VRID as if it were there. */
/* The kernel lets whoever closes a capture wait for all its processors: that is not the loop. */
static void the_last_one_that_leaves_closes_nothing_itself(void **state)
{
    struct node *node = *state;

    assert_int_equal(attach(node, &node->one), -EINPROGRESS);
    gate_wait(node->event, node->worker);
    gate_shut(&node->gate, node->worker);
    unsigned open = count_descriptors();
    segment_detach(node->segments, &node->one.client);
    assert_int_equal(count_descriptors(), open);
    assert_true(open > node->descriptors);
    gate_open(&node->gate);
    gate_wait(node->event, node->worker);
    assert_int_equal(count_descriptors(), node->descriptors);
}

static void who_waits_keeps_others_from_its_vrid(void **state)
{
    struct node *node = *state;

    prepare(node, &node->two, IP_FAMILY_IPV4, VRID);
    assert_int_equal(attach(node, &node->one), -EINPROGRESS);
    assert_int_equal(attach(node, &node->two), -EBUSY);
}

static void one_may_leave_when_it_is_told(void **state)
{
    struct node *node = *state;

    node->one.leaves = node->two.leaves = true;
    assert_int_equal(attach(node, &node->one), -EINPROGRESS);
    assert_int_equal(attach(node, &node->two), -EINPROGRESS);
    gate_wait(node->event, node->worker);
    assert_int_equal(node->one.ready, 1);
    assert_int_equal(node->two.ready, 1);
    assert_int_equal(count_descriptors(), node->descriptors);
}

static void the_link_vanishes_meanwhile(void **state)
{
    struct node *node = *state;

    gate_shut(&node->gate, node->worker);
    assert_int_equal(attach(node, &node->one), -EINPROGRESS);
    netns_ip("link del va");
    gate_open(&node->gate);
    gate_wait(node->event, node->worker);
    assert_int_equal(node->one.ready, 1);
    assert_int_equal(segment_state(&node->one.client), -ENODEV);
    segment_detach(node->segments, &node->one.client);
    gate_wait(node->event, node->worker);
    assert_int_equal(count_descriptors(), node->descriptors);
}

static void a_failed_attempt_is_made_again(void **state)
{
    struct node *node = *state;
    const struct link wrong = {.ifindex = netns_ifindex("va"), .name = "nosuch", .up = true};

    assert_int_equal(segment_attach(node->segments, &wrong, &node->one.client), -EINPROGRESS);
    gate_wait(node->event, node->worker);
    assert_int_equal(segment_state(&node->one.client), -ENODEV);
    segment_detach(node->segments, &node->one.client);
    assert_int_equal(attach(node, &node->one), -EINPROGRESS);
    gate_wait(node->event, node->worker);
    assert_int_equal(segment_state(&node->one.client), 0);
}

/* The end of the agent, with everything under way. */
static void the_end_closes_what_is_still_opened(void **state)
{
    struct node *node = *state;

    gate_shut(&node->gate, node->worker);
    assert_int_equal(attach(node, &node->one), -EINPROGRESS);
    segment_detach(node->segments, &node->one.client);
    gate_open(&node->gate);
    worker_close(node->worker);
    node->worker = NULL;
    segments_set_worker(node->segments, NULL);
    assert_int_equal(node->one.ready, 0);
    assert_true(count_descriptors() < node->descriptors);
}

static void without_a_worker_it_is_there_at_once(void **state)
{
    struct node *node = *state;

    segments_set_worker(node->segments, NULL);
    assert_int_equal(attach(node, &node->one), 0);
    assert_int_equal(send_from(&node->one), 0);
    assert_non_null(node->tap);
    segment_detach(node->segments, &node->one.client);
    assert_int_equal(node->one.ready, 0);
    assert_int_equal(count_descriptors(), node->descriptors);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_node, close_node)
    const struct CMUnitTest tests[] = {
        TEST(all_that_wait_are_told_once),
        TEST(a_second_family_comes_while_the_first_is_opened),
        TEST(what_was_opened_for_one_that_left_is_closed),
        TEST(the_last_one_that_leaves_closes_nothing_itself),
        TEST(who_waits_keeps_others_from_its_vrid),
        TEST(one_may_leave_when_it_is_told),
        TEST(the_link_vanishes_meanwhile),
        TEST(a_failed_attempt_is_made_again),
        TEST(the_end_closes_what_is_still_opened),
        TEST(without_a_worker_it_is_there_at_once),
    };

    if (emulated_without("IP_MULTICAST_ALL and IP_TRANSPARENT"))
        return EXIT_EMULATED;
    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
