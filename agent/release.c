/* What is left of a dead agent, taken away: the service manager calls it after the agent ended. */
#include "agent/release.h"

#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/instances/actions.h"
#include "agent/instances/instance.h"
#include "agent/instances/link.h"
#include "agent/kernel/mark.h"
#include "agent/kernel/virtual_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Nobody waits for us: the kernel may take its time. */
#define FINISH_NS (10 * NS_PER_SEC)

static void ignore_transition(void *userdata, struct instance *instance,
                              const struct transition *transition)
{
    (void)userdata;
    (void)instance;
    (void)transition;
}

static void ignore_instance(void *userdata, struct instance *instance)
{
    (void)userdata;
    (void)instance;
}

static void ignore_change(void *userdata, struct instance *instance)
{
    (void)userdata;
    (void)instance;
}

static void ignore_news(void *userdata)
{
    (void)userdata;
}

static bool none_is_virtual(void *userdata, const struct ip_address *address)
{
    (void)userdata;
    (void)address;
    return false;
}

/* True when the dead agent held an address of this router. */
static bool was_held(const struct router *router)
{
    for (size_t i = 0; i < router->claim_count; i++) {
        const struct claimed_address *claim = &router->claims[i];
        const struct observed_address *there = links_address(
            router->node->links, router_ifindex_of(router, claim), &claim->prefix.address);

        if (there != NULL && mark_is_ours(there))
            return true;
    }
    return false;
}

/* The peers need not wait for a whole master-down interval. */
static void resign(struct router *router)
{
    const struct election_actions actions = {
        .list = {{.type = ACTION_SEND_ADVERT, .priority = PRIORITY_RESIGN}}, .count = 1};

    if (router_election(router)->source.family != IP_FAMILY_NONE)
        router_execute(router, &actions);
}

struct resigning {
    struct instance *instance;
    bool held[2];
};

static int remove_routes(sd_event *event, struct links *links, struct worker *kernel)
{
    struct route_keeper *routes = NULL;
    int r = route_keeper_open(event, AGENT_PRIORITY_LEASES, links, kernel, &routes);

    if (r >= 0) {
        route_keeper_run(routes);
        r = route_keeper_finish(routes, FINISH_NS);
    }
    /* Done with the event loop, which does not turn. */
    route_keeper_close(routes);
    return r;
}

/* Behind the addresses, like an agent that stops. */
static int remove_guard(sd_event *event, struct worker *kernel)
{
    struct nft_guard *guard = NULL;
    int r = nft_guard_open(event, AGENT_PRIORITY_LEASES, kernel, &guard);

    if (r >= 0)
        r = nft_guard_finish(guard, FINISH_NS);
    nft_guard_close(guard);
    return r;
}

static struct resigning *find_held(struct node *node, struct config_box *box)
{
    size_t count = box->config->instance_count;
    struct resigning *list = calloc(count > 0 ? count : 1, sizeof(*list));

    for (size_t i = 0; list != NULL && i < count; i++) {
        list[i].instance = instance_new(node, box, &box->config->instances[i]);
        if (list[i].instance == NULL)
            continue;
        instance_refresh(list[i].instance);
        for (size_t r = 0; r < list[i].instance->router_count; r++)
            list[i].held[r] = was_held(&list[i].instance->routers[r]);
    }
    return list;
}

static void resign_all(struct resigning *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct instance *instance = list[i].instance;

        for (size_t r = 0; instance != NULL && r < instance->router_count; r++) {
            if (!list[i].held[r])
                continue;
            log_instance(LOG_NOTICE, instance->config->name, "released for an agent that is gone");
            /* Through the interface itself: its virtual link is down or gone by now. */
            router_leave_virtual(&instance->routers[r]);
            resign(&instance->routers[r]);
        }
        instance_free(instance);
    }
}

bool release_is_premature(const char *control_path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    if (strlen(control_path) >= sizeof(to.sun_path))
        return false; /* no vipd could listen there */
    memcpy(to.sun_path, control_path, strlen(control_path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    /* The backlog of one that hangs may be full. A socket that nobody listens at refuses. */
    bool lives = connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 || errno == EAGAIN;
    close(fd);
    return lives;
}

int release_leftovers(struct config_box *box)
{
    const struct links_observer nobody = {0};
    struct node node = {.on_transition = ignore_transition,
                        .on_changed = ignore_change,
                        .on_stopped = ignore_instance,
                        .on_claimed = ignore_instance,
                        .on_unattached = ignore_news,
                        .on_detached = ignore_news,
                        .on_rest = ignore_news,
                        .is_virtual = none_is_virtual};
    const struct deadlines_options deadlines = {.priority = AGENT_PRIORITY_DEADLINES};
    const struct worker_options options = {
        .name = "vipd-kernel", .priority = AGENT_PRIORITY_DEADLINES, .tasks_max = 1};
    struct resigning *held = NULL;
    struct worker *kernel = NULL;
    int r = sd_event_new(&node.event);

    if (r >= 0)
        r = deadlines_open(node.event, &deadlines, &node.deadlines);
    if (r >= 0)
        r = links_open(node.event, AGENT_PRIORITY_LINKS, &nobody, &node.links);
    if (r >= 0)
        r = worker_open(node.event, &options, &kernel);
    if (r >= 0)
        r = reconciler_open(node.event, AGENT_PRIORITY_LEASES, node.deadlines, node.links, kernel,
                            &node.reconciler);
    if (r >= 0)
        r = neighbour_io_open(&node.neighbours);
    if (r >= 0)
        r = virtual_links_open(node.links, &node.virtual_links);
    if (r >= 0)
        r = peer_routes_open(node.event, &node.peer_routes);
    if (r >= 0)
        node.segments = segments_new(node.event, node.links, NULL, NULL);
    if (r >= 0 && node.segments != NULL) {
        if (box != NULL)
            held = find_held(&node, box);
        reconciler_run(node.reconciler);
        r = reconciler_finish(node.reconciler, FINISH_NS);
        if (held != NULL)
            resign_all(held, box->config->instance_count);
        (void)virtual_link_delete_all(node.links);
        int routes = remove_routes(node.event, node.links, kernel);
        int guard = remove_guard(node.event, kernel);
        r = r < 0 ? r : routes < 0 ? routes : guard;
    }
    if (r < 0)
        log_msg(LOG_ERR, "could not release everything: %s", strerror(-r));
    free(held);
    segments_free(node.segments);
    virtual_links_close(node.virtual_links);
    peer_routes_close(node.peer_routes);
    neighbour_io_close(node.neighbours);
    worker_close(kernel);
    reconciler_close(node.reconciler);
    links_close(node.links);
    deadlines_close(node.deadlines);
    sd_event_unref(node.event);
    return r < 0 ? 1 : 0;
}
