/* Follows the ways to peers; see peer_routes.h. */
#include "agent/kernel/peer_routes.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/kernel/route_query.h"

#include <assert.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOGETHER_NS (200 * NS_PER_MS) /* what changes within is asked once */
#define AGAIN_NS    (5 * NS_PER_SEC)
#define DOUBT_NS    (500 * NS_PER_MS)

enum { NOTICES_PER_TURN = 256 };

struct peer_route {
    struct peer_routes *owner;
    struct peer_route *next;
    uint64_t id; /* another one after each change of the peers */
    struct ip_address *peers;
    size_t count;
    struct ip_address source4;
    struct ip_address source6;
    bool due;   /* to be asked for */
    bool known; /* it was */
    bool quiet; /* nobody waits for changed() yet */
    int ifindex;
    uint64_t lost_since; /* boot time: no peer has a route; 0: one has */
    bool has_astray;
    struct ip_address astray;
    int astray_ifindex;
    void (*changed)(void *userdata);
    void *userdata;
};

struct peer_routes {
    struct worker_task task; /* the first */
    sd_event *event;
    struct worker *worker; /* NULL: none yet */
    int notices;           /* -1: not opened yet */
    sd_event_source *source;
    sd_event_source *timer;
    uint64_t timer_at;
    struct peer_route *list;
    uint64_t last_id;
    bool failing; /* said so */

    /* The thread's while the task is submitted. */
    struct route_query *queries;
    size_t query_count;
    int result;
};

static void schedule(struct peer_routes *routes, uint64_t at)
{
    if (at >= routes->timer_at)
        return;
    routes->timer_at = at;
    /* Neither can fail for a source that exists. */
    (void)source_set_time(routes->timer, at / NS_PER_US);
    (void)source_set_enabled(routes->timer, SD_EVENT_ONESHOT);
}

static struct peer_route *find(const struct peer_routes *routes, uint64_t id)
{
    struct peer_route *route = routes->list;

    while (route != NULL && route->id != id)
        route = route->next;
    return route;
}

/* ---- What comes of the answers */

/* The link by which the peers are reached: the present one, if any is. 0: none is. */
static int choose(const struct peer_route *route, const struct route_query *answers)
{
    int first = 0;

    for (size_t i = 0; i < route->count; i++) {
        if (answers[i].ifindex != 0 && answers[i].ifindex == route->ifindex)
            return route->ifindex;
        first = first != 0 ? first : answers[i].ifindex;
    }
    return first;
}

/* True while a link that was found is to be kept although no route is there. */
static bool in_doubt(struct peer_route *route, int found)
{
    uint64_t now = clock_boot_ns();

    if (found != 0 || route->ifindex == 0) {
        route->lost_since = 0;
        return false;
    }
    if (route->lost_since == 0)
        route->lost_since = now;
    if (now - route->lost_since >= DOUBT_NS)
        return false;
    schedule(route->owner, route->lost_since + DOUBT_NS);
    return true;
}

static void note_astray(struct peer_route *route, const struct route_query *answers)
{
    route->has_astray = false;
    for (size_t i = 0; i < route->count && !route->has_astray; i++) {
        if (answers[i].ifindex == 0 || answers[i].ifindex == route->ifindex)
            continue;
        route->has_astray = true;
        route->astray = answers[i].to;
        route->astray_ifindex = answers[i].ifindex;
    }
}

static void take(struct peer_route *route, const struct route_query *answers)
{
    const struct peer_route before = *route;
    int found = choose(route, answers);

    if (in_doubt(route, found)) {
        route->due = true;
        return;
    }
    route->known = true;
    route->ifindex = found;
    note_astray(route, answers);
    bool same = before.known && before.ifindex == found && before.has_astray == route->has_astray &&
                before.astray_ifindex == route->astray_ifindex;
    if (!same && !route->quiet)
        route->changed(route->userdata);
}

/* ---- Asking */

static void ask(struct peer_routes *routes);

static void run(struct worker_task *task)
{
    struct peer_routes *routes = (struct peer_routes *)task;

    routes->result = route_query_all(routes->queries, routes->query_count);
}

static void tell_result(struct peer_routes *routes)
{
    if (routes->result < 0 && !routes->failing)
        log_msg(LOG_WARNING, "cannot ask for the routes to unicast peers: %s",
                strerror(-routes->result));
    routes->failing = routes->result < 0;
}

/* Callees may want, change and drop, so each is looked for again. */
static void done(struct worker_task *task)
{
    struct peer_routes *routes = (struct peer_routes *)task;
    struct route_query *queries = routes->queries;
    size_t count = routes->query_count;

    routes->queries = NULL;
    routes->query_count = 0;
    tell_result(routes);
    for (size_t i = 0; i < count;) {
        uint64_t id = queries[i].id;
        struct peer_route *route = find(routes, id);
        size_t first = i;

        while (i < count && queries[i].id == id)
            i++;
        if (route != NULL && routes->result == 0)
            take(route, queries + first);
        else if (route != NULL)
            route->due = true;
    }
    free(queries);
    bool more = false;
    for (struct peer_route *route = routes->list; route != NULL; route = route->next)
        more = more || (route->due && !route->known);
    if (more && routes->result == 0)
        ask(routes);
}

static struct route_query question(const struct peer_route *route, const struct ip_address *peer)
{
    bool ipv4 = peer->family == IP_FAMILY_IPV4;

    return (struct route_query){
        .to = *peer, .from = ipv4 ? route->source4 : route->source6, .id = route->id};
}

/* Asks for those that are due, unless the worker is at it. */
static void ask(struct peer_routes *routes)
{
    size_t count = 0;

    if (routes->task.submitted || routes->queries != NULL)
        return;
    for (const struct peer_route *route = routes->list; route != NULL; route = route->next)
        count += route->due ? route->count : 0;
    if (count == 0)
        return;
    routes->queries = calloc(count, sizeof(*routes->queries));
    if (routes->queries == NULL)
        return; /* the timer comes back to it */
    for (struct peer_route *route = routes->list; route != NULL; route = route->next) {
        for (size_t i = 0; route->due && i < route->count; i++)
            routes->queries[routes->query_count++] = question(route, &route->peers[i]);
        route->due = false;
    }
    worker_run(routes->worker, &routes->task);
}

/* Notices are only counted as such: what changed is asked for. */
static void drain(const struct peer_routes *routes)
{
    char octet;

    for (int i = 0; i < NOTICES_PER_TURN; i++)
        if (recv(routes->notices, &octet, sizeof(octet), MSG_DONTWAIT | MSG_TRUNC) < 0 &&
            errno != ENOBUFS)
            return;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct peer_routes *routes = userdata;

    (void)source;
    (void)usec;
    routes->timer_at = UINT64_MAX;
    if (routes->list == NULL)
        return 0;
    if (routes->source != NULL) {
        drain(routes);
        (void)source_set_enabled(routes->source, SD_EVENT_ON);
    }
    for (struct peer_route *route = routes->list; route != NULL; route = route->next)
        route->due = true;
    ask(routes);
    schedule(routes, clock_boot_ns() + AGAIN_NS);
    return 0;
}

static int on_notice(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)fd;
    (void)revents;
    (void)source_set_enabled(source, SD_EVENT_OFF);
    schedule(userdata, clock_boot_ns() + TOGETHER_NS);
    return 0;
}

/* Without it, there is the timer. */
static int open_notices(struct peer_routes *routes)
{
    static const int groups[] = {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,
                                 RTNLGRP_IPV6_RULE, RTNLGRP_LINK};
    const struct sockaddr_nl local = {.nl_family = AF_NETLINK};
    int r = 0;

    routes->notices = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    /* One that is not bound is sent nothing. */
    if (routes->notices < 0 ||
        bind(routes->notices, (const struct sockaddr *)&local, sizeof(local)) < 0)
        return -errno;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        if (setsockopt(routes->notices, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
                       sizeof(groups[i])) < 0)
            return -errno;
    r = sd_event_add_io(routes->event, &routes->source, routes->notices, EPOLLIN, on_notice,
                        routes);
    return r < 0 ? r : sd_event_source_set_priority(routes->source, AGENT_PRIORITY_LINKS);
}

/* ---- Who wants what */

int peer_routes_open(sd_event *event, struct peer_routes **out)
{
    struct peer_routes *routes = calloc(1, sizeof(*routes));

    *out = NULL;
    if (routes == NULL)
        return -ENOMEM;
    routes->task = (struct worker_task){.run = run, .done = done};
    routes->event = event;
    routes->notices = -1;
    routes->timer_at = UINT64_MAX;
    int r =
        source_add_time(event, &routes->timer, CLOCK_BOOTTIME, UINT64_MAX, 1000, on_timer, routes);
    if (r >= 0)
        r = sd_event_source_set_priority(routes->timer, AGENT_PRIORITY_LINKS);
    if (r >= 0)
        r = source_set_enabled(routes->timer, SD_EVENT_OFF);
    if (r < 0) {
        peer_routes_close(routes);
        return r;
    }
    *out = routes;
    return 0;
}

void peer_routes_close(struct peer_routes *routes)
{
    if (routes == NULL)
        return;
    assert(routes->list == NULL);
    sd_event_source_disable_unref(routes->source);
    sd_event_source_disable_unref(routes->timer);
    if (routes->notices >= 0)
        close(routes->notices);
    /* A thread that hangs has it still. */
    if (routes->task.submitted)
        return;
    free(routes->queries);
    free(routes);
}

void peer_routes_set_worker(struct peer_routes *routes, struct worker *worker)
{
    routes->worker = worker;
}

int peer_route_change(struct peer_route *route, const struct peer_way *way)
{
    struct ip_address *copy = calloc(way->count > 0 ? way->count : 1, sizeof(*copy));

    if (copy == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < way->count; i++)
        copy[i] = way->peers[i];
    free(route->peers);
    route->peers = copy;
    route->count = way->count;
    route->source4 = way->source4;
    route->source6 = way->source6;
    route->id = ++route->owner->last_id;
    route->due = true;
    ask(route->owner);
    return 0;
}

int peer_routes_want(struct peer_routes *routes, const struct peer_way *way,
                     void (*changed)(void *userdata), void *userdata, struct peer_route **out)
{
    struct peer_route *route = calloc(1, sizeof(*route));

    *out = NULL;
    if (route == NULL)
        return -ENOMEM;
    if (routes->notices < 0) {
        int r = open_notices(routes);
        if (r < 0)
            log_msg(LOG_WARNING, "changes of routes are not seen at once: %s", strerror(-r));
    }
    route->owner = routes;
    route->changed = changed;
    route->userdata = userdata;
    route->next = routes->list;
    routes->list = route;
    route->quiet = true;
    int r = peer_route_change(route, way);
    route->quiet = false;
    if (r < 0) {
        peer_routes_drop(route);
        return r;
    }
    schedule(routes, clock_boot_ns() + AGAIN_NS);
    *out = route;
    return 0;
}

void peer_routes_drop(struct peer_route *route)
{
    if (route == NULL)
        return;
    struct peer_route **at = &route->owner->list;
    while (*at != route)
        at = &(*at)->next;
    *at = route->next;
    free(route->peers);
    free(route);
}

int peer_route_ifindex(const struct peer_route *route)
{
    if (!route->known)
        return -EINPROGRESS;
    return route->ifindex != 0 ? route->ifindex : -ENETUNREACH;
}

const struct ip_address *peer_route_astray(const struct peer_route *route, int *ifindex)
{
    *ifindex = route->has_astray ? route->astray_ifindex : 0;
    return route->has_astray ? &route->astray : NULL;
}
