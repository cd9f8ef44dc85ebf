/* Addresses on other links than the router's own; see devices.h. */
#include "agent/instances/devices.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/instances/actions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUBJECT_SIZE = ADDRESS_TEXT_SIZE + 40 };

static struct router_device *find(const struct router_devices *devices, const char *name)
{
    for (size_t i = 0; i < devices->count; i++)
        if (strcmp(devices->list[i].name, name) == 0)
            return &devices->list[i];
    return NULL;
}

/* How the link of that name stands. */
static struct device_state state_of(const struct router *router, const char *name)
{
    const struct link *link = links_by_name(router->node->links, name);
    struct device_state state = {0};

    if (link == NULL)
        return state;
    state.ifindex = link->ifindex;
    state.up = link->up;
    state.carrier = link->carrier;
    state.no_neighbours = link->no_neighbours;
    memcpy(state.mac, link->mac, sizeof(state.mac));
    return state;
}

static void init(struct router *router, struct router_device *device, const char *name)
{
    *device = (struct router_device){
        .watch = {.family = router->family,
                  .only_watches = true,
                  .calls = &router->calls->of_device,
                  .userdata = router},
    };
    snprintf(device->name, sizeof(device->name), "%s", name);
    snprintf(device->watch.device, sizeof(device->watch.device), "%s", name);
}

/* Each once. */
static size_t count_devices(const struct router *router)
{
    const struct claimed_address *claims = router->claims;
    size_t count = 0;

    for (size_t i = 0; i < router->claim_count; i++) {
        size_t first = 0;

        while (strcmp(claims[first].device, claims[i].device) != 0)
            first++;
        count += first == i && claims[i].device[0] != '\0' ? 1 : 0;
    }
    return count;
}

/* Somebody else may claim the addresses there as well; nobody does on lo. */
static void watch(struct router *router, struct router_device *device)
{
    const struct device_state *seen = &device->seen;
    const struct link *link = links_by_index(router->node->links, seen->ifindex);
    struct segments *segments = router->node->segments;
    int now_on = segment_ifindex(&device->watch);
    bool wanted = link != NULL && seen->up && !seen->no_neighbours;

    device->watch.addresses = router->claims;
    device->watch.count = router->claim_count;
    if (now_on != 0 && (!wanted || now_on != seen->ifindex))
        segment_detach(segments, &device->watch);
    if (wanted && device->watch.segment == NULL)
        (void)segment_attach(segments, link, &device->watch);
}

static bool same_devices(const struct router_devices *a, const struct router_devices *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->list[i].name, b->list[i].name) != 0)
            return false;
    return true;
}

/* The addresses may be others. */
static void keep_watching(struct router *router)
{
    for (size_t i = 0; i < router->devices.count; i++) {
        struct segment_client *client = &router->devices.list[i].watch;

        client->addresses = router->claims;
        client->count = router->claim_count;
        segment_watch_later(client);
    }
}

bool router_devices_read(struct router *router)
{
    size_t room = count_devices(router);
    struct router_devices devices = {.waiting = router->devices.waiting};

    if (room > 0)
        devices.list = calloc(room, sizeof(*devices.list));
    if (room > 0 && devices.list == NULL) {
        router_devices_free(router); /* what it watches is about to go */
        return false;
    }
    for (size_t i = 0; devices.count < room && i < router->claim_count; i++) {
        const char *name = router->claims[i].device;

        if (name[0] != '\0' && find(&devices, name) == NULL)
            init(router, &devices.list[devices.count++], name);
    }
    if (same_devices(&devices, &router->devices)) {
        free(devices.list);
        keep_watching(router);
        return true;
    }
    router_devices_free(router);
    router->devices = devices;
    for (size_t i = 0; i < devices.count; i++) {
        devices.list[i].seen = state_of(router, devices.list[i].name);
        watch(router, &devices.list[i]);
    }
    return true;
}

void router_devices_free(struct router *router)
{
    for (size_t i = 0; i < router->devices.count; i++)
        segment_detach(router->node->segments, &router->devices.list[i].watch);
    free(router->devices.list);
    router->devices.list = NULL;
    router->devices.count = 0;
}

bool router_uses_device(const struct router *router, const struct link *link)
{
    for (size_t i = 0; i < router->devices.count; i++)
        if (router->devices.list[i].seen.ifindex == link->ifindex ||
            strcmp(router->devices.list[i].name, link->name) == 0)
            return true;
    return false;
}

const char *router_waits_for(const struct router *router, const struct claimed_address *claim)
{
    if (!desired_waits(router->node->links, claim))
        return NULL;
    return links_by_name(router->node->links, claim->device) == NULL ? "no-device" : "device-down";
}

/* ---- What waits */

static struct waiting_addresses look(const struct router *router)
{
    struct waiting_addresses seen = {0};

    for (size_t i = 0; router->desired.linked && i < router->claim_count; i++) {
        const struct claimed_address *claim = &router->claims[i];

        if (!desired_waits(router->node->links, claim) ||
            reconciler_held(router->node->reconciler, &router->desired, claim))
            continue;
        if (seen.count++ > 0)
            continue;
        seen.first = claim->prefix;
        seen.missing = links_by_name(router->node->links, claim->device) == NULL;
        memcpy(seen.device, claim->device, sizeof(seen.device));
    }
    return seen;
}

/* "192.0.2.10/24 (and 2 more)" */
static const char *subject(const struct waiting_addresses *waiting, char *buffer, size_t size)
{
    char address[ADDRESS_TEXT_SIZE];

    ip_prefix_format(&waiting->first, address, sizeof(address));
    if (waiting->count > 1)
        snprintf(buffer, size, "%s (and %zu more)", address, waiting->count - 1);
    else
        snprintf(buffer, size, "%s", address);
    return buffer;
}

static const char *word(const struct waiting_addresses *waiting, char *buffer, size_t size)
{
    char addresses[SUBJECT_SIZE];

    snprintf(buffer, size,
             waiting->missing ? "%s not claimed: there is no device %s"
                              : "%s not claimed: the device %s is down",
             subject(waiting, addresses, sizeof(addresses)), waiting->device);
    return buffer;
}

const char *router_devices_text(const struct router *router, char *buffer, size_t size)
{
    return word(router->devices.waiting, buffer, size);
}

static bool same(const struct waiting_addresses *a, const struct waiting_addresses *b)
{
    return a->count == b->count && a->missing == b->missing && strcmp(a->device, b->device) == 0 &&
           ip_address_equal(&a->first.address, &b->first.address);
}

static void tell(const struct router *router, int level, const char *text)
{
    const struct evidence none = {0}; /* the sentence has it all */

    log_instance(level, router->config->name, "%s", text);
    router->node->on_event(router->node->userdata, router->instance, "address-waits", &none, text);
}

/* Out of memory: they are told again, and no status warns of them. */
static void keep(struct router_devices *devices, const struct waiting_addresses *seen)
{
    if (seen->count == 0) {
        free(devices->waiting);
        devices->waiting = NULL;
        return;
    }
    if (devices->waiting == NULL)
        devices->waiting = malloc(sizeof(*devices->waiting));
    if (devices->waiting != NULL)
        *devices->waiting = *seen;
}

void router_devices_tell(struct router *router)
{
    const struct waiting_addresses none = {0};
    const struct waiting_addresses before =
        router->devices.waiting != NULL ? *router->devices.waiting : none;
    struct waiting_addresses seen = {0};
    char text[REASON_TEXT_SIZE];

    if (router->devices.count == 0 && before.count == 0)
        return;
    seen = look(router);
    seen.since_wall_ns = before.count > 0 ? before.since_wall_ns : clock_wall_ns();
    keep(&router->devices, &seen);
    if (same(&before, &seen))
        return;
    if (seen.count > 0)
        tell(router, LOG_WARNING, word(&seen, text, sizeof(text)));
    else if (router->desired.linked)
        tell(router, LOG_NOTICE, "no address waits for its device any more");
}

bool router_devices_due(const struct router *router)
{
    return router->devices.waiting != NULL && !router->desired.linked;
}

/* ---- Links that change */

/* True when there is somebody to be told of the addresses on it who was not told yet. */
static bool is_news(const struct device_state *before, const struct device_state *now)
{
    return now->up &&
           (before->ifindex != now->ifindex || !before->up || (now->carrier && !before->carrier) ||
            memcmp(before->mac, now->mac, sizeof(now->mac)) != 0);
}

void router_devices_follow(struct router *router)
{
    const struct election_actions again = {
        .list = {{.type = ACTION_CLAIM}, {.type = ACTION_ANNOUNCE}}, .count = 2};
    bool news = false;

    for (size_t i = 0; i < router->devices.count; i++) {
        struct router_device *device = &router->devices.list[i];
        const struct device_state now = state_of(router, device->name);

        news = news || is_news(&device->seen, &now);
        device->seen = now;
        watch(router, device);
    }
    if (news && router_election(router)->holding)
        router_execute(router, &again);
    router_devices_tell(router);
}
