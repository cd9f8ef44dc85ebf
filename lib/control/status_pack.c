/* A deep copy into one piece; see status_pack.h. Every pointer of struct status_instance is here.
 */
#include "lib/control/status_pack.h"

#include <string.h>

struct room {
    char *begin;
    size_t used;
    size_t size;
    bool full;
};

static size_t aligned(size_t size)
{
    return (size + STATUS_PACK_ALIGNMENT - 1) / STATUS_PACK_ALIGNMENT * STATUS_PACK_ALIGNMENT;
}

/* NULL of nothing, and when it is full. */
static void *copy(struct room *room, const void *from, size_t size)
{
    if (from == NULL || size == 0)
        return NULL;
    if (room->full || size > room->size - room->used || aligned(size) > room->size - room->used) {
        room->full = true;
        return NULL;
    }
    void *to = room->begin + room->used;
    memcpy(to, from, size);
    room->used += aligned(size);
    return to;
}

static const char *copy_text(struct room *room, const char *text)
{
    return text != NULL ? copy(room, text, strlen(text) + 1) : NULL;
}

static void pack_addresses(struct room *room, struct status_instance *to)
{
    struct status_address *list =
        copy(room, to->addresses, to->address_count * sizeof(*to->addresses));

    for (size_t i = 0; list != NULL && i < to->address_count; i++) {
        list[i].owner = copy_text(room, list[i].owner);
        list[i].device = copy_text(room, list[i].device);
        list[i].label = copy_text(room, list[i].label);
        list[i].waits = copy_text(room, list[i].waits);
    }
    to->addresses = list;
}

static const struct status_route *pack_routes(struct room *room, const struct status_route *from,
                                              size_t count)
{
    struct status_route *list = copy(room, from, count * sizeof(*from));

    for (size_t i = 0; list != NULL && i < count; i++) {
        list[i].owner = copy_text(room, list[i].owner);
        list[i].problem = copy_text(room, list[i].problem);
    }
    return list;
}

static void pack_checks(struct room *room, struct status_instance *to)
{
    struct status_check *list = copy(room, to->checks, to->check_count * sizeof(*to->checks));

    for (size_t i = 0; list != NULL && i < to->check_count; i++) {
        list[i].name = copy_text(room, list[i].name);
        list[i].text = copy_text(room, list[i].text);
    }
    to->checks = list;
}

static void pack_warnings(struct room *room, struct status_instance *to)
{
    struct status_warning *list =
        copy(room, to->warnings, to->warning_count * sizeof(*to->warnings));

    for (size_t i = 0; list != NULL && i < to->warning_count; i++) {
        list[i].kind = copy_text(room, list[i].kind);
        list[i].drop = copy_text(room, list[i].drop);
    }
    to->warnings = list;
}

static void pack_hooks(struct room *room, struct status_instance *to)
{
    struct status_hook *list = copy(room, to->hooks, to->hook_count * sizeof(*to->hooks));
    struct status_hook_count *counts =
        copy(room, to->hook_counts, to->hook_count_count * sizeof(*to->hook_counts));

    for (size_t i = 0; list != NULL && i < to->hook_count; i++) {
        list[i].name = copy_text(room, list[i].name);
        list[i].text = copy_text(room, list[i].text);
    }
    for (size_t i = 0; counts != NULL && i < to->hook_count_count; i++)
        counts[i].name = copy_text(room, counts[i].name);
    to->hooks = list;
    to->hook_counts = counts;
}

/* False: it is authenticated. */
static bool pack_routers(struct room *room, struct status_instance *to)
{
    struct status_router *list = copy(room, to->routers, to->router_count * sizeof(*to->routers));

    for (size_t i = 0; list != NULL && i < to->router_count; i++) {
        if (list[i].auth_policy != NULL && list[i].auth_policy->keys != NULL)
            return false;
        list[i].auth_policy = NULL;
        list[i].auth_peers = NULL;
    }
    to->routers = list;
    return true;
}

size_t control_instance_pack(const struct status_instance *instance, void *out, size_t size)
{
    struct room room = {.begin = out, .size = size};
    struct status_instance *to = copy(&room, instance, sizeof(*instance));

    if (to == NULL || !pack_routers(&room, to))
        return 0;
    to->name = copy_text(&room, to->name);
    to->interface = copy_text(&room, to->interface);
    to->group = copy_text(&room, to->group);
    to->waiting.command = copy_text(&room, to->waiting.command);
    to->priority_text = copy_text(&room, to->priority_text);
    to->handover.text = copy_text(&room, to->handover.text);
    to->last_transition = copy(&room, to->last_transition, sizeof(*to->last_transition));
    to->transitions = copy(&room, to->transitions, REASONS * sizeof(*to->transitions));
    to->gaps = copy(&room, to->gaps, sizeof(*to->gaps));
    pack_addresses(&room, to);
    to->routes = pack_routes(&room, to->routes, to->route_count);
    to->rules = pack_routes(&room, to->rules, to->rule_count);
    pack_checks(&room, to);
    pack_warnings(&room, to);
    pack_hooks(&room, to);
    return room.full ? 0 : room.used;
}
