/* One link's shared sockets and who uses them; see segment.h. Owner: the agent. */
#include "agent/wire/segment.h"

#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/wire/outbox.h"
#include "agent/wire/segment_send.h"
#include "agent/wire/segment_state.h"
#include "agent/wire/watched.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void on_message(void *userdata, const struct packet_ip *ip, const uint8_t *payload,
                       size_t size)
{
    struct segment *segment = userdata;
    const struct segment_client *client = roster_find(
        &segment->roster, packet_peek_vrid(payload, size), &ip->source, &ip->destination);

    if (client != NULL)
        client->calls->on_message(
            client->userdata, ip,
            links_address(segment->owner->links, segment->ifindex, &ip->source), payload, size);
    else
        segment_filter_count(&segment->filter[roster_slot(ip->source.family)],
                             segment->owner->event, ip, payload, size);
}

static void on_busy(void *userdata)
{
    struct segment *segment = userdata;

    segment->owner->on_busy(segment->owner->userdata);
    rest_busy(segment->owner->rest);
}

static void on_pass(void *userdata)
{
    segments_passed(((const struct segment *)userdata)->owner);
}

static void on_claim(void *userdata, const struct neighbour_claim *claim)
{
    watched_hand_on(((const struct segment *)userdata)->clients, claim);
}

static void on_vrrp(void *userdata, const struct vrrp_frame *frame)
{
    struct segment *segment = userdata;
    const struct segment_client *client =
        roster_find(&segment->roster, frame->vrid, &frame->source, &frame->destination);

    if (client != NULL)
        client->calls->on_frame(client->userdata, frame);
}

/* All sockets: one alone would leave the loop to the flood on another link. */
static void on_rest(void *userdata, bool resting)
{
    struct segments *segments = userdata;

    for (struct segment *s = segments->list; s != NULL; s = s->next)
        for (size_t i = 0; i < FAMILY_SLOTS; i++)
            advert_io_rest(s->io[i], resting);
}

struct segments *segments_new(sd_event *event, struct links *links, void (*busy)(void *userdata),
                              void *userdata)
{
    struct segments *segments = calloc(1, sizeof(*segments));

    if (segments == NULL)
        return NULL;
    *segments =
        (struct segments){.event = event, .links = links, .on_busy = busy, .userdata = userdata};
    segments->room = room_new();
    segments->shelf = outbox_shelf_new();
    if (segments->room == NULL || segments->shelf == NULL ||
        rest_open(event, on_rest, segments, &segments->rest) < 0) {
        room_free(segments->room);
        outbox_shelf_free(segments->shelf);
        free(segments);
        return NULL;
    }
    return segments;
}

void segments_free(struct segments *segments)
{
    if (segments == NULL)
        return;
    assert(segments->list == NULL);
    rest_close(segments->rest);
    room_free(segments->room);
    outbox_shelf_free(segments->shelf);
    free(segments);
}

void segments_set_observer(struct segments *segments, const struct segment_observer *observer)
{
    segments->observer = *observer;
}

void segments_on_pass(struct segments *segments, void (*fn)(void *userdata), void *userdata)
{
    segments->on_pass = fn;
    segments->on_pass_userdata = userdata;
}

void segments_set_worker(struct segments *segments, struct worker *worker)
{
    segments->worker = worker;
}

/* It has left the list, and the worker is not at it. */
static void close_segment(struct segment *segment)
{
    struct opening *opening = &segment->opening;

    opening_clear(opening);
    for (size_t i = 0; i < FAMILY_SLOTS; i++)
        opening->io[i].io = segment->io[i];
    opening->watch = segment->watch;
    opening->tap = segment->tap;
    opening->close = true;
    worker_run(segment->owner->worker, &opening->task);
}

/* What was asked for and is still to be opened when the worker is done is closed then. */
static void leave_segment(struct segment *segment)
{
    struct segments *segments = segment->owner;
    struct segment **at = &segments->list;

    while (*at != segment)
        at = &(*at)->next;
    *at = segment->next;
    segment->left = true;
    for (size_t i = 0; i < FAMILY_SLOTS; i++) {
        segment_filter_stop(&segment->filter[i]);
        advert_io_silence(segment->io[i]);
    }
    conflict_watch_silence(segment->watch);
    if (segment->observed != NULL)
        segment->tap = segments->observer.detach(segment->observed);
    segment->observed = NULL;
    if (!segment->opening.task.submitted)
        close_segment(segment);
}

static void ask_for_io(struct segment *segment, enum ip_family family)
{
    size_t i = roster_slot(family);
    struct opening_io *ask = &segment->opening.io[i];

    ask->options = (struct advert_io_options){
        .ifindex = segment->ifindex,
        .ifname = segment->opening.name,
        .family = family,
        .priority = AGENT_PRIORITY_PACKETS,
        .room = segment->owner->room,
        .shelf = segment->owner->shelf,
        .on_message = on_message,
        .on_busy = on_busy,
        .on_pass = on_pass,
        .userdata = segment,
    };
    ask->open = segment->io[i] == NULL && segment->error[i] == 0 && segment->count[i] > 0;
    ask->open_already = segment->io[i];
    if (ask->open || ask->open_already != NULL)
        memberships_plan(&segment->groups[i], segment->clients, ask->open, segment->renewal_due[i],
                         &ask->groups);
    segment->renewal_due[i] = false;
}

/* Without captures an election works: a linger then ends by advert or by its bound. */
static void ask_for_captures(struct segment *segment)
{
    const struct segment_observer *observer = &segment->owner->observer;

    if (!segment->captures_due)
        return;
    segment->captures_due = false;
    segment->opening.open_watch = segment->watch == NULL;
    segment->opening.open_tap = segment->tap == NULL && observer->wants != NULL &&
                                observer->wants(observer->userdata, segment->opening.name);
}

/* Has the worker do what is missing, unless it is at it: then when it is done. */
static void pursue(struct segment *segment)
{
    if (segment->opening.task.submitted)
        return;
    opening_clear(&segment->opening);
    ask_for_io(segment, IP_FAMILY_IPV4);
    ask_for_io(segment, IP_FAMILY_IPV6);
    ask_for_captures(segment);
    if (opening_wanted(&segment->opening))
        worker_run(segment->owner->worker, &segment->opening.task);
}

/* Takes over what was opened. */
static void take_over(struct segment *segment)
{
    struct opening *opening = &segment->opening;

    for (size_t i = 0; i < FAMILY_SLOTS; i++) {
        memberships_take(&segment->groups[i], &opening->io[i].groups);
        if (!opening->io[i].open)
            continue;
        segment->io[i] = opening->io[i].io;
        segment->error[i] = opening->io[i].result;
        segment_filter_start(&segment->filter[i], segment->io[i], &segment->roster, i);
    }
    segment->watch = opening->watch != NULL ? opening->watch : segment->watch;
    segment->tap = opening->tap != NULL ? opening->tap : segment->tap;
}

static void listen_to(struct segment *segment)
{
    sd_event *event = segment->owner->event;
    const struct segment_observer *observer = &segment->owner->observer;
    const struct opening *opening = &segment->opening;
    int r = 0;

    for (size_t i = 0; i < FAMILY_SLOTS; i++)
        if (opening->io[i].io != NULL && r >= 0)
            r = advert_io_listen(segment->io[i], event);
    if (opening->watch != NULL && r >= 0)
        r = conflict_watch_listen(segment->watch, event, AGENT_PRIORITY_NEIGHBOURS, on_claim,
                                  on_vrrp, segment);
    if (r < 0)
        log_msg(LOG_ERR, "%s: cannot wait for frames: %s", opening->name, strerror(-r));
    if (opening->tap != NULL)
        segment->observed = observer->attach(observer->userdata, opening->name, segment->tap);
}

/* Callees may attach, detach and watch. */
static void tell_clients(struct segment *segment)
{
    struct segment_client *c = segment->clients;

    while (!segment->left && c != NULL) {
        if (!c->waits || segment_state(c) == -EINPROGRESS) {
            c = c->next;
            continue;
        }
        c->waits = false;
        if (c->calls->on_ready != NULL)
            c->calls->on_ready(c->userdata);
        c = segment->clients;
    }
}

static void on_opened(struct worker_task *task)
{
    struct segment *segment = (struct segment *)task;

    if (segment->opening.close) {
        free(segment);
        return;
    }
    take_over(segment);
    if (segment->left) {
        close_segment(segment);
        return;
    }
    listen_to(segment);
    opening_log(&segment->opening, &segment->owner->failures);
    segment_watch(segment->clients);
    tell_clients(segment);
    if (!segment->left)
        pursue(segment);
}

static struct segment *open_segment(struct segments *segments, const struct link *link)
{
    struct segment *segment;

    for (segment = segments->list; segment != NULL; segment = segment->next)
        if (segment->ifindex == link->ifindex)
            return segment;
    segment = calloc(1, sizeof(*segment));
    if (segment == NULL)
        return NULL;
    segment->opening.task = (struct worker_task){.run = opening_run, .done = on_opened};
    segment->owner = segments;
    segment->ifindex = link->ifindex;
    segment->opening.room = segments->room;
    memcpy(segment->opening.name, link->name, sizeof(segment->opening.name));
    segment->next = segments->list;
    segments->list = segment;
    /* A link that is down has nothing to capture. */
    segment->captures_due = link->up;
    return segment;
}

int segment_state(const struct segment_client *client)
{
    const struct segment *segment = client->segment;
    size_t i = roster_slot(client->family);

    if (segment == NULL)
        return -ENETDOWN;
    if (client->only_watches)
        return 0;
    if (segment->io[i] != NULL)
        return memberships_state(&segment->groups[i], &client->group);
    return segment->error[i] != 0 ? segment->error[i] : -EINPROGRESS;
}

int segment_attach(struct segments *segments, const struct link *link,
                   struct segment_client *client)
{
    struct segment *segment = open_segment(segments, link);
    size_t i = roster_slot(client->family);

    assert(client->segment == NULL);
    if (segment == NULL)
        return -ENOMEM;
    if (!roster_has_room(&segment->roster, client))
        return -EBUSY;
    if (!client->only_watches && memberships_add(&segment->groups[i], &client->group) < 0)
        return -ENOBUFS;
    roster_add(&segment->roster, client);
    segment_filter_update(&segment->filter[i]);
    client->segment = segment;
    client->next = segment->clients;
    segment->clients = client;
    segment->count[i] += client->only_watches ? 0 : 1;
    segment->error[i] = 0;
    pursue(segment);
    segment_watch(client);
    int r = segment_state(client);
    client->waits = r == -EINPROGRESS;
    if (r < 0 && !client->waits)
        segment_detach(segments, client);
    return r;
}

void segment_detach(struct segments *segments, struct segment_client *client)
{
    struct segment *segment = client->segment;
    struct segment_client **at = segment != NULL ? &segment->clients : NULL;
    size_t i = roster_slot(client->family);

    (void)segments;
    if (segment == NULL)
        return;
    segment_flush(segment);
    while (*at != client)
        at = &(*at)->next;
    *at = client->next;
    segment->count[i] -= client->only_watches ? 0 : 1;
    roster_remove(&segment->roster, client);
    segment_filter_update(&segment->filter[i]);
    client->segment = NULL;
    client->waits = false;
    client->next = NULL;
    if (segment->clients == NULL)
        leave_segment(segment);
    else
        segment_watch(segment->clients);
}

int segment_ifindex(const struct segment_client *client)
{
    return client->segment != NULL ? client->segment->ifindex : 0;
}

void segment_rejoin(struct segment_client *client)
{
    if (client->segment == NULL)
        return;
    client->segment->captures_due = true;
    client->segment->renewal_due[roster_slot(client->family)] = true;
    pursue(client->segment);
}

void segment_watch(struct segment_client *client)
{
    struct segment *segment = client->segment;
    size_t n = 0;

    if (segment == NULL)
        return;
    segment->watch_due = segment->owner->put_off;
    if (segment->watch_due)
        return;
    struct ip_address *addresses = watched_addresses(segment->clients, &n);
    const struct conflict_vrrp what = watched_vrrp(segment->clients);
    if (addresses == NULL ||
        (segment->watch != NULL && conflict_watch_set(segment->watch, addresses, n) < 0))
        log_msg(LOG_ERR, "%s: out of memory, not all is watched", segment->opening.name);
    if (addresses != NULL && segment->observed != NULL)
        segment->owner->observer.watch(segment->observed, addresses, n);
    free(addresses);
    if (segment->watch != NULL)
        (void)conflict_watch_vrrp(segment->watch, &what);
}

void segment_watch_later(struct segment_client *client)
{
    if (client->segment != NULL)
        client->segment->watch_due = true;
}

void segments_watch_put_off(struct segments *segments)
{
    segments->put_off = true;
}

void segments_watch_due(struct segments *segments)
{
    segments->put_off = false;
    for (struct segment *s = segments->list; s != NULL; s = s->next)
        if (s->watch_due)
            segment_watch(s->clients);
}

void segments_receive(struct segments *segments)
{
    for (struct segment *s = segments->list; s != NULL; s = s->next)
        for (size_t i = 0; i < FAMILY_SLOTS; i++)
            (void)advert_io_receive(s->io[i]);
}

const uint64_t *segment_counters(const struct segment_client *client)
{
    size_t i = roster_slot(client->family);

    return client->segment != NULL ? client->segment->filter[i].counters : NULL;
}
