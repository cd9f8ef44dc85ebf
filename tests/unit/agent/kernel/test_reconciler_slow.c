/* The kernel takes its time: nobody waits for it, nothing is asked twice, and who changes his mind
 * meanwhile gets what he wants last. The worker is kept busy with a task that waits at a gate. */
#include "agent/base/clock.h"
#include "agent/base/source.h"
#include "agent/base/turns.h"
#include "agent/kernel/reconciler_state.h"
#include "tests/unit/agent/kernel/reconciler_node.h"
#include "tests/unit/agent/netns.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    GATE_MS_MAX = 20000,
    TURNS = 20,
    TURN_US = 1000,
    OTHERS = 500,
    FEW = 5,
};

/* The task that waits, as one does for the kernel's lock. */
struct gate {
    struct worker_task task;
    int ends[2];
};

static void wait_at_gate(struct worker_task *task)
{
    const struct gate *gate = (struct gate *)task;
    struct pollfd fd = {.fd = gate->ends[0], .events = POLLIN};

    (void)poll(&fd, 1, GATE_MS_MAX);
}

static void passed(struct worker_task *task)
{
    (void)task;
}

static void close_gate(struct node *node, struct gate *gate)
{
    *gate = (struct gate){.task = {.run = wait_at_gate, .done = passed}};
    assert_int_equal(pipe(gate->ends), 0);
    assert_true(worker_submit(node->worker, &gate->task));
}

/* Also waits until all that waited is done, and told. */
static void open_gate(struct node *node, struct gate *gate)
{
    assert_int_equal(write(gate->ends[1], "x", 1), 1);
    assert_int_equal(reconciler_finish(node->reconciler, WAIT_MS * NS_PER_MS), 0);
    netns_run_for(node->event, QUIET_MS);
    close(gate->ends[0]);
    close(gate->ends[1]);
}

static bool is_back(void *userdata)
{
    return !((const struct reconciler *)userdata)->task.submitted;
}

static void count_settled(struct desired_set *set)
{
    (*(unsigned *)set->userdata)++;
}

static int on_turn(sd_event_source *source, uint64_t usec, void *userdata)
{
    unsigned *turns = userdata;

    (void)usec;
    (*turns)++;
    assert_true(source_set_time_relative(source, TURN_US) >= 0);
    return source_set_enabled(source, SD_EVENT_ONESHOT);
}

static bool enough(void *userdata)
{
    return *(unsigned *)userdata >= TURNS;
}

static void want(struct node *node, struct desired_set *set, const struct claimed_address *list,
                 size_t count)
{
    set->owner = "test";
    reconciler_want(node->reconciler, set, node->ifindex, list, count, 60 * NS_PER_SEC);
}

static void a_claim_returns_at_once_and_timers_go_on(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    unsigned settled = 0;
    unsigned turns = 0;
    struct desired_set set = {.on_settled = count_settled, .userdata = &settled};
    sd_event_source *timer;
    struct gate gate;

    close_gate(node, &gate);
    want(node, &set, list, 2);
    assert_true(source_add_time_relative(node->event, &timer, CLOCK_BOOTTIME, TURN_US, 1, on_turn,
                                         &turns) >= 0);
    assert_true(netns_run_until(node->event, enough, &turns, WAIT_MS));
    assert_int_equal(settled, 0);
    assert_false(reconciler_settled(&set));
    assert_false(kernel_has("va", "192.0.2.10/24"));
    open_gate(node, &gate);
    assert_int_equal(settled, 1);
    assert_true(reconciler_settled(&set));
    assert_int_equal(reconciler_count_held(node->reconciler, &set), 2);
    sd_event_source_disable_unref(timer);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

static void nothing_on_its_way_is_asked_again(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    struct desired_set set = {0};
    struct gate gate;

    close_gate(node, &gate);
    want(node, &set, list, 2);
    for (int i = 0; i < TURNS; i++) {
        reconciler_run(node->reconciler);
        reconciler_fire_due(node->reconciler);
        want(node, &set, list, 2);
    }
    assert_int_equal(worker_pending(node->worker), 2); /* the gate and one flight */
    open_gate(node, &gate);
    assert_int_equal(kernel_read("va", "192.0.2.10/24").count, 2);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* A mark that whoever looks at all sets would find. */
static void who_claims_behind_others_looks_at_none_of_them(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("192.0.2.11/24")};
    struct desired_set sets[2] = {0};
    struct gate gate;

    close_gate(node, &gate);
    want(node, &sets[0], &list[0], 1);
    sets[0].retry_ns = 1;
    want(node, &sets[1], &list[1], 1);
    assert_true(node->reconciler->next_ns > sets[0].retry_ns);
    sets[0].retry_ns = DEADLINE_NEVER;
    open_gate(node, &gate);
    assert_int_equal(kernel_read("va", "192.0.2.10/24").count, 2);
    assert_int_not_equal(node->reconciler->next_ns, DEADLINE_NEVER);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(node_want(node, &sets[i], NULL, 0, 0), 0);
}

/* The others of its link are looked at when the flight is back, once for all that have gone. */
static void who_goes_behind_others_looks_at_none_of_them(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("192.0.2.11/24"),
                                           claim_of("192.0.2.12/24")};
    struct desired_set sets[3] = {0};
    struct gate gate;

    for (size_t i = 0; i < 2; i++)
        assert_int_equal(node_want(node, &sets[i], &list[i], 1, (20 + i) * NS_PER_SEC), 0);
    uint64_t refresh_ns = sets[0].refresh_ns;
    assert_int_not_equal(refresh_ns, DEADLINE_NEVER);
    close_gate(node, &gate);
    want(node, &sets[2], &list[2], 1);
    sets[0].since_ns = 1;
    reconciler_want(node->reconciler, &sets[1], node->ifindex, NULL, 0, 0);
    assert_int_equal(sets[0].since_ns, 1);
    open_gate(node, &gate);
    /* It might have had the other one's lease. */
    assert_true(sets[0].refresh_ns > refresh_ns && sets[0].refresh_ns != DEADLINE_NEVER);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(node_want(node, &sets[i], NULL, 0, 0), 0);
}

static void a_release_while_the_claim_is_on_its_way(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    unsigned settled = 0;
    struct desired_set set = {.on_settled = count_settled, .userdata = &settled};
    struct gate gate;

    close_gate(node, &gate);
    want(node, &set, list, 2);
    want(node, &set, NULL, 0);
    open_gate(node, &gate);
    assert_int_equal(settled, 0);
    assert_int_equal(kernel_read("va", "192.0.2.10/24").count, 0);
}

static void a_claim_while_the_release_is_on_its_way(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    unsigned settled = 0;
    struct desired_set set = {.on_settled = count_settled, .userdata = &settled};
    struct gate gate;

    assert_int_equal(node_want(node, &set, list, 2, 60 * NS_PER_SEC), 0);
    netns_run_for(node->event, QUIET_MS);
    assert_int_equal(settled, 1);
    close_gate(node, &gate);
    want(node, &set, NULL, 0);
    want(node, &set, list, 2);
    assert_false(reconciler_settled(&set));
    open_gate(node, &gate);
    assert_int_equal(settled, 2);
    assert_int_equal(kernel_read("va", "192.0.2.10/24").count, 2);
    assert_int_equal(reconciler_repairs(node->reconciler), 0);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* A reload: the list before is gone when the kernel answers. */
static void the_list_moves_while_the_claim_is_on_its_way(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    struct claimed_address *before = malloc(sizeof(list));
    struct desired_set set = {0};
    struct gate gate;

    assert_non_null(before);
    memcpy(before, list, sizeof(list));
    close_gate(node, &gate);
    want(node, &set, before, 2);
    assert_true(desired_rebase(&set, list, 2, 60 * NS_PER_SEC));
    free(before);
    open_gate(node, &gate);
    assert_int_equal(kernel_read("va", "192.0.2.10/24").count, 2);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

/* An instance is freed: nothing of it is looked at any more, and its addresses go. */
static void the_set_is_freed_while_it_is_on_its_way(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24"), claim_of("2001:db8::10/64")};
    struct desired_set *set = calloc(1, sizeof(*set));
    struct gate gate;

    assert_non_null(set);
    close_gate(node, &gate);
    want(node, set, list, 2);
    want(node, set, NULL, 0);
    free(set);
    open_gate(node, &gate);
    assert_int_equal(kernel_read("va", "192.0.2.10/24").count, 0);
}

/* What another wants stays, although the first to leave is on its way out. */
static void the_heir_comes_while_the_release_is_on_its_way(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24")};
    struct desired_set first = {0};
    struct desired_set second = {0};
    struct gate gate;

    assert_int_equal(node_want(node, &first, list, 1, 60 * NS_PER_SEC), 0);
    close_gate(node, &gate);
    want(node, &first, NULL, 0);
    want(node, &second, list, 1);
    open_gate(node, &gate);
    assert_true(kernel_has_ours("va", "192.0.2.10/24"));
    assert_int_equal(node_want(node, &second, NULL, 0, 0), 0);
    assert_false(kernel_has("va", "192.0.2.10/24"));
}

/* The end does not wait for ever, and what hangs is not freed. */
static void the_end_waits_for_the_removal_within_a_bound(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24")};
    struct desired_set set = {0};
    struct gate gate;

    assert_int_equal(node_want(node, &set, list, 1, 60 * NS_PER_SEC), 0);
    close_gate(node, &gate);
    want(node, &set, NULL, 0);
    assert_int_equal(reconciler_finish(node->reconciler, 10 * NS_PER_MS), -ETIMEDOUT);
    assert_true(kernel_has("va", "192.0.2.10/24"));
    open_gate(node, &gate);
    assert_false(kernel_has("va", "192.0.2.10/24"));
}

/* The kernel hangs, and nobody adverts: the loop waits for it, and does not look all the time. */
static void who_waits_for_a_renewal_looks_once(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24")};
    struct desired_set set = {0};
    struct gate gate;

    assert_int_equal(node_want(node, &set, list, 1, 600 * NS_PER_SEC), 0);
    netns_run_for(node->event, QUIET_MS);
    close_gate(node, &gate);
    set.refresh_ns = 1;
    deadline_set(node->deadlines, &node->reconciler->deadline, 1);
    netns_run_for(node->event, QUIET_MS);
    assert_true(node->reconciler->task.submitted && node->reconciler->quiet);
    node->reconciler->quiet_until_ns = 1;
    node->reconciler->next_ns = 1;
    deadline_set(node->deadlines, &node->reconciler->deadline, 1);
    unsigned before = node->passes;
    netns_run_for(node->event, QUIET_MS);
    assert_in_range(node->passes - before, 1, FEW);
    /* And hears of it as soon as it is back. */
    assert_int_equal(write(gate.ends[1], "x", 1), 1);
    assert_true(netns_run_until(node->event, is_back, node->reconciler, WAIT_MS));
    open_gate(node, &gate);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

static void ignore_due(void *userdata)
{
    (void)userdata;
}

/* As adverts of thousands, in a takeover. */
static void what_is_due_waits_for_the_deadlines_behind_it(void **state)
{
    struct node *node = *state;
    const struct claimed_address list[] = {claim_of("192.0.2.10/24")};
    struct desired_set set = {0};
    struct deadline others[OTHERS];

    assert_int_equal(node_want(node, &set, list, 1, 600 * NS_PER_SEC), 0);
    netns_run_for(node->event, QUIET_MS);
    set.retry_ns = 1;
    deadline_set(node->deadlines, &node->reconciler->deadline, 1);
    for (size_t i = 0; i < OTHERS; i++) {
        others[i] = (struct deadline){.fn = ignore_due};
        assert_int_equal(deadlines_add(node->deadlines, &others[i]), 0);
        deadline_set(node->deadlines, &others[i], 2 + i);
    }
    unsigned before = node->passes;
    assert_true(turns_run(node->event, WAIT_MS * NS_PER_MS / NS_PER_US) > 0);
    assert_int_equal(node->passes - before, 1);
    reconciler_go_along(node->reconciler); /* packets, meanwhile */
    bool waits = set.retry_ns == 1;
    netns_run_for(node->event, QUIET_MS);
    bool waited = set.retry_ns != 1;
    for (size_t i = 0; i < OTHERS; i++)
        deadlines_remove(node->deadlines, &others[i]);
    assert_true(waits && waited);
    assert_int_equal(node_want(node, &set, NULL, 0, 0), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, node_open, node_close)
    const struct CMUnitTest tests[] = {
        TEST(a_claim_returns_at_once_and_timers_go_on),
        TEST(nothing_on_its_way_is_asked_again),
        TEST(who_claims_behind_others_looks_at_none_of_them),
        TEST(who_goes_behind_others_looks_at_none_of_them),
        TEST(a_release_while_the_claim_is_on_its_way),
        TEST(a_claim_while_the_release_is_on_its_way),
        TEST(the_list_moves_while_the_claim_is_on_its_way),
        TEST(the_set_is_freed_while_it_is_on_its_way),
        TEST(the_heir_comes_while_the_release_is_on_its_way),
        TEST(the_end_waits_for_the_removal_within_a_bound),
        TEST(who_waits_for_a_renewal_looks_once),
        TEST(what_is_due_waits_for_the_deadlines_behind_it),
    };

    netns_need();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
