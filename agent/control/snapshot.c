/* Snapshots of the running node and its instances; see snapshot.h. */
#include "agent/control/snapshot.h"

#include "agent/base/clock.h"
#include "agent/control/snapshot_router.h"
#include "agent/control/snapshot_routes.h"
#include "agent/instances/counts.h"
#include "agent/instances/devices.h"
#include "agent/instances/preparation.h"
#include "agent/instances/strangers.h"
#include "agent/publish/hook_environment.h"
#include "lib/control/status_pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *device_name(const struct router *router, const struct claimed_address *claim)
{
    const struct link *link = links_by_index(router->node->links, router_ifindex_of(router, claim));

    if (claim->device[0] != '\0')
        return claim->device;
    return link != NULL ? link->name : NULL;
}

static size_t fill_addresses(const struct instance *instance, struct status_address *out)
{
    static const char *const owners[] = {
        [ADDRESS_NOBODYS] = NULL, [ADDRESS_OURS] = "vipd", [ADDRESS_OTHERS] = "other"};
    size_t n = 0;

    for (size_t r = 0; r < instance->router_count; r++) {
        const struct router *router = &instance->routers[r];
        for (size_t i = 0; i < router->claim_count; i++, n++) {
            const struct claimed_address *claim = &router->claims[i];

            out[n].prefix = claim->prefix;
            out[n].owner = owners[router_owner(router, claim)];
            out[n].held = out[n].owner != NULL;
            out[n].listed = !claim->extra;
            out[n].device = device_name(router, claim);
            out[n].label = claim->label[0] != '\0' ? claim->label : NULL;
            out[n].scope = claim->scope;
            out[n].has_scope = claim->has_scope;
            out[n].waits = out[n].held ? NULL : router_waits_for(router, claim);
        }
    }
    return n;
}

static struct history_entry last_transition(const struct instance *instance)
{
    struct history_entry entry = {
        .at_ns = instance->last_wall_ns,
        .transition = last_transition_get(&instance->last),
        .state = instance->state,
    };

    snprintf(entry.instance, sizeof(entry.instance), "%s", instance->config->name);
    reason_text(&entry.transition, entry.text, sizeof(entry.text));
    return entry;
}

static struct status_drained drained_of(const struct instance *instance)
{
    const struct drained *entry = drains_find(instance->node->drains, instance->config->name);

    if (entry == NULL)
        return (struct status_drained){0};
    return (struct status_drained){.drained = true,
                                   .since_ns = entry->since_wall_ns,
                                   .asked = entry->asker.known,
                                   .uid = entry->asker.uid,
                                   .left_ns = snapshot_left(entry->until_boot_ns, clock_boot_ns())};
}

static struct status_handover handover_of(const struct instance *instance)
{
    const struct handover *h = instance->handover;

    if (h == NULL)
        return (struct status_handover){.text = ""};
    return (struct status_handover){.kind = h->kind,
                                    .outcome = handover_outcome(h),
                                    .id = h->id,
                                    .took_ns = h->took_ns,
                                    .peer = h->peer,
                                    .text = handover_text(h)};
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
        .withdrawals = damping_recent(instance->damping, params, now),
        .limit = params->transitions,
        .remaining_ns = damping_remaining(instance->damping, params, now),
    };
}

static size_t fill_hooks(const struct instance *instance, struct status_hook *out)
{
    size_t n = 0;

    for (size_t i = 0; instance->hook_results != NULL && i < HOOKS; i++) {
        const struct hook_result *result = &instance->hook_results[i];

        if (result->at_wall_ns == 0 || instance->config->hooks[i] == NULL)
            continue;
        out[n++] = (struct status_hook){.name = hook_name((enum hook)i),
                                        .at_ns = result->at_wall_ns,
                                        .ok = result->good,
                                        .status = result->status,
                                        .text = result->text};
    }
    return n;
}

static struct status_waiting waiting_of(const struct instance *instance, char *name, size_t size)
{
    struct status_waiting waiting = {0};
    uint64_t now = clock_boot_ns();

    for (size_t i = 0; i < instance->router_count; i++) {
        const struct election *e = &instance->elections[i];

        if (!election_preparing(e))
            continue;
        waiting.command = instance_preparation_name(instance, name, size);
        waiting.release = waiting.release || e->preparation == PREPARATION_AWAITED;
        waiting.for_ns = now - e->prepare_began;
        waiting.limit_ns = e->prepare_until - e->prepare_began;
    }
    return waiting;
}

static size_t fill_hook_counts(const struct instance *instance, struct status_hook_count *out)
{
    const struct instance_deeds *deeds = instance_deeds(instance);
    size_t n = 0;

    for (size_t i = 0; i < HOOKS; i++)
        if (instance->config->hooks[i] != NULL)
            out[n++] = (struct status_hook_count){.name = hook_name((enum hook)i),
                                                  .runs = deeds->hook_runs[i],
                                                  .failures = deeds->hook_failures[i]};
    return n;
}

/* What is to be done with a snapshot while all that it points to is there. */
struct use {
    json_t *json; /* written, */
    void *room;   /* or packed into this; NULL: written */
    size_t size;
    size_t packed;
};

static void put_to_use(const struct status_instance *status, struct use *use)
{
    if (use->room == NULL)
        use->json = control_instance_to_json(status);
    else
        use->packed = control_instance_pack(status, use->room, use->size);
}

static void use_parts(const struct instance *instance, struct status_address *addresses,
                      struct status_route *routes, struct use *use)
{
    char priority[PRIORITY_TEXT_SIZE];
    char command[NAME_SIZE + 16];
    struct status_check checks[TRACK_MAX * 2];
    const struct config_instance *config = instance->config;
    const struct history_entry last = last_transition(instance);
    struct status_router routers[2];
    struct status_hook hooks[HOOKS];
    struct status_hook_count hook_counts[HOOKS];
    struct status_warning warnings[SNAPSHOT_WARNINGS_MAX];
    uint32_t transitions[REASONS];
    struct status_instance status = {
        .name = config->name,
        .interface = instance->interface,
        .vrid = config->vrid,
        .group = config->group != NULL ? config->group->name : NULL,
        .version = config->version,
        .state = instance->state,
        .since_ns = instance->since_wall_ns,
        .waiting = waiting_of(instance, command, sizeof(command)),
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
        .accept = config->accept || config->priority == PRIORITY_OWNER,
        .master = snapshot_master(&instance->routers[0]),
        .addresses = addresses,
        .address_count = fill_addresses(instance, addresses),
        .routes = routes,
        .route_count = config->route_count,
        .rules = routes + config->route_count,
        .rule_count = config->rule_count,
        .routers = routers,
        .router_count = instance->router_count,
        .last_transition = instance->last_wall_ns != 0 ? &last : NULL,
        .warnings = warnings,
        .warning_count = snapshot_warnings(instance, warnings),
        .drained = drained_of(instance),
        .handover = handover_of(instance),
        .hooks = hooks,
        .hook_count = fill_hooks(instance, hooks),
        .transitions = transitions,
        .gaps = &instance_deeds(instance)->gaps,
        .hook_counts = hook_counts,
        .hook_count_count = fill_hook_counts(instance, hook_counts),
    };

    instance_transitions(instance, transitions);
    for (size_t i = 0; i < instance->router_count; i++) {
        snapshot_router(&instance->routers[i], &routers[i]);
        status.held_by |= instance->elections[i].held_by;
        status.lingering =
            status.lingering || routers[i].lingering || instance->elections[i].offer != OFFER_NONE;
    }
    status.held_by = snapshot_holds(status.held_by);
    put_to_use(&status, use);
}

static void use_snapshot(const struct instance *instance, struct use *use)
{
    size_t count = instance->config->claim_count;
    struct status_address *addresses = calloc(count > 0 ? count : 1, sizeof(*addresses));
    size_t route_count = instance->config->route_count + instance->config->rule_count;
    struct status_route *routes = calloc(route_count + 1, sizeof(*routes));

    if (addresses != NULL && routes != NULL) {
        snapshot_routes(instance, routes);
        use_parts(instance, addresses, routes, use);
    }
    free(addresses);
    free(routes);
}

json_t *snapshot_instance(const struct instance *instance)
{
    struct use use = {0};

    use_snapshot(instance, &use);
    return use.json;
}

size_t snapshot_pack(const struct instance *instance, void *room, size_t size)
{
    struct use use = {.room = room, .size = size};

    use_snapshot(instance, &use);
    return use.packed;
}

json_t *snapshot_node(const struct snapshot_sources *sources)
{
    const struct snapshot_facts *facts = sources->facts;
    const struct config *config = facts->box->config;
    char host[NAME_SIZE] = "";

    if (config->node_name[0] == '\0' && gethostname(host, sizeof(host) - 1) < 0)
        snprintf(host, sizeof(host), "localhost");
    const struct status_node status = {
        .node = config->node_name[0] != '\0' ? config->node_name : host,
        .software = VIPD_VERSION,
        .pid = getpid(),
        .started_at_ns = facts->started_wall_ns,
        .config_files = (const char *const *)config->files,
        .config_file_count = config->file_count,
        .last_reload = {.at_ns = facts->reloaded_wall_ns,
                        .ok = !facts->reload_failed,
                        .text = facts->reload_failed ? facts->reload_problem : NULL},
        .realtime = facts->realtime.fifo,
        .memory_locked = facts->realtime.memory_locked,
        .repairs = reconciler_repairs(sources->reconciler),
        .recorder = recorder_status(sources->recorder),
        .instances_total = registry_count(sources->registry),
    };
    return control_status_to_json(&status);
}
