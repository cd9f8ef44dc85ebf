/* Snapshots of the running node for the control socket. Nothing here decides or changes anything
 * but through agent_reload(). */
#include "agent/agent_control.h"

#include "agent/agent_handover.h"
#include "agent/agent_recorder.h"
#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/instances/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct status_master master_of(const struct election *e)
{
    return (struct status_master){
        .address = e->master,
        .priority = e->master_priority,
        .is_us = e->state == VRRP_MASTER,
    };
}

/* HOLD_GROUP tells nothing when the router has a reason of its own. */
static uint32_t visible_holds(uint32_t held_by)
{
    uint32_t own = held_by & ~(uint32_t)HOLD_GROUP;

    return own != 0 ? own : held_by;
}

static uint64_t until(uint64_t deadline, uint64_t now)
{
    if (deadline == DEADLINE_NEVER)
        return DEADLINE_NEVER;
    return deadline > now ? deadline - now : 0;
}

static void fill_watch(const struct router_watch *watch, struct status_router *out)
{
    const struct conflict *c = &watch->conflict;

    out->conflict = (struct status_conflict){.active = c->phase != CONFLICT_NONE,
                                             .conflicts = c->conflicts,
                                             .claims = c->claims,
                                             .defences = c->defences,
                                             .defences_suppressed = c->defences_suppressed,
                                             .address = c->address,
                                             .last_ns = watch->last_wall_ns};
    memcpy(out->conflict.mac, c->mac, sizeof(out->conflict.mac));
    if (!out->conflict.active)
        return;
    out->foreign = (struct status_foreign){
        .address = c->address, .count = c->claims, .last_ns = watch->last_wall_ns};
    memcpy(out->foreign.mac, c->mac, sizeof(out->foreign.mac));
}

static void fill_router(const struct router *router, struct status_router *out)
{
    const struct election *e = router_election(router);
    const uint64_t *shared = segment_counters(&router->client);
    uint64_t now = clock_boot_ns();

    *out = (struct status_router){
        .family = router->family,
        .state = e->state,
        .held_by = visible_holds(e->held_by),
        .lingering = election_lingering(e),
        .source = e->source,
        .master = master_of(e),
        .advert_interval_ns = e->learned_interval_ns,
        .master_down_interval_ns = election_master_down_ns(e),
        .skew_time_ns = election_skew_ns(e),
        .last_advert_age_ns =
            e->last_rcvd_at == DEADLINE_NEVER ? DEADLINE_NEVER : now - e->last_rcvd_at,
        .timer_in_ns = until(election_lingering(e) ? e->linger_until : e->timer_at, now),
        .new_master_reason = router->new_master_reason,
        .last_event = router->last_event,
        .up_since_ns = router->up_since_wall_ns,
        .counters = e->counters,
    };
    if (router->watch != NULL)
        fill_watch(router->watch, out);
    out->conflict.mode = router->config->on_conflict;
    memcpy(out->by_warning, router->by_warning, sizeof(out->by_warning));
    for (size_t i = 0; i < PACKET_VERDICTS; i++)
        out->by_verdict[i] = router->by_verdict[i] + (shared != NULL ? shared[i] : 0);
}

static size_t fill_addresses(const struct instance *instance, struct status_address *out)
{
    size_t n = 0;

    for (size_t r = 0; r < instance->router_count; r++) {
        const struct router *router = &instance->routers[r];
        bool holding = router_election(router)->holding;

        for (size_t i = 0; i < router->count; i++, n++) {
            out[n].prefix = router->prefixes[i];
            out[n].held = holding && reconciler_held(instance->node->reconciler, &router->desired,
                                                     &router->prefixes[i]);
        }
    }
    return n;
}

/* The wall clock at a moment of the boot clock. */
static uint64_t wall_of(uint64_t boot_ns)
{
    uint64_t ago = clock_boot_ns() - boot_ns;
    uint64_t now = clock_wall_ns();

    return ago < now ? now - ago : 0;
}

static size_t fill_conflict_warning(const struct router *router, struct status_warning *out)
{
    const struct conflict *c = &router->watch->conflict;
    char address[ADDRESS_TEXT_SIZE];
    char mac[MAC_TEXT_SIZE];

    if (c->phase == CONFLICT_NONE)
        return 0;
    *out = (struct status_warning){.kind = "foreign-holder",
                                   .family = router->family,
                                   .since_ns = wall_of(c->began_at),
                                   .last_ns = router->watch->last_wall_ns,
                                   .count = c->claims,
                                   .has_mac = true};
    memcpy(out->mac, c->mac, sizeof(out->mac));
    snprintf(out->text, sizeof(out->text), "%s is also held by %s, which is not one of us: %s",
             ip_address_format(&c->address, address, sizeof(address)),
             mac_format(c->mac, mac, sizeof(mac)),
             c->phase == CONFLICT_YIELDED ? "the addresses were given up for it" : "defending it");
    return 1;
}

static size_t fill_warnings(const struct instance *instance, struct status_warning *out)
{
    size_t n = 0;

    for (size_t r = 0; r < instance->router_count; r++) {
        const struct router *router = &instance->routers[r];

        if (router->watch == NULL)
            continue;
        n += fill_conflict_warning(router, &out[n]);
        for (size_t i = 0; i < LAN_WARNINGS; i++) {
            const struct lan_warning *w = &router->watch->lan.list[i];

            if (!w->active)
                continue;
            out[n] = (struct status_warning){.kind = lan_warning_name(w->seen.kind),
                                             .family = router->family,
                                             .since_ns = wall_of(w->first_at),
                                             .last_ns = wall_of(w->last_at),
                                             .count = w->count,
                                             .peer = w->seen.peer,
                                             .has_mac = w->seen.has_mac};
            memcpy(out[n].mac, w->seen.mac, sizeof(out[n].mac));
            router_watch_text(router, w, out[n].text, sizeof(out[n].text));
            n++;
        }
    }
    return n;
}

static struct history_entry last_transition(const struct instance *instance)
{
    struct history_entry entry = {
        .at_ns = instance->last_wall_ns,
        .transition = instance->last,
        .state = instance->state,
    };

    snprintf(entry.instance, sizeof(entry.instance), "%s", instance->config->name);
    reason_text(&instance->last, entry.text, sizeof(entry.text));
    return entry;
}

static struct status_drained drained_of(const struct instance *instance)
{
    const struct drained *entry = drains_find(instance->node->drains, instance->config->name);

    if (entry == NULL)
        return (struct status_drained){0};
    return (struct status_drained){.drained = true,
                                   .since_ns = entry->since_wall_ns,
                                   .left_ns = until(entry->until_boot_ns, clock_boot_ns())};
}

static struct status_handover handover_of(const struct instance *instance)
{
    const struct handover *h = &instance->handover;

    return (struct status_handover){.kind = h->kind,
                                    .outcome = h->outcome,
                                    .id = h->id,
                                    .took_ns = h->took_ns,
                                    .peer = h->peer,
                                    .text = h->text};
}

static size_t fill_checks(const struct instance *instance, struct status_check *out)
{
    const struct config_names *track = &instance->config->track;
    struct check_view view;
    size_t n = 0;

    for (size_t i = 0; i < track->count; i++) {
        if (!checks_look(instance->node->checks, track->list[i], &view))
            continue;
        out[n++] = (struct status_check){
            .name = view.config->name,
            .type = view.config->type,
            .verdict = view.state->verdict,
            .weight = view.config->weight,
            .since_ns = view.since_wall_ns,
            .text = view.text,
            .run_ns = view.run_ns,
            .last_ns = view.last_wall_ns,
            .good_results = view.state->good_results,
            .bad_results = view.state->bad_results,
        };
    }
    return n;
}

static struct status_damping damping_of(const struct instance *instance)
{
    const struct damping_params *params = &instance->config->flap_damping;
    uint64_t now = clock_boot_ns();

    return (struct status_damping){
        .configured = params->transitions > 0,
        .withdrawals = damping_recent(&instance->damping, params, now),
        .limit = params->transitions,
        .remaining_ns = damping_remaining(&instance->damping, params, now),
    };
}

static json_t *instance_json(const struct instance *instance, struct status_address *addresses)
{
    char priority[PRIORITY_TEXT_SIZE];
    struct status_check checks[TRACK_MAX * 2];
    const struct config_instance *config = instance->config;
    const struct history_entry last = last_transition(instance);
    struct status_router routers[2];
    struct status_warning warnings[2 * (LAN_WARNINGS + 1)];
    struct status_instance status = {
        .name = config->name,
        .interface = config->interface,
        .vrid = config->vrid,
        .group = config->group != NULL ? config->group->name : NULL,
        .version = config->version,
        .state = instance->state,
        .since_ns = instance->since_wall_ns,
        .base_priority = config->priority,
        .effective_priority = instance->elections[0].params.priority,
        .priority_text = instance_priority_text(instance, priority, sizeof(priority)),
        .checks = checks,
        .check_count = fill_checks(instance, checks),
        .damping = damping_of(instance),
        .preempt = config->preempt,
        .preempt_delay_ns = config->preempt_delay_ns,
        .mac = config->mac,
        .unicast = config->unicast,
        .master = master_of(&instance->elections[0]),
        .addresses = addresses,
        .address_count = fill_addresses(instance, addresses),
        .routers = routers,
        .router_count = instance->router_count,
        .last_transition = instance->last_wall_ns != 0 ? &last : NULL,
        .warnings = warnings,
        .warning_count = fill_warnings(instance, warnings),
        .drained = drained_of(instance),
        .handover = handover_of(instance),
    };

    for (size_t i = 0; i < instance->router_count; i++) {
        fill_router(&instance->routers[i], &routers[i]);
        status.held_by |= instance->elections[i].held_by;
        status.lingering =
            status.lingering || routers[i].lingering || instance->elections[i].offer != OFFER_NONE;
    }
    status.held_by = visible_holds(status.held_by);
    return control_instance_to_json(&status);
}

static json_t *on_instance(void *userdata, size_t index)
{
    const struct agent *agent = userdata;

    if (index >= agent->instance_count)
        return NULL;
    const struct instance *instance = agent->instances[index];
    size_t count = instance->config->ipv4_count + instance->config->ipv6_count;
    struct status_address *addresses = calloc(count, sizeof(*addresses));
    json_t *json = addresses != NULL ? instance_json(instance, addresses) : NULL;

    free(addresses);
    return json;
}

static bool on_find(void *userdata, const char *name, size_t *index)
{
    const struct agent *agent = userdata;

    for (size_t i = 0; i < agent->instance_count; i++) {
        if (strcmp(agent->instances[i]->config->name, name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static json_t *on_node(void *userdata)
{
    const struct agent *agent = userdata;
    const struct config *config = agent->box->config;
    char host[NAME_SIZE] = "";

    if (config->node_name[0] == '\0' && gethostname(host, sizeof(host) - 1) < 0)
        snprintf(host, sizeof(host), "localhost");
    const struct status_node status = {
        .node = config->node_name[0] != '\0' ? config->node_name : host,
        .software = VIPD_VERSION,
        .pid = getpid(),
        .started_at_ns = agent->started_wall_ns,
        .config_files = (const char *const *)config->files,
        .config_file_count = config->file_count,
        .last_reload = {.at_ns = agent->reloaded_wall_ns,
                        .ok = !agent->last_reload_failed,
                        .text = agent->last_reload_failed ? agent->last_reload_problem : NULL},
        .realtime = agent->realtime.fifo,
        .memory_locked = agent->realtime.memory_locked,
        .repairs = reconciler_repairs(agent->node.reconciler),
        .recorder = recorder_status(agent->recorder),
        .instances_total = agent->instance_count,
    };
    return control_status_to_json(&status);
}

static json_t *on_reload(void *userdata)
{
    struct config_problems problems;
    json_t *reply = NULL;

    if (agent_reload(userdata, &problems, &reply) < 0)
        reply = control_error_reload(&problems);
    config_problems_free(&problems);
    return reply;
}

static json_t *on_handover(void *userdata, const struct control_request *request)
{
    return agent_handover_request(userdata, request);
}

int agent_control_open(struct agent *agent)
{
    int r = history_open(&agent->history);

    if (r < 0) {
        log_msg(LOG_ERR, "cannot make the history: %s", strerror(-r));
        return r;
    }
    r = history_file_open(agent->node.event, agent->options.state_dir, HISTORY_FILE_BYTES,
                          agent->history, &agent->history_file);
    if (r < 0) {
        log_msg(LOG_ERR, "cannot keep the history: %s", strerror(-r));
        return r;
    }
    const struct control_handlers handlers = {
        .node = on_node,
        .instance = on_instance,
        .find = on_find,
        .reload = on_reload,
        .handover = on_handover,
        .userdata = agent,
        .history = agent->history,
    };
    return control_server_open(agent->node.event, AGENT_PRIORITY_CONTROL,
                               agent->options.control_path, &handlers, &agent->control);
}

void agent_control_close(struct agent *agent)
{
    control_server_close(agent->control);
    history_file_close(agent->history_file);
    history_close(agent->history);
}

static void add_to_history(struct agent *agent, const struct history_entry *entry)
{
    history_add(agent->history, entry);
    history_file_changed(agent->history_file);
    /* Instances start before anybody can listen, and stop after. */
    if (agent->control != NULL)
        control_server_publish_history(agent->control);
}

void agent_control_event(struct agent *agent, enum history_event event, const char *text)
{
    struct history_entry entry = {
        .event = event,
        .at_ns = clock_wall_ns(),
        .boot_ns = clock_boot_ns(),
    };

    snprintf(entry.text, sizeof(entry.text), "%s", text);
    add_to_history(agent, &entry);
}

void agent_control_transition(struct agent *agent, struct instance *instance,
                              const struct transition *transition)
{
    struct history_entry entry = {
        .at_ns = clock_wall_ns(),
        .boot_ns = clock_boot_ns(),
        .transition = *transition,
        .state = instance->state,
    };

    snprintf(entry.instance, sizeof(entry.instance), "%s", instance->config->name);
    reason_text(transition, entry.text, sizeof(entry.text));
    agent_recorder_transition(agent, instance, &entry);
    add_to_history(agent, &entry);
}

void agent_control_notice(struct agent *agent, const struct instance *instance, const char *notice,
                          const struct evidence *evidence, const char *text)
{
    struct history_entry entry = {
        .event = HISTORY_NOTICE,
        .at_ns = clock_wall_ns(),
        .boot_ns = clock_boot_ns(),
        .transition = {.from = instance->state, .to = instance->state, .evidence = *evidence},
        .state = instance->state,
    };

    snprintf(entry.instance, sizeof(entry.instance), "%s", instance->config->name);
    snprintf(entry.notice, sizeof(entry.notice), "%s", notice);
    snprintf(entry.text, sizeof(entry.text), "%s", text);
    add_to_history(agent, &entry);
}
