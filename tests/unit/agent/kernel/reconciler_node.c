/* Links and a reconciler, wired as the agent does it; see reconciler_node.h. */
#include "tests/unit/agent/kernel/reconciler_node.h"

#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

static void ignore_link(void *userdata, const struct link *link)
{
    (void)userdata;
    (void)link;
}

static void on_address(void *userdata, const struct observed_address *address, bool present)
{
    struct node *node = userdata;

    if (present && address->proto == ADDRESS_MARK_PROTOCOL)
        return;
    node->lost += present ? 0 : 1;
    reconciler_run_soon(node->reconciler);
}

static void on_resync(void *userdata)
{
    struct node *node = userdata;

    reconciler_run(node->reconciler);
}

static void after_deadlines(void *userdata)
{
    struct node *node = userdata;

    node->passes++;
    reconciler_go_along(node->reconciler);
}

static int open_node(void **state, int64_t answers_at)
{
    struct node *node = calloc(1, sizeof(*node));
    const struct links_observer observer = {.on_link = ignore_link,
                                            .on_link_gone = ignore_link,
                                            .on_address = on_address,
                                            .on_resync = on_resync,
                                            .userdata = node};
    const struct worker_options options = {
        .name = "test-kernel", .priority = answers_at, .tasks_max = 8};
    const struct deadlines_options deadlines = {.after = after_deadlines, .userdata = node};

    netns_enter();
    netns_veth("va", "vb");
    assert_non_null(node);
    assert_true(sd_event_new(&node->event) >= 0);
    assert_int_equal(links_open(node->event, 0, &observer, &node->links), 0);
    assert_int_equal(worker_open(node->event, &options, &node->worker), 0);
    links_use_worker(node->links, node->worker);
    assert_int_equal(deadlines_open(node->event, &deadlines, &node->deadlines), 0);
    assert_int_equal(reconciler_open(node->event, 0, node->deadlines, node->links, node->worker,
                                     &node->reconciler),
                     0);
    node->ifindex = netns_ifindex("va");
    *state = node;
    return 0;
}

int node_open(void **state)
{
    return open_node(state, 0);
}

int node_open_late(void **state)
{
    return open_node(state, 10);
}

int node_open_early(void **state)
{
    return open_node(state, -10);
}

int node_close(void **state)
{
    struct node *node = *state;

    worker_close(node->worker);
    reconciler_close(node->reconciler);
    deadlines_close(node->deadlines);
    links_close(node->links);
    sd_event_unref(node->event);
    free(node);
    return 0;
}

static bool look(void *userdata, const struct observed_address *address)
{
    struct search *search = userdata;

    search->count += address->proto == ADDRESS_MARK_PROTOCOL ? 1 : 0;
    if (address->prefix.length == search->prefix.length &&
        ip_address_equal(&address->prefix.address, &search->prefix.address))
        search->found = *address;
    return true;
}

struct search kernel_read(const char *ifname, const char *text)
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

bool kernel_has(const char *ifname, const char *text)
{
    return kernel_read(ifname, text).found.ifindex != 0;
}

bool kernel_has_ours(const char *ifname, const char *text)
{
    return kernel_read(ifname, text).found.proto == ADDRESS_MARK_PROTOCOL;
}

/* Whether the thread may change addresses. */
struct permission {
    struct worker_task task;
    bool yes;
};

static void permit_here(struct worker_task *task)
{
    bool yes = ((struct permission *)task)->yes;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    assert_int_equal(syscall(SYS_capget, &header, data), 0);
    if (yes)
        data[0].effective |= 1u << CAP_NET_ADMIN;
    else
        data[0].effective &= ~(1u << CAP_NET_ADMIN);
    assert_int_equal(syscall(SYS_capset, &header, data), 0);
}

static void ignore_done(struct worker_task *task)
{
    (void)task;
}

void node_permit(struct node *node, bool yes)
{
    struct permission permission = {.task = {.run = permit_here, .done = ignore_done}, .yes = yes};

    assert_true(worker_submit(node->worker, &permission.task));
    assert_true(worker_wait(node->worker, WAIT_MS * NS_PER_MS));
}

int node_run(struct node *node)
{
    reconciler_run(node->reconciler);
    return reconciler_finish(node->reconciler, WAIT_MS * NS_PER_MS);
}

bool node_settled(void *userdata)
{
    return reconciler_settled(userdata);
}

struct repairs_wanted {
    const struct reconciler *reconciler;
    unsigned count;
};

static bool have_repaired(void *userdata)
{
    const struct repairs_wanted *wanted = userdata;

    return reconciler_repairs(wanted->reconciler) >= wanted->count;
}

bool node_repairs(struct node *node, unsigned count)
{
    struct repairs_wanted wanted = {.reconciler = node->reconciler, .count = count};

    if (!netns_run_until(node->event, have_repaired, &wanted, WAIT_MS))
        return false;
    netns_run_for(node->event, QUIET_MS);
    return reconciler_repairs(node->reconciler) == count;
}

struct sight {
    const struct links *links;
    int ifindex;
    struct ip_prefix prefix;
};

static bool is_seen(void *userdata)
{
    const struct sight *sight = userdata;

    return links_prefix(sight->links, sight->ifindex, &sight->prefix) != NULL;
}

bool node_sees(struct node *node, const char *ifname, const char *text)
{
    struct sight sight = {
        .links = node->links, .ifindex = netns_ifindex(ifname), .prefix = prefix_of(text)};

    return netns_run_until(node->event, is_seen, &sight, WAIT_MS);
}

bool kernel_loses(const char *text)
{
    const struct timespec moment = {.tv_nsec = 20 * 1000 * 1000};

    for (int ms = 0; ms < WAIT_MS && kernel_has("va", text); ms += 20)
        (void)nanosleep(&moment, NULL);
    return !kernel_has("va", text);
}

int node_want_on(struct node *node, struct desired_set *set, int ifindex,
                 const struct claimed_address *prefixes, size_t count, uint64_t lease_ns)
{
    reconciler_want(node->reconciler, set, ifindex, prefixes, count, lease_ns);
    int r = reconciler_finish(node->reconciler, WAIT_MS * NS_PER_MS);
    /* The kernel had what the view had not. */
    if (count > 0)
        (void)netns_run_until(node->event, node_settled, set, WAIT_MS);
    return count > 0 ? set->error : r;
}

int node_want(struct node *node, struct desired_set *set, const struct claimed_address *prefixes,
              size_t count, uint64_t lease_ns)
{
    if (set->owner == NULL)
        set->owner = "test";
    return node_want_on(node, set, node->ifindex, prefixes, count, lease_ns);
}
