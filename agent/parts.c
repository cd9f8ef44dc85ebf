/* The rooms of the node, and who hears of what; see parts.h. */
#include "agent/parts.h"

#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/kernel/mark.h"

#include <errno.h>
#include <string.h>

enum {
    KERNEL_TASKS_MAX = 8, /* a flight of the reconciler, a reading of the links */
    FILES_TASKS_MAX = 16, /* each of those who write has one or two on their way */
    CONFIG_TASKS_MAX = 3, /* a reading, the end of the one before, and memory being given back */
};

/* After a reload that removed much: what it was hands over first. */
#define TRIM_DELAY_NS (15 * NS_PER_SEC)

/* How long the end waits for the kernel. */
#define FINISH_NS (2 * NS_PER_SEC)

/* ---- What instances tell */

static void on_transition(void *userdata, struct instance *instance,
                          const struct transition *transition)
{
    const struct parts *parts = userdata;

    publish_transition(parts->publish, instance, transition);
    registry_avoid_soon(parts->registry);
}

static void on_rival(void *userdata, struct instance *instance, const struct advert *advert)
{
    const struct parts *parts = userdata;

    publish_rival(parts->publish, instance, advert);
}

static void on_changed(void *userdata, struct instance *instance)
{
    const struct parts *parts = userdata;

    publish_instance(parts->publish, instance);
}

static void on_event(void *userdata, struct instance *instance, const char *event,
                     const struct evidence *evidence, const char *text)
{
    const struct parts *parts = userdata;

    chronicle_notice(parts->chronicle, instance, event, evidence, text);
}

static void on_stopped(void *userdata, struct instance *instance)
{
    const struct parts *parts = userdata;

    publish_stopped(parts->publish, instance);
    registry_reap_soon(parts->registry);
}

static void on_claimed(void *userdata, struct instance *instance)
{
    const struct parts *parts = userdata;

    publish_claimed(parts->publish, instance);
    old_connections_go(parts->node.old_connections);
}

static void on_unattached(void *userdata)
{
    const struct parts *parts = userdata;

    attach_failed(parts->attach);
}

static void on_detached(void *userdata)
{
    const struct parts *parts = userdata;

    attach_freed(parts->attach);
}

static bool is_virtual(void *userdata, const struct ip_address *address)
{
    const struct parts *parts = userdata;

    return registry_is_virtual(parts->registry, address);
}

static void on_removed(void *userdata, const char *name, struct instance *successor)
{
    const struct parts *parts = userdata;

    publish_removed(parts->publish, name, successor);
}

static int on_ended(void *userdata)
{
    const struct parts *parts = userdata;

    return publish_finish(parts->publish);
}

/* ---- What the kernel, checks and the recorder tell */

static void on_link(void *userdata, const struct link *link)
{
    const struct parts *parts = userdata;

    recorder_note_link(parts->recorder, link, true);
    registry_refresh_link(parts->registry, link);
    attach_link_changed(parts->attach);
    checks_links_changed(parts->node.checks);
    /* The kernel drops IPv6 addresses when a link goes down. */
    if (link->up)
        reconciler_run(parts->node.reconciler);
    route_keeper_run(parts->node.routes);
}

static void on_link_gone(void *userdata, const struct link *link)
{
    const struct parts *parts = userdata;

    recorder_note_link(parts->recorder, link, false);
    registry_link_gone(parts->registry, link);
    attach_link_changed(parts->attach);
    checks_links_changed(parts->node.checks);
}

static void on_address(void *userdata, const struct observed_address *address, bool present)
{
    const struct parts *parts = userdata;
    const struct link *link = links_by_index(parts->node.links, address->ifindex);

    /* Thousands may go at once, and each would be looked for among thousands. */
    if (!reconciler_runs_soon(parts->node.reconciler) &&
        (!present || reconciler_disturbed(parts->node.reconciler, address)) &&
        registry_is_virtual(parts->registry, &address->prefix.address))
        reconciler_run_soon(parts->node.reconciler);
    /* IPv4 routes of the main table go with the address that is their source; older kernels do not
     * say so. */
    if (!present)
        route_keeper_run(parts->node.routes);
    if (link != NULL && !mark_is_ours(address))
        registry_refresh_link(parts->registry, link);
}

static void on_resync(void *userdata)
{
    const struct parts *parts = userdata;

    log_msg(LOG_NOTICE, "netlink notifications were lost; all links and addresses read again");
    registry_refresh(parts->registry);
    checks_links_changed(parts->node.checks);
    reconciler_run(parts->node.reconciler);
    route_keeper_run(parts->node.routes);
}

static void on_check(void *userdata, const char *name)
{
    const struct parts *parts = userdata;

    registry_check_changed(parts->registry, name);
}

/* What was promised in the history does not exist. */
static void on_recording_failed(void *userdata, const char *path)
{
    const struct parts *parts = userdata;

    chronicle_forget_recording(parts->chronicle, path);
}

static void on_entry(void *userdata)
{
    const struct parts *parts = userdata;

    control_history_changed(parts->control);
}

/* A flood of packets must not keep adverts from going out, nor let a MASTER's lease end. */
static void on_busy(void *userdata)
{
    const struct node *node = &((const struct parts *)userdata)->node;

    deadlines_serve(node->deadlines);
    reconciler_fire_due(node->reconciler);
}

void parts_serve_due(struct parts *parts)
{
    segments_receive(parts->node.segments);
    on_busy(parts);
}

/* ---- Opened from below, closed from above */

/* Its answers are as urgent as the deadlines that wait for them. */
static int open_kernel(struct parts *parts)
{
    const struct worker_options options = {
        .name = "vipd-kernel", .priority = AGENT_PRIORITY_DEADLINES, .tasks_max = KERNEL_TASKS_MAX};
    struct node *node = &parts->node;
    int r = worker_open(node->event, &options, &parts->kernel);

    if (r < 0)
        return r;
    links_use_worker(node->links, parts->kernel);
    r = reconciler_open(node->event, AGENT_PRIORITY_LEASES, node->deadlines, node->links,
                        parts->kernel, &node->reconciler);
    if (r >= 0)
        r = route_keeper_open(node->event, AGENT_PRIORITY_LEASES, node->links, parts->kernel,
                              &node->routes);
    if (r >= 0)
        r = nft_guard_open(node->event, AGENT_PRIORITY_LEASES, parts->kernel, &node->guard);
    return r;
}

static int open_node(struct parts *parts)
{
    struct node *node = &parts->node;
    const struct links_observer observer = {.on_link = on_link,
                                            .on_link_gone = on_link_gone,
                                            .on_address = on_address,
                                            .on_resync = on_resync,
                                            .userdata = parts};
    int r = links_open(node->event, AGENT_PRIORITY_LINKS, &observer, &node->links);

    node->on_transition = on_transition;
    node->on_rival = on_rival;
    node->on_changed = on_changed;
    node->on_event = on_event;
    node->on_stopped = on_stopped;
    node->on_claimed = on_claimed;
    node->on_unattached = on_unattached;
    node->on_detached = on_detached;
    node->is_virtual = is_virtual;
    node->userdata = parts;
    if (r >= 0)
        node->segments = segments_new(node->event, node->links, on_busy, parts);
    if (r >= 0)
        r = node->segments != NULL ? node_open_deadlines(node) : -ENOMEM;
    if (r >= 0)
        r = open_kernel(parts);
    if (r >= 0)
        r = neighbour_io_open(&node->neighbours);
    if (r >= 0)
        r = announce_queue_open(node->event, node->neighbours, &node->announcements);
    if (r >= 0)
        announce_queue_set_pause(node->announcements, parts->facts.box->config->announce_pause_ns);
    if (r >= 0)
        r = virtual_links_open(node->links, &node->virtual_links);
    if (r >= 0)
        r = peer_routes_open(node->event, &node->peer_routes);
    if (r >= 0)
        r = checks_open(node->event, node->links, on_check, parts, &node->checks);
    if (r < 0)
        log_msg(LOG_ERR, "cannot open the node's network sockets: %s", strerror(-r));
    return r;
}

/* If the configuration wants one; the agent works without it. */
static void open_recorder(struct parts *parts)
{
    const struct config *config = parts->facts.box->config;
    const struct recorder_options options = {
        .event = parts->node.event,
        .state_dir = parts->options.state_dir,
        .keep_ns = config->recorder_time_ns,
        .files_max = config->recorder_files,
        .on_failed = on_recording_failed,
        .userdata = parts,
    };

    if (config->recorder)
        (void)recorder_open(&options, &parts->recorder);
    recorder_observe(parts->recorder, parts->node.segments);
}

/* What is kept on disks, what is read from there, and links: none may hold up the loop. All are
 * made before the instances, whose sockets may be more than there are descriptors for. */
static int open_workers(struct parts *parts)
{
    const struct worker_options files = {
        .name = "vipd-files", .priority = AGENT_PRIORITY_STATE, .tasks_max = FILES_TASKS_MAX};
    const struct worker_options config = {
        .name = "vipd-config", .priority = AGENT_PRIORITY_CONTROL, .tasks_max = CONFIG_TASKS_MAX};
    /* There is one task for each interface and each virtual MAC, so no bound of ours is needed. */
    const struct worker_options links = {
        .name = "vipd-links", .priority = AGENT_PRIORITY_LINKS, .tasks_max = SIZE_MAX};
    int r = worker_open(parts->node.event, &files, &parts->files);

    if (r >= 0)
        r = worker_open(parts->node.event, &config, &parts->config);
    if (r >= 0)
        r = worker_open(parts->node.event, &links, &parts->links_worker);
    if (r >= 0)
        r = memory_trim_open(parts->node.event, parts->config, TRIM_DELAY_NS, &parts->trim);
    if (r < 0)
        log_msg(LOG_ERR, "cannot start threads for files and links: %s", strerror(-r));
    return r;
}

static int open_registry(struct parts *parts)
{
    const struct registry_observer observer = {
        .on_added = on_changed, .on_removed = on_removed, .on_ended = on_ended, .userdata = parts};
    int r = registry_open(&parts->node, &observer, &parts->registry);

    if (r >= 0)
        r = attach_open(parts->node.event, parts->registry, &parts->attach);
    if (r >= 0)
        r = registry_open_state(parts->registry, parts->files, parts->options.state_dir,
                                parts->facts.box->config);
    return r;
}

static int open_chronicle(struct parts *parts)
{
    const struct chronicle_options options = {
        .event = parts->node.event,
        .state_dir = parts->options.state_dir,
        .files = parts->files,
        .recorder = parts->recorder,
        .on_entry = on_entry,
        .userdata = parts,
    };

    return chronicle_open(&options, &parts->chronicle);
}

static int open_control(struct parts *parts)
{
    const struct control_options options = {
        .event = parts->node.event,
        .path = parts->options.control_path,
        .sources = {.facts = &parts->facts,
                    .registry = parts->registry,
                    .reconciler = parts->node.reconciler,
                    .recorder = parts->recorder},
        .history = chronicle_history(parts->chronicle),
        .reload = parts->reload,
        .userdata = parts->reload_userdata,
    };

    return control_open(&options, &parts->control);
}

static int open_publish(struct parts *parts)
{
    const struct publish_options options = {
        .event = parts->node.event,
        .registry = parts->registry,
        .chronicle = parts->chronicle,
        .files = parts->files,
        .run_dir = parts->options.run_dir,
        .control_path = parts->options.control_path,
    };

    return publish_open(&options, &parts->publish);
}

int parts_open(struct parts *parts)
{
    int r = sd_event_new(&parts->node.event);

    if (r < 0) {
        log_msg(LOG_ERR, "cannot make an event loop: %s", strerror(-r));
        return r;
    }
    /* Only under a service manager that asks for it; refusal would mean that nobody watches. */
    r = sd_event_set_watchdog(parts->node.event, 1);
    if (r < 0)
        log_msg(LOG_WARNING, "cannot serve the service manager's watchdog: %s", strerror(-r));
    r = open_node(parts);
    if (r >= 0)
        open_recorder(parts);
    if (r >= 0)
        r = open_workers(parts);
    if (r >= 0)
        r = open_registry(parts);
    if (r >= 0)
        r = open_chronicle(parts);
    if (r >= 0)
        r = open_control(parts);
    if (r >= 0)
        r = open_publish(parts);
    return r;
}

void parts_wait_for_nobody(struct parts *parts)
{
    segments_set_worker(parts->node.segments, parts->links_worker);
    virtual_links_set_worker(parts->node.virtual_links, parts->links_worker);
    peer_routes_set_worker(parts->node.peer_routes, parts->links_worker);
    checks_set_worker(parts->node.checks, parts->links_worker);
    parts->node.old_connections = old_connections_new(parts->links_worker);
}

int parts_finish(struct parts *parts)
{
    const struct node *node = &parts->node;
    int r = node->reconciler != NULL ? reconciler_finish(node->reconciler, FINISH_NS) : 0;
    int routes = node->routes != NULL ? route_keeper_finish(node->routes, FINISH_NS) : 0;

    return r < 0 ? r : routes;
}

/* The instances first: they use everything else, and what they leave is closed by the workers. */
void parts_close(struct parts *parts)
{
    struct node *node = &parts->node;

    registry_clear(parts->registry);
    worker_close(parts->links_worker);
    old_connections_free(node->old_connections);
    if (node->checks != NULL)
        checks_set_worker(node->checks, NULL);
    publish_close(parts->publish);
    recorder_close(parts->recorder);
    control_close(parts->control);
    parts->control = NULL;
    chronicle_close(parts->chronicle);
    attach_close(parts->attach);
    registry_close(parts->registry);
    worker_close(parts->files);
    memory_trim_close(parts->trim);
    worker_leave(parts->config); /* nothing is lost with what it reads */
    checks_close(node->checks);
    segments_free(node->segments);
    virtual_links_close(node->virtual_links);
    peer_routes_close(node->peer_routes);
    announce_queue_close(node->announcements);
    neighbour_io_close(node->neighbours);
    (void)parts_finish(parts);
    if (node->guard != NULL)
        (void)nft_guard_finish(node->guard, FINISH_NS);
    worker_close(parts->kernel);
    nft_guard_close(node->guard);
    route_keeper_close(node->routes);
    reconciler_close(node->reconciler);
    links_close(node->links);
    deadlines_close(node->deadlines);
    config_box_unref(parts->facts.box);
    sd_event_unref(node->event);
}
