/* The agent's life: parts opened, instances started, events passed on, everything handed over. */
#include "agent/agent.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/message_ids.h"
#include "agent/base/priorities.h"
#include "agent/control/requests.h"
#include "agent/control/snapshot.h"
#include "agent/instances/attach.h"
#include "agent/kernel/virtual_link.h"
#include "agent/publish/publish.h"
#include "agent/publish/recording.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

struct instance *agent_find(const struct agent *agent, const char *name)
{
    for (size_t i = 0; i < agent->instance_count; i++)
        if (!agent->instances[i]->stopping && strcmp(agent->instances[i]->config->name, name) == 0)
            return agent->instances[i];
    return NULL;
}

/* Unlike the log, sd_notify() may wait: for PID 1, whose watchdog needs our answers anyway. */
void agent_notify_status(const struct agent *agent)
{
    size_t masters = 0;

    for (size_t i = 0; i < agent->instance_count; i++)
        masters += agent->instances[i]->state == VRRP_MASTER;
    sd_notifyf(0, "STATUS=%zu instance%s, MASTER of %zu", agent->instance_count,
               agent->instance_count == 1 ? "" : "s", masters);
}

static void on_transition(void *userdata, struct instance *instance,
                          const struct transition *transition)
{
    struct agent *agent = userdata;

    agent_publish_transition(agent, instance, transition);
    agent_notify_status(agent);
}

static void on_priority(void *userdata, struct instance *instance)
{
    agent_publish_instance(userdata, instance);
}

static void on_event(void *userdata, struct instance *instance, const char *event,
                     const struct evidence *evidence, const char *text)
{
    agent_control_notice(userdata, instance, event, evidence, text);
}

static void on_stopped(void *userdata, struct instance *instance)
{
    struct agent *agent = userdata;

    (void)instance;
    (void)sd_event_source_set_enabled(agent->reaper, SD_EVENT_ONESHOT);
}

static void on_unattached(void *userdata)
{
    agent_attach_failed(userdata);
}

static void on_detached(void *userdata)
{
    agent_attach_freed(userdata);
}

static bool is_virtual(void *userdata, const struct ip_address *address)
{
    const struct agent *agent = userdata;

    for (size_t i = 0; i < agent->instance_count; i++)
        if (instance_has_address(agent->instances[i], address))
            return true;
    return false;
}

/* Room for one more. */
static int grow(struct agent *agent)
{
    size_t count = agent->instance_count + 1;
    struct instance **list = realloc(agent->instances, count * sizeof(struct instance *));

    if (list == NULL)
        return -ENOMEM;
    agent->instances = list;
    return 0;
}

/* The bundle of those of its group that are there already, or NULL. */
static struct bundle *bundle_of_group(const struct agent *agent,
                                      const struct config_instance *config)
{
    for (size_t i = 0; i < agent->instance_count && config->group != NULL; i++) {
        const struct instance *other = agent->instances[i];

        if (!other->stopping && other->config->group != NULL &&
            strcmp(other->config->group->name, config->group->name) == 0)
            return other->bundle;
    }
    return NULL;
}

int agent_add(struct agent *agent, struct config_box *box, const struct config_instance *config)
{
    struct instance *instance = NULL;

    if (grow(agent) == 0)
        instance = instance_new_in(&agent->node, box, config, bundle_of_group(agent, config));
    if (instance == NULL) {
        log_instance(LOG_ERR, config->name, "out of memory, not started");
        return -ENOMEM;
    }
    agent->instances[agent->instance_count++] = instance;
    agent_handover_restore(agent, instance);
    instance_start(instance);
    agent_publish_instance(agent, instance);
    return 0;
}

static void remove_stopped(struct agent *agent, size_t i)
{
    struct instance *instance = agent->instances[i];
    struct config_box *box = instance->next_box;
    const struct config_instance *next = instance->next_config;

    instance->next_box = NULL;
    agent->instances[i] = agent->instances[--agent->instance_count];
    agent_publish_removed(agent, instance->config->name);
    instance_free(instance);
    if (next != NULL && !agent->stopping)
        (void)agent_add(agent, box, next);
    config_box_unref(box);
}

/* Frees what has stopped; starts what waited for it; ends the agent when it was the last. */
static int on_reap(sd_event_source *source, void *userdata)
{
    struct agent *agent = userdata;

    (void)source;
    for (size_t i = agent->instance_count; i-- > 0;)
        if (agent->instances[i]->stopped)
            remove_stopped(agent, i);
    if (agent->stopping && agent->instance_count == 0)
        return agent_publish_finish(agent);
    /* A new instance may have waited for the VRID of an old one. */
    for (size_t i = 0; i < agent->instance_count; i++)
        instance_refresh(agent->instances[i]);
    return 0;
}

static void refresh_link(struct agent *agent, const struct link *link)
{
    for (size_t i = 0; i < agent->instance_count; i++) {
        struct instance *instance = agent->instances[i];

        if (strcmp(instance->config->interface, link->name) == 0 ||
            segment_ifindex(&instance->routers[0].client) == link->ifindex)
            instance_refresh(instance);
    }
}

static void on_link(void *userdata, const struct link *link)
{
    struct agent *agent = userdata;
    bool back = link->up && link->carrier;

    agent_recorder_link(agent, link, true);
    refresh_link(agent, link);
    agent_attach_link_changed(agent);
    checks_links_changed(agent->node.checks);
    /* The kernel drops IPv6 addresses when a link goes down. */
    if (back)
        (void)reconciler_run(agent->node.reconciler);
}

static void on_link_gone(void *userdata, const struct link *link)
{
    struct agent *agent = userdata;

    agent_recorder_link(agent, link, false);
    for (size_t i = 0; i < agent->instance_count; i++)
        instance_link_gone(agent->instances[i], link->ifindex);
    refresh_link(agent, link);
    agent_attach_link_changed(agent);
    checks_links_changed(agent->node.checks);
}

static void on_address(void *userdata, const struct observed_address *address, bool present)
{
    struct agent *agent = userdata;
    const struct link *link = links_by_index(agent->node.links, address->ifindex);

    if (!present && is_virtual(agent, &address->prefix.address))
        reconciler_run_soon(agent->node.reconciler);
    else if (link != NULL && address->proto != VIPD_IFA_PROTO)
        refresh_link(agent, link);
}

static void on_resync(void *userdata)
{
    struct agent *agent = userdata;

    log_msg(LOG_NOTICE, "netlink notifications were lost; all links and addresses read again");
    for (size_t i = 0; i < agent->instance_count; i++)
        instance_refresh(agent->instances[i]);
    checks_links_changed(agent->node.checks);
    (void)reconciler_run(agent->node.reconciler);
}

static void on_check(void *userdata, const char *name)
{
    struct agent *agent = userdata;

    for (size_t i = 0; i < agent->instance_count; i++)
        if (instance_follows(agent->instances[i], name))
            instance_checks_changed(agent->instances[i]);
}

static void fire_due(struct agent *agent)
{
    for (size_t i = 0; i < agent->instance_count; i++)
        instance_fire_due(agent->instances[i]);
    reconciler_fire_due(agent->node.reconciler);
}

void agent_serve_due(struct agent *agent)
{
    segments_receive(agent->node.segments);
    fire_due(agent);
}

/* A flood of packets must not keep adverts from going out, nor let a MASTER's lease end. */
static void on_busy(void *userdata)
{
    fire_due(userdata);
}

static int stop(struct agent *agent)
{
    if (agent->stopping) {
        log_msg(LOG_NOTICE, "told to stop again: releasing at once");
        return sd_event_exit(agent->node.event, 0);
    }
    agent->stopping = true;
    sd_notify(0, "STOPPING=1\nSTATUS=handing over");
    for (size_t i = 0; i < agent->instance_count; i++)
        if (!agent->instances[i]->stopping)
            instance_stop(agent->instances[i]);
    return sd_event_source_set_enabled(agent->reaper, SD_EVENT_ONESHOT);
}

static int on_stop_signal(sd_event_source *source, const struct signalfd_siginfo *info,
                          void *userdata)
{
    (void)source;
    log_msg(LOG_NOTICE, "signal %u: handing over and stopping", info->ssi_signo);
    return stop(userdata);
}

static int on_reload_signal(sd_event_source *source, const struct signalfd_siginfo *info,
                            void *userdata)
{
    struct config_problems problems;

    (void)source;
    (void)info;
    (void)agent_reload(userdata, &problems, NULL);
    config_problems_free(&problems);
    return 0;
}

/* After whatever the loop has done: a log that was stuck may go again. */
static int on_turn(sd_event_source *source, void *userdata)
{
    (void)source;
    (void)userdata;
    log_retry(clock_boot_ns());
    return 0;
}

static int open_signals(struct agent *agent)
{
    sd_event *event = agent->node.event;
    int r = sd_event_add_signal(event, NULL, SIGTERM, on_stop_signal, agent);

    if (r >= 0)
        r = sd_event_add_signal(event, NULL, SIGINT, on_stop_signal, agent);
    if (r >= 0)
        r = sd_event_add_signal(event, NULL, SIGHUP, on_reload_signal, agent);
    return r;
}

static int open_parts(struct agent *agent)
{
    struct node *node = &agent->node;
    const struct links_observer observer = {.on_link = on_link,
                                            .on_link_gone = on_link_gone,
                                            .on_address = on_address,
                                            .on_resync = on_resync,
                                            .userdata = agent};
    int r = links_open(node->event, AGENT_PRIORITY_LINKS, &observer, &node->links);

    if (r >= 0)
        r = reconciler_open(node->event, AGENT_PRIORITY_LEASES, node->links, &node->reconciler);
    if (r >= 0)
        r = neighbour_io_open(&node->neighbours);
    if (r >= 0)
        r = checks_open(node->event, node->links, on_check, agent, &node->checks);
    if (r < 0) {
        log_msg(LOG_ERR, "cannot open the node's network sockets: %s", strerror(-r));
        return r;
    }
    node->segments = segments_new(node->event, node->links, on_busy, agent);
    if (node->segments == NULL)
        return -ENOMEM;
    agent_recorder_open(agent);
    r = agent_attach_open(agent);
    if (r >= 0)
        r = agent_handover_open(agent);
    if (r >= 0)
        r = agent_control_open(agent);
    if (r >= 0)
        r = agent_publish_open(agent);
    if (r >= 0)
        r = open_signals(agent);
    if (r >= 0)
        r = sd_event_add_post(node->event, NULL, on_turn, agent);
    if (r >= 0)
        r = sd_event_add_defer(node->event, &agent->reaper, on_reap, agent);
    if (r >= 0)
        r = sd_event_source_set_enabled(agent->reaper, SD_EVENT_OFF);
    return r;
}

static void close_parts(struct agent *agent)
{
    struct node *node = &agent->node;

    while (agent->instance_count > 0)
        instance_free(agent->instances[--agent->instance_count]);
    free(agent->instances);
    agent_publish_close(agent);
    agent_recorder_close(agent);
    agent_control_close(agent);
    drains_close(agent->node.drains);
    sd_event_source_disable_unref(agent->reaper);
    agent_attach_close(agent);
    checks_close(node->checks);
    segments_free(node->segments);
    neighbour_io_close(node->neighbours);
    reconciler_close(node->reconciler);
    links_close(node->links);
    config_box_unref(agent->box);
    sd_event_unref(node->event);
}

/* What a predecessor left behind (it was killed, and its leases have not run out yet). */
static void clear_leftovers(struct agent *agent)
{
    int links = virtual_link_delete_all(agent->node.links);

    if (links > 0)
        log_msg(LOG_NOTICE, "%d virtual MAC links of a predecessor removed", links);
    (void)reconciler_run(agent->node.reconciler);
}

/* A run that was ended from outside has not recorded its end. */
static void record_start(struct agent *agent)
{
    const struct history_entry *last = history_last(agent->history, NULL);
    bool broken = last != NULL && last->event != HISTORY_STOPPED;

    agent_control_event(agent, HISTORY_STARTED,
                        broken ? "vipd " VIPD_VERSION " started; the run before it was ended "
                                 "without a hand-over"
                               : "vipd " VIPD_VERSION " started");
}

static int start(struct agent *agent)
{
    const struct config *config = agent->box->config;

    record_start(agent);
    clear_leftovers(agent);
    if (checks_apply(agent->node.checks, config, true) < 0)
        log_msg(LOG_ERR, "not all checks could be started");
    for (size_t i = 0; i < config->instance_count; i++) {
        int r = agent_add(agent, agent->box, &config->instances[i]);
        if (r < 0)
            return r;
    }
    if (config->instance_count == 0)
        log_msg(LOG_NOTICE, "no instance is configured in %s: nothing to do until a reload",
                agent->options.config_file);
    if (config->realtime)
        realtime_enable(&agent->realtime);
    log_event(LOG_NOTICE, MESSAGE_ID_STARTED, NULL,
              "vipd " VIPD_VERSION " started with %zu instance%s", config->instance_count,
              config->instance_count == 1 ? "" : "s");
    sd_notify(0, "READY=1");
    agent_notify_status(agent);
    return 0;
}

int agent_run(const struct agent_options *options, struct config_box *box)
{
    struct agent agent = {.options = *options, .started_wall_ns = clock_wall_ns()};
    int code = 1;
    int r;

    agent.box = config_box_ref(box);
    agent.node.on_transition = on_transition;
    agent.node.on_priority = on_priority;
    agent.node.on_event = on_event;
    agent.node.on_stopped = on_stopped;
    agent.node.on_unattached = on_unattached;
    agent.node.on_detached = on_detached;
    agent.node.is_virtual = is_virtual;
    agent.node.userdata = &agent;
    r = sd_event_new(&agent.node.event);
    if (r < 0) {
        log_msg(LOG_ERR, "cannot make an event loop: %s", strerror(-r));
        goto out;
    }
    /* Only under a service manager that asks for it; refusal would mean that nobody watches. */
    r = sd_event_set_watchdog(agent.node.event, 1);
    if (r < 0)
        log_msg(LOG_WARNING, "cannot serve the service manager's watchdog: %s", strerror(-r));
    if (open_parts(&agent) < 0 || start(&agent) < 0)
        goto out;
    r = sd_event_loop(agent.node.event);
    if (r < 0)
        log_msg(LOG_ERR, "the event loop failed: %s", strerror(-r));
    code = r < 0 ? 1 : r;
    if (r == 0) {
        log_event(LOG_NOTICE, MESSAGE_ID_STOPPED, NULL, "vipd " VIPD_VERSION " stopped");
        agent_control_event(&agent, HISTORY_STOPPED, "vipd " VIPD_VERSION " stopped");
    }
out:
    close_parts(&agent);
    return code;
}
