/* Actions of an election carried out: adverts sent, addresses claimed, announced and released. The
 * order is the election's. */
#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/instances/watch.h"
#include "agent/instances/internal.h"
#include "agent/kernel/virtual_link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    DEFAULT_MTU = 1500,
    ANSWER_POLL_US = 500,
};

/* Some 100 ms were seen on a very busy machine. */
#define ANSWER_WAIT_MAX_NS (250 * NS_PER_MS)

const char *router_name(const struct router *router, char *buffer, size_t size)
{
    const struct instance *instance = router->instance;

    if (instance->router_count == 1)
        snprintf(buffer, size, "%s", instance->config->name);
    else
        snprintf(buffer, size, "%s (%s)", instance->config->name, ip_family_name(router->family));
    return buffer;
}

int router_claim_ifindex(const struct router *router)
{
    return router->instance->config->mac == MAC_VIRTUAL ? router->virtual_ifindex
                                                        : segment_ifindex(&router->client);
}

static int send_to(struct router *router, struct packet_spec *spec,
                   const struct ip_address *destination)
{
    uint8_t buffer[ADVERT_SIZE_MAX + 8];

    spec->destination = *destination;
    size_t size = packet_build(spec, buffer, sizeof(buffer));
    if (router->virtual_io != NULL)
        return advert_io_send(router->virtual_io, &spec->source, destination, buffer, size);
    return segment_send(&router->client, &spec->source, destination, buffer, size);
}

/* A failing send is said once, and once more when it works again: an advert every 10 ms must not
 * fill the journal. */
static void note_send_result(struct router *router, int error)
{
    char name[NAME_SIZE + 16];

    if (error < 0)
        router->send_errors++;
    if (error < 0 && !router->send_failing)
        log_instance(LOG_WARNING, router_name(router, name, sizeof(name)),
                     "cannot send adverts on %s: %s", router->instance->config->interface,
                     strerror(-error));
    else if (error == 0 && router->send_failing)
        log_instance(LOG_NOTICE, router_name(router, name, sizeof(name)),
                     "adverts go out on %s again", router->instance->config->interface);
    router->send_failing = error < 0;
}

static void send_advert(struct router *router, const struct election_action *action)
{
    const struct config_instance *config = router->instance->config;
    const struct election *e = router_election(router);
    const struct link *link =
        links_by_index(router->instance->node->links, segment_ifindex(&router->client));
    struct ip_address group = ip_address_vrrp_group(router->family);
    /* Resigning from an address that has just gone: a courtesy that may fail. */
    bool lost = e->source.family == IP_FAMILY_NONE;
    struct packet_spec spec = {
        .version = config->version,
        .vrid = config->vrid,
        .priority = action->priority,
        .interval_ns = config->advert_interval_ns,
        .checksum_kind = e->checksum_kind,
        .source = lost ? action->source : e->source,
        .addresses = router->prefixes,
        .address_count = router->count,
        .mtu = link != NULL && link->mtu > 0 ? link->mtu : DEFAULT_MTU,
    };
    int result = 0;

    if (!config->unicast) {
        result = send_to(router, &spec, &group);
    } else {
        for (size_t i = 0; i < router->receiver.peer_count; i++) {
            int r = send_to(router, &spec, &router->receiver.peers[i]);
            result = r < 0 ? r : result;
        }
    }
    if (!lost)
        note_send_result(router, result);
}

static void set_virtual_link(struct router *router, bool up)
{
    char name[NAME_SIZE + 16];

    if (router->virtual_ifindex == 0)
        return;
    int r = virtual_link_set_up(router->virtual_ifindex, up);
    if (r < 0 && r != -ENODEV)
        log_instance(LOG_ERR, router_name(router, name, sizeof(name)),
                     "cannot set the virtual MAC's link %s: %s", up ? "up" : "down", strerror(-r));
}

static void claim(struct router *router)
{
    const struct config_instance *config = router->instance->config;
    char name[NAME_SIZE + 16];

    set_virtual_link(router, true);
    int r = reconciler_want(router->instance->node->reconciler, &router->desired,
                            router_claim_ifindex(router), router->prefixes, router->count,
                            config->lease_ns);
    if (r < 0)
        log_instance(LOG_ERR, router_name(router, name, sizeof(name)),
                     "%zu of %zu addresses could not be claimed on %s: %s", router->desired.failed,
                     router->count, config->interface, strerror(-r));
}

static void release(struct router *router)
{
    char name[NAME_SIZE + 16];
    int r = reconciler_want(router->instance->node->reconciler, &router->desired,
                            router_claim_ifindex(router), NULL, 0, 0);

    if (r < 0)
        log_instance(LOG_ERR, router_name(router, name, sizeof(name)),
                     "addresses could not be released on %s: %s",
                     router->instance->config->interface, strerror(-r));
    set_virtual_link(router, false);
}

/* The R flag of an NA tells hosts that we are a router: true only when the kernel forwards there
 * (RFC 4861 7.2.5). */
static bool forwards_ipv6(const char *ifname)
{
    char path[96];
    char digit = '0';

    snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/forwarding", ifname);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, &digit, 1);
    close(fd);
    return n == 1 && digit != '0';
}

void router_announce(struct router *router, const struct ip_prefix *prefixes, size_t count)
{
    const struct config_instance *config = router->instance->config;
    int ifindex = router_claim_ifindex(router);
    const struct link *link = links_by_index(router->instance->node->links, ifindex);
    uint8_t mac[MAC_SIZE];
    char name[NAME_SIZE + 16];

    if (config->mac == MAC_VIRTUAL)
        virtual_mac(router->family, config->vrid, mac);
    else if (link != NULL && link->has_mac)
        memcpy(mac, link->mac, sizeof(mac));
    else
        return; /* no link layer addresses there: nobody to tell */
    const struct announcement announcement = {
        .ifindex = ifindex,
        .ifname = config->interface,
        .mac = mac,
        .prefixes = prefixes,
        .count = count,
        .reply_form = config->announce_reply,
        .router = router->family == IP_FAMILY_IPV6 && forwards_ipv6(config->interface),
    };
    int r = neighbour_io_announce(router->instance->node->neighbours, &announcement);
    if (r < 0)
        log_instance(LOG_WARNING, router_name(router, name, sizeof(name)),
                     "cannot announce the addresses on %s: %s", config->interface, strerror(-r));
}

/* Who holds our addresses beside us need not ever say so by itself: ask with each announcement that
 * is no haste of a takeover. */
static void ask_now_and_then(struct router *router)
{
    const struct election *e = router_election(router);

    if (e->state == VRRP_MASTER && e->announce_done >= e->params.announce_repeat)
        router_ask(router, router->prefixes, router->count);
}

static void note_transition(struct router *router, const struct transition *t)
{
    router->last_event = t->reason;
    if (t->from == VRRP_INIT)
        router->up_since_wall_ns = clock_wall_ns();
    if (t->to == VRRP_INIT)
        router->up_since_wall_ns = 0;
    if (t->to == VRRP_MASTER && t->from != t->to)
        router->new_master_reason = t->reason;
    router_watch_moved(router);
}

static void execute(struct router *router, const struct election_action *action)
{
    switch (action->type) {
    case ACTION_SEND_ADVERT:
        send_advert(router, action);
        break;
    case ACTION_CLAIM:
        claim(router);
        break;
    case ACTION_ANNOUNCE:
        router_announce(router, router->prefixes, router->count);
        ask_now_and_then(router);
        break;
    case ACTION_RELEASE:
        release(router);
        break;
    case ACTION_REPORT:
        note_transition(router, &action->transition);
        break;
    }
}

static void wait_more(struct router *router)
{
    sd_event_source *timer = router->postponed.timer;

    (void)sd_event_source_set_time_relative(timer, ANSWER_POLL_US);
    (void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static void go_on(struct router *router)
{
    struct election_actions *rest = &router->postponed.actions;

    for (size_t i = 0; i < rest->count; i++)
        execute(router, &rest->list[i]);
    rest->count = 0;
}

static int on_postponed(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct router *router = userdata;

    (void)source;
    (void)usec;
    if (router->postponed.actions.count > 0 && clock_boot_ns() < router->postponed.give_up_ns &&
        !reconciler_answers(router->instance->node->reconciler, &router->desired))
        wait_more(router);
    else
        go_on(router);
    return 0;
}

int router_prepare(struct router *router)
{
    struct postponed *postponed = &router->postponed;

    if (router->family != IP_FAMILY_IPV6)
        return 0;
    int r = sd_event_add_time(router->instance->node->event, &postponed->timer, CLOCK_BOOTTIME,
                              UINT64_MAX, 1, on_postponed, router);
    if (r >= 0)
        r = sd_event_source_set_priority(postponed->timer, AGENT_PRIORITY_DEADLINES);
    return r;
}

/* What these actions are about. */
struct summary {
    bool moves;    /* to another state, or off the addresses */
    bool takeover; /* from a master that was not heard any more */
};

static struct summary summarize(const struct election_actions *actions)
{
    struct summary summary = {0};

    for (size_t i = 0; i < actions->count; i++) {
        const struct election_action *action = &actions->list[i];

        if (action->type == ACTION_REPORT || action->type == ACTION_RELEASE)
            summary.moves = true;
        if (action->type == ACTION_REPORT && action->transition.to == VRRP_MASTER &&
            action->transition.reason == REASON_NO_RESPONSE)
            summary.takeover = true;
    }
    return summary;
}

/* An announcement has to wait, and an advert too, which makes others yield; but where nobody is
 * left to yield the other candidates have to hear of us. */
static bool has_to_wait(const struct summary *summary, const struct election_action *action)
{
    return action->type == ACTION_ANNOUNCE ||
           (action->type == ACTION_SEND_ADVERT && !summary->takeover);
}

static void postpone(struct router *router, const struct election_action *action)
{
    struct postponed *postponed = &router->postponed;
    uint64_t limit_ns = 2 * router->instance->config->advert_interval_ns;

    postponed->actions.list[postponed->actions.count++] = *action;
    if (limit_ns > ANSWER_WAIT_MAX_NS)
        limit_ns = ANSWER_WAIT_MAX_NS;
    postponed->give_up_ns = clock_boot_ns() + limit_ns;
    wait_more(router);
}

void router_execute(struct router *router, const struct election_actions *actions)
{
    const struct summary summary = summarize(actions);
    struct election_actions *later = &router->postponed.actions;
    bool wait = later->count > 0 && !summary.moves;
    bool repeats = wait; /* what waits says the same */

    if (!wait)
        later->count = 0;
    for (size_t i = 0; i < actions->count; i++) {
        const struct election_action *action = &actions->list[i];

        if (!wait || !has_to_wait(&summary, action))
            execute(router, action);
        else if (!repeats)
            postpone(router, action);
        if (action->type == ACTION_CLAIM && !repeats && router->postponed.timer != NULL)
            wait = !reconciler_answers(router->instance->node->reconciler, &router->desired);
    }
}
