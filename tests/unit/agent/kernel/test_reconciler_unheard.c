/* The kernel does not tell of the IPv4 addresses that we add: what others do with them while they
 * are on their way is found and put right all the same. */
#include "agent/base/clock.h"
#include "agent/kernel/outcome.h"
#include "tests/unit/agent/kernel/reconciler_node.h"
#include "tests/unit/agent/netns.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONG_LEASE_NS (600 * NS_PER_SEC) /* none is renewed in a test */

enum {
    MANY = 200,
    ROUNDS = 4,
    STAGGER_US = 1000, /* in each round the meddler is further ahead */
};

static const struct claimed_address *one(void)
{
    static struct claimed_address list[1];

    list[0] = claim_of("198.51.100.10/32");
    return list;
}

/* Which marks the kernel keeps is known by the first, which is heard of. */
static void learn(struct node *node)
{
    const struct claimed_address first[] = {claim_of("192.0.2.10/32")};
    struct desired_set set = {0};

    assert_int_equal(node_want(node, &set, first, 1, LONG_LEASE_NS), 0);
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
    netns_run_for(node->event, QUIET_MS);
}

static bool hears_something(void)
{
    char octet;

    return recv(netns_newest_netlink_socket(true), &octet, 1, MSG_DONTWAIT | MSG_PEEK) >= 0;
}

/* The kernel has it, and the loop has not turned since it was asked. */
static void send_one(struct node *node, struct desired_set *set)
{
    const struct timespec moment = {.tv_nsec = 1000 * 1000};

    set->owner = "test";
    reconciler_want(node->reconciler, set, node->ifindex, one(), 1, LONG_LEASE_NS);
    for (int ms = 0; ms < WAIT_MS && !kernel_has_ours("va", "198.51.100.10/32"); ms++)
        (void)nanosleep(&moment, NULL);
    assert_int_equal(set->in_flight, 1);
}

static struct outcome outcome_of(const struct node *node, int result, bool unheard)
{
    static struct address_batch batch;
    struct remembered remembered = {0};
    const struct desired_sets none = {0};

    batch = (struct address_batch){.count = 1};
    batch.changes[0] =
        (struct address_change){.operation = ADDRESS_ADD,
                                .result = result,
                                .unheard = unheard,
                                .address = {.ifindex = node->ifindex, .prefix = one()[0].prefix}};
    struct outcome out = outcome_conclude(&batch, node->links, &remembered, &none);
    remembered_free(&remembered);
    return out;
}

static void what_was_not_answered_is_read(void **state)
{
    struct node *node = *state;

    assert_true(outcome_of(node, -ETIMEDOUT, true).unexpected);
    assert_true(outcome_of(node, -ENOBUFS, true).unexpected);
    assert_false(outcome_of(node, -EPERM, true).unexpected);
    assert_false(outcome_of(node, -ETIMEDOUT, false).unexpected);
}

static bool is_right(void *userdata)
{
    const struct node *node = userdata;
    const struct observed_address *there =
        links_prefix(node->links, node->ifindex, &one()[0].prefix);

    return there != NULL && there->proto == ADDRESS_MARK_PROTOCOL && there->valid_s != UINT32_MAX &&
           kernel_has_ours("va", "198.51.100.10/32");
}

static void leave(struct node *node, struct desired_set *set)
{
    assert_int_equal(node_want(node, set, NULL, 0, 0), 0);
    assert_int_equal(kernel_read("va", "198.51.100.10/32").count, 0);
}

static void of_what_we_add_nothing_is_heard(void **state)
{
    struct node *node = *state;
    struct desired_set set = {0};

    learn(node);
    send_one(node, &set);
    assert_false(hears_something());
    netns_run_for(node->event, QUIET_MS);
    assert_true(is_right(node));
    leave(node, &set);
}

static void what_goes_on_the_way_comes_back(void **state)
{
    struct node *node = *state;
    struct desired_set set = {0};

    learn(node);
    send_one(node, &set);
    netns_ip("addr del 198.51.100.10/32 dev va");
    assert_true(node_repairs(node, 1));
    assert_true(is_right(node));
    leave(node, &set);
}

static void what_is_replaced_on_the_way_is_marked_again(void **state)
{
    struct node *node = *state;
    struct desired_set set = {0};

    learn(node);
    send_one(node, &set);
    netns_ip("addr replace 198.51.100.10/32 dev va");
    assert_false(kernel_has_ours("va", "198.51.100.10/32"));
    assert_true(netns_run_until(node->event, is_right, node, WAIT_MS));
    leave(node, &set);
}

static void what_is_another_s_by_now_is_marked_again(void **state)
{
    struct node *node = *state;
    struct desired_set set = {0};

    learn(node);
    send_one(node, &set);
    netns_ip("addr del 198.51.100.10/32 dev va");
    netns_ip("addr add 198.51.100.10/32 dev va");
    assert_true(netns_run_until(node->event, is_right, node, WAIT_MS));
    leave(node, &set);
}

static void what_goes_with_its_link_is_not_thought_to_be_there(void **state)
{
    struct node *node = *state;
    struct desired_set set = {0};

    learn(node);
    send_one(node, &set);
    netns_ip("link del va");
    netns_run_for(node->event, QUIET_MS);
    assert_null(links_prefix(node->links, node->ifindex, &one()[0].prefix));
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* The removal that is heard of late is that of before. */
static void what_is_wanted_again_at_once_is_there(void **state)
{
    struct node *node = *state;
    struct desired_set set = {.owner = "test"};

    learn(node);
    assert_int_equal(node_want(node, &set, one(), 1, LONG_LEASE_NS), 0);
    for (int i = 0; i < ROUNDS; i++) {
        reconciler_want(node->reconciler, &set, node->ifindex, NULL, 0, 0);
        reconciler_want(node->reconciler, &set, node->ifindex, one(), 1, LONG_LEASE_NS);
        netns_run_for(node->event, QUIET_MS);
        assert_true(netns_run_until(node->event, is_right, node, WAIT_MS));
    }
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    leave(node, &set);
}

/* ---- Somebody who is at it all the time */

static FILE *begin_to_meddle(void)
{
    FILE *script = popen("exec ip -force -batch - >/dev/null 2>&1", "w");

    assert_non_null(script);
    for (int i = 0; i < MANY; i++)
        fprintf(script, "addr %s 10.1.0.%d/32 dev va\n", i % 3 == 0 ? "replace" : "del", i + 1);
    assert_int_equal(fflush(script), 0);
    return script;
}

static const struct claimed_address *many(void)
{
    static struct claimed_address list[MANY];
    char text[32];

    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "10.1.0.%d/32", i + 1);
        list[i] = claim_of(text);
    }
    return list;
}

struct claim {
    const struct node *node;
    struct desired_set set;
};

static bool all_right(void *userdata)
{
    const struct claim *claim = userdata;

    return reconciler_settled(&claim->set) &&
           reconciler_count_held(claim->node->reconciler, &claim->set) == MANY &&
           kernel_read("va", "10.1.0.1/32").count == MANY;
}

static void whoever_meddles_with_a_claim_leaves_nothing_wrong(void **state)
{
    struct claim claim = {.node = *state, .set = {.owner = "test"}};
    struct node *node = *state;

    learn(node);
    for (int i = 0; i < ROUNDS; i++) {
        FILE *meddler = begin_to_meddle();

        (void)usleep((unsigned)i * STAGGER_US);
        reconciler_want(node->reconciler, &claim.set, node->ifindex, many(), MANY, LONG_LEASE_NS);
        assert_true(netns_run_until(node->event, node_settled, &claim.set, WAIT_MS));
        (void)pclose(meddler);
        assert_true(netns_run_until(node->event, all_right, &claim, WAIT_MS));
        assert_int_equal(node_want(node, &claim.set, NULL, 0, 0), 0);
        assert_int_equal(kernel_read("va", "10.1.0.1/32").count, 0);
    }
}

static bool it_is_gone(void *userdata)
{
    (void)userdata;
    return !kernel_has_ours("va", "203.0.113.10/32");
}

/* Nor does it matter that something else went well, of which nothing is heard. */
static void what_could_not_be_removed_is_not_forgotten(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("203.0.113.10/32")};
    struct desired_set set = {0};
    struct desired_set other = {0};

    /* A link-local address would be heard of at any time, and have all looked at. */
    netns_ip("link set va addrgenmode none");
    netns_ip("link set vb addrgenmode none");
    netns_ip("-6 addr flush scope link");
    learn(node);
    assert_int_equal(node_want(node, &set, list, 1, 0), 0);
    node_permit(node, false);
    int result = node_want(node, &set, NULL, 0, 0);
    node_permit(node, true);
    assert_int_equal(result, -EPERM);
    assert_int_equal(node_want(node, &other, one(), 1, LONG_LEASE_NS), 0);
    assert_true(netns_run_until(node->event, it_is_gone, NULL, WAIT_MS));
    leave(node, &other);
}

int main(void)
{
#define TEST_LATE(name)  cmocka_unit_test_setup_teardown(name, node_open_late, node_close)
#define TEST_EARLY(name) cmocka_unit_test_setup_teardown(name, node_open_early, node_close)
    const struct CMUnitTest tests[] = {
        TEST_LATE(of_what_we_add_nothing_is_heard),
        TEST_LATE(what_was_not_answered_is_read),
        TEST_LATE(what_goes_on_the_way_comes_back),
        TEST_EARLY(what_goes_on_the_way_comes_back),
        TEST_LATE(what_is_replaced_on_the_way_is_marked_again),
        TEST_EARLY(what_is_replaced_on_the_way_is_marked_again),
        TEST_LATE(what_is_another_s_by_now_is_marked_again),
        TEST_EARLY(what_is_another_s_by_now_is_marked_again),
        TEST_LATE(what_goes_with_its_link_is_not_thought_to_be_there),
        TEST_LATE(what_is_wanted_again_at_once_is_there),
        TEST_EARLY(what_is_wanted_again_at_once_is_there),
        TEST_LATE(what_could_not_be_removed_is_not_forgotten),
        TEST_LATE(whoever_meddles_with_a_claim_leaves_nothing_wrong),
        TEST_EARLY(whoever_meddles_with_a_claim_leaves_nothing_wrong),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
