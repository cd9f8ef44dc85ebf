/* The agent's life: everything opened, instances started, told to reload, told to stop. */
#include "agent/agent.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/message_ids.h"
#include "agent/base/namespace_lock.h"
#include "agent/base/privileges.h"
#include "agent/base/source.h"
#include "agent/base/turns.h"
#include "agent/kernel/virtual_link.h"
#include "agent/parts.h"
#include "agent/reload.h"
#include "agent/trim.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { LOG_RETRY_US = 1000 * 1000 };

/* What signals are about. */
struct life {
    struct parts parts;
    struct reload *reload;      /* NULL: not opened yet */
    sd_event_source *log_retry; /* off, but while messages are lost */
};

static void on_reload_request(void *userdata, const struct control_request *request,
                              struct control_later *later)
{
    const struct life *life = userdata;

    if (!request->dry_run)
        reload_ask(life->reload, request->force, later);
    else if (later != NULL)
        reload_ask_dry(life->reload, request->force, later);
}

static int on_reload_signal(sd_event_source *source, const struct signalfd_siginfo *info,
                            void *userdata)
{
    const struct life *life = userdata;

    (void)source;
    (void)info;
    reload_ask(life->reload, false, NULL);
    return 0;
}

static int on_stop_signal(sd_event_source *source, const struct signalfd_siginfo *info,
                          void *userdata)
{
    const struct life *life = userdata;
    const struct parts *parts = &life->parts;

    (void)source;
    log_msg(LOG_NOTICE, "signal %u: handing over and stopping", info->ssi_signo);
    if (registry_stopping(parts->registry)) {
        log_msg(LOG_NOTICE, "told to stop again: releasing at once");
        return source_exit(parts->node.event, 0);
    }
    sd_notify(0, "STOPPING=1\nSTATUS=handing over");
    registry_stop_all(parts->registry);
    return 0;
}

/* A log that was stuck may go again. */
static int on_log_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)usec;
    (void)userdata;
    if (!log_retry(clock_boot_ns()))
        return 0;
    (void)source_set_time_relative(source, LOG_RETRY_US);
    return source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Nobody is called now and then for what hardly ever happens. */
static void on_log_lost(void *userdata)
{
    const struct life *life = userdata;

    (void)source_set_time_relative(life->log_retry, LOG_RETRY_US);
    (void)source_set_enabled(life->log_retry, SD_EVENT_ONESHOT);
}

static int open_log_retry(struct life *life)
{
    int r = source_add_time(life->parts.node.event, &life->log_retry, CLOCK_BOOTTIME, UINT64_MAX,
                            LOG_RETRY_US / 10, on_log_retry, NULL);

    if (r >= 0)
        r = source_set_enabled(life->log_retry, SD_EVENT_OFF);
    if (r >= 0)
        log_on_lost(on_log_lost, life);
    return r;
}

static int open_signals(struct life *life)
{
    sd_event *event = life->parts.node.event;
    int r = sd_event_add_signal(event, NULL, SIGTERM, on_stop_signal, life);

    if (r >= 0)
        r = sd_event_add_signal(event, NULL, SIGINT, on_stop_signal, life);
    if (r >= 0)
        r = sd_event_add_signal(event, NULL, SIGHUP, on_reload_signal, life);
    if (r >= 0)
        r = open_log_retry(life);
    return r;
}

/* What a predecessor left behind (it was killed, and its leases have not run out yet). */
static void clear_leftovers(struct parts *parts)
{
    int links = virtual_link_delete_all(parts->node.links);

    if (links > 0)
        log_msg(LOG_NOTICE, "%d virtual MAC links of a predecessor removed", links);
    reconciler_run(parts->node.reconciler);
    route_keeper_run(parts->node.routes);
    nft_guard_run(parts->node.guard);
    int r = parts_finish(parts);
    if (r < 0)
        log_msg(LOG_WARNING, "what a predecessor left could not be removed yet: %s", strerror(-r));
}

/* A run that was ended from outside has not recorded its end. */
static void record_start(struct parts *parts)
{
    const struct history_entry *last = history_last(chronicle_history(parts->chronicle), NULL);
    bool broken = last != NULL && last->event != HISTORY_STOPPED;

    chronicle_event(parts->chronicle, HISTORY_STARTED,
                    broken ? "vipd " VIPD_VERSION " started; the run before it was ended "
                             "without a hand-over"
                           : "vipd " VIPD_VERSION " started");
}

static void be_punctual(struct parts *parts)
{
    realtime_enable(&parts->facts.realtime);
    int r = parts->facts.realtime.fifo
                ? worker_set_realtime(parts->kernel, REALTIME_PRIORITY_WORKER)
                : 0;
    privileges_settle();
    if (r < 0)
        log_msg(LOG_NOTICE, "no real-time scheduling for writing to the kernel: %s", strerror(-r));
}

static int start(struct parts *parts)
{
    struct config_box *box = parts->facts.box;
    const struct config *config = box->config;

    record_start(parts);
    clear_leftovers(parts);
    if (checks_apply(parts->node.checks, config, box->hook_users, true, NULL) < 0)
        log_msg(LOG_ERR, "not all checks could be started");
    for (size_t i = 0; i < config->instance_count; i++) {
        int r = registry_add(parts->registry, box, &config->instances[i]);
        if (r < 0)
            return r;
    }
    if (config->instance_count == 0)
        log_msg(LOG_NOTICE, "no instance is configured in %s: nothing to do until a reload",
                parts->options.config_file);
    parts_wait_for_nobody(parts);
    if (config->realtime)
        be_punctual(parts);
    log_event(LOG_NOTICE, MESSAGE_ID_STARTED, NULL,
              "vipd " VIPD_VERSION " started with %zu instance%s", config->instance_count,
              config->instance_count == 1 ? "" : "s");
    sd_notify(0, "READY=1");
    publish_status(parts->publish);
    return 0;
}

/* Until it is told to stop, and has. */
static int turn(struct parts *parts)
{
    int r = turns_loop(parts->node.event);

    if (r < 0)
        log_msg(LOG_ERR, "the event loop failed: %s", strerror(-r));
    /* Whoever reads that we have stopped finds no address of ours. */
    registry_clear(parts->registry);
    int left = parts_finish(parts);
    if (left < 0)
        log_msg(LOG_ERR, "not all addresses could be released: %s", strerror(-left));
    if (left < 0 && r == 0)
        return 1;
    if (r == 0) {
        log_event(LOG_NOTICE, MESSAGE_ID_STOPPED, NULL, "vipd " VIPD_VERSION " stopped");
        chronicle_event(parts->chronicle, HISTORY_STOPPED, "vipd " VIPD_VERSION " stopped");
    }
    return r < 0 ? 1 : r;
}

/* Before anything is touched. */
static int lock_namespace(int *lock)
{
    pid_t holder = 0;
    int r = namespace_lock_take(lock, &holder);

    if (r == -EEXIST)
        log_msg(LOG_ERR,
                "another vipd runs in this network namespace (process %d), and would lose its "
                "addresses to this one: stop it, or give it this configuration as well",
                (int)holder);
    return r;
}

int agent_run(const struct agent_options *options, struct config_box *box)
{
    struct life life = {
        .parts = {.options = *options,
                  .facts = {.box = config_box_ref(box), .started_wall_ns = clock_wall_ns()},
                  .reload = on_reload_request,
                  .reload_userdata = &life},
    };
    struct parts *parts = &life.parts;
    int code = 1;
    int lock = -1;

    if (lock_namespace(&lock) < 0) {
        config_box_unref(parts->facts.box);
        return code;
    }
    parts->node.on_rest = trim_on_rest;
    if (parts_open(parts) >= 0 && reload_open(parts, &life.reload) >= 0 &&
        open_signals(&life) >= 0 && start(parts) >= 0)
        code = turn(parts);
    log_on_lost(NULL, NULL);
    sd_event_source_disable_unref(life.log_retry);
    reload_close(life.reload);
    parts_close(parts);
    if (lock >= 0)
        close(lock);
    return code;
}
