/* One link's shared sockets and who uses them; see segment.h. Owner: the agent. */
#include "agent/wire/segment.h"

#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/wire/advert_io.h"
#include "agent/wire/conflict.h"
#include "agent/wire/rest.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    FAMILY_SLOTS = 2,
    VRID_SLOTS = 256,
};

struct segment {
    struct segment *next;
    struct segments *owner;
    int ifindex;
    char name[INTERFACE_NAME_SIZE];
    struct advert_io *io[FAMILY_SLOTS];
    struct conflict_watch *watch;
    void *observed; /* the observer's; NULL: not observed */
    bool watch_due;
    struct segment_client *clients;
    struct segment_client *by_vrid[FAMILY_SLOTS][VRID_SLOTS];
    uint64_t counters[PACKET_VERDICTS];
};

struct segments {
    sd_event *event;
    struct links *links;
    void (*on_busy)(void *userdata);
    void *userdata;
    struct segment_observer observer; /* all NULL: nobody */
    struct rest *rest;
    struct segment *list;
};

static size_t slot(enum ip_family family)
{
    return family == IP_FAMILY_IPV6 ? 1 : 0;
}

static void on_message(void *userdata, const struct packet_ip *ip, const uint8_t *payload,
                       size_t size)
{
    struct segment *segment = userdata;
    uint8_t vrid = packet_peek_vrid(payload, size);
    struct segment_client *client = segment->by_vrid[slot(ip->source.family)][vrid];
    bool ours = links_address(segment->owner->links, segment->ifindex, &ip->source) != NULL;
    struct advert advert;

    if (client != NULL) {
        client->on_message(client->userdata, ip, ours, payload, size);
        return;
    }
    /* A stranger's advert is ordinary on a shared LAN; a broken one is counted for what it is. */
    enum packet_verdict verdict = packet_receive(ip, payload, size, NULL, &advert, NULL);
    segment->counters[verdict == PACKET_OK ? PACKET_VRID_ERROR : verdict]++;
}

static void on_busy(void *userdata)
{
    struct segment *segment = userdata;

    segment->owner->on_busy(segment->owner->userdata);
    rest_busy(segment->owner->rest);
}

static void on_claim(void *userdata, const struct neighbour_claim *claim)
{
    struct segment *segment = userdata;
    struct segment_client *next;

    for (struct segment_client *c = segment->clients; c != NULL; c = next) {
        next = c->next;
        for (size_t i = 0; i < c->count; i++) {
            if (ip_address_equal(&c->prefixes[i].address, &claim->address)) {
                c->on_claim(c->userdata, claim);
                break;
            }
        }
    }
}

static void on_vrrp(void *userdata, const struct vrrp_frame *frame)
{
    struct segment *segment = userdata;
    struct segment_client *client = segment->by_vrid[slot(frame->source.family)][frame->vrid];

    if (client != NULL)
        client->on_frame(client->userdata, frame);
}

/* All sockets: one alone would leave the loop to the flood on another link. */
static void on_rest(void *userdata, bool resting)
{
    struct segments *segments = userdata;

    for (struct segment *s = segments->list; s != NULL; s = s->next)
        for (size_t i = 0; i < FAMILY_SLOTS; i++)
            if (s->io[i] != NULL)
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
    if (rest_open(event, on_rest, segments, &segments->rest) < 0) {
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
    free(segments);
}

void segments_set_observer(struct segments *segments, const struct segment_observer *observer)
{
    segments->observer = *observer;
}

static void close_segment(struct segments *segments, struct segment *segment)
{
    struct segment **at = &segments->list;

    while (*at != segment)
        at = &(*at)->next;
    *at = segment->next;
    for (size_t i = 0; i < FAMILY_SLOTS; i++)
        advert_io_close(segment->io[i]);
    conflict_watch_close(segment->watch);
    if (segment->observed != NULL)
        segments->observer.detach(segment->observed);
    free(segment);
}

/* Opens what is missing of the captures; a link that is down has none to open. Without them an
 * election still works: a linger then ends by advert or by its bound. */
static void open_captures(struct segment *segment)
{
    struct segments *segments = segment->owner;

    if (segment->watch == NULL)
        (void)conflict_watch_open(segments->event, AGENT_PRIORITY_NEIGHBOURS, segment->name,
                                  on_claim, on_vrrp, segment, &segment->watch);
    if (segment->observed == NULL && segments->observer.attach != NULL)
        segment->observed = segments->observer.attach(segments->observer.userdata, segment->name);
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
    segment->owner = segments;
    segment->ifindex = link->ifindex;
    memcpy(segment->name, link->name, sizeof(segment->name));
    segment->next = segments->list;
    segments->list = segment;
    if (link->up)
        open_captures(segment);
    return segment;
}

static int open_io(struct segment *segment, enum ip_family family)
{
    const struct advert_io_options options = {
        .ifindex = segment->ifindex,
        .ifname = segment->name,
        .family = family,
        .priority = AGENT_PRIORITY_PACKETS,
        .on_message = on_message,
        .on_busy = on_busy,
        .userdata = segment,
    };
    struct advert_io **io = &segment->io[slot(family)];

    if (*io != NULL)
        return 0;
    return advert_io_open(segment->owner->event, &options, io);
}

int segment_attach(struct segments *segments, const struct link *link,
                   struct segment_client *client)
{
    struct segment *segment = open_segment(segments, link);
    int r;

    assert(client->segment == NULL);
    if (segment == NULL)
        return -ENOMEM;
    r = segment->by_vrid[slot(client->family)][client->vrid] != NULL
            ? -EBUSY
            : open_io(segment, client->family);
    if (r < 0) {
        if (segment->clients == NULL)
            close_segment(segments, segment);
        return r;
    }
    segment->by_vrid[slot(client->family)][client->vrid] = client;
    client->segment = segment;
    client->next = segment->clients;
    segment->clients = client;
    segment_watch(client);
    return 0;
}

void segment_detach(struct segments *segments, struct segment_client *client)
{
    struct segment *segment = client->segment;
    struct segment_client **at;

    if (segment == NULL)
        return;
    for (at = &segment->clients; *at != client; at = &(*at)->next)
        ;
    *at = client->next;
    segment->by_vrid[slot(client->family)][client->vrid] = NULL;
    client->segment = NULL;
    client->next = NULL;
    if (segment->clients == NULL)
        close_segment(segments, segment);
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
    open_captures(client->segment);
    segment_watch(client);
    int r = advert_io_rejoin(client->segment->io[slot(client->family)]);
    if (r < 0)
        log_msg(LOG_WARNING, "%s: cannot renew the membership of the VRRP group (%s): %s",
                client->segment->name, ip_family_name(client->family), strerror(-r));
}

static void add_source(struct conflict_vrrp *what, const struct ip_address *source)
{
    for (size_t i = 0; i < what->own_count; i++)
        if (ip_address_equal(&what->own[i], source))
            return;
    if (source->family != IP_FAMILY_NONE && what->own_count < CONFLICT_OWN_MAX)
        what->own[what->own_count++] = *source;
}

static void add_rival(struct conflict_vrrp *what, const uint8_t mac[MAC_SIZE])
{
    for (size_t i = 0; i < what->rival_count; i++)
        if (memcmp(what->rivals[i], mac, MAC_SIZE) == 0)
            return;
    if (what->rival_count < CONFLICT_RIVALS_MAX)
        memcpy(what->rivals[what->rival_count++], mac, MAC_SIZE);
}

static void watch_vrrp(const struct segment *segment)
{
    struct conflict_vrrp what = {0};

    for (const struct segment_client *c = segment->clients; c != NULL; c = c->next) {
        add_source(&what, &c->source);
        add_source(&what, &c->learn);
        if (c->has_rival)
            add_rival(&what, c->rival_mac);
    }
    if (segment->watch != NULL)
        (void)conflict_watch_vrrp(segment->watch, &what);
}

void segment_watch(struct segment_client *client)
{
    struct segment *segment = client->segment;
    struct ip_address *addresses;
    size_t count = 0;
    size_t n = 0;

    if (segment == NULL)
        return;
    segment->watch_due = false;
    for (const struct segment_client *c = segment->clients; c != NULL; c = c->next)
        count += c->count;
    addresses = calloc(count > 0 ? count : 1, sizeof(*addresses));
    if (addresses != NULL) {
        for (const struct segment_client *c = segment->clients; c != NULL; c = c->next)
            for (size_t i = 0; i < c->count; i++)
                addresses[n++] = c->prefixes[i].address;
    }
    if (addresses == NULL ||
        (segment->watch != NULL && conflict_watch_set(segment->watch, addresses, n) < 0))
        log_msg(LOG_ERR, "%s: out of memory, the watch over our addresses is not up to date",
                segment->name);
    if (addresses != NULL && segment->observed != NULL)
        segment->owner->observer.watch(segment->observed, addresses, n);
    free(addresses);
    watch_vrrp(segment);
}

void segment_watch_later(struct segment_client *client)
{
    if (client->segment != NULL)
        client->segment->watch_due = true;
}

void segments_watch_due(struct segments *segments)
{
    for (struct segment *s = segments->list; s != NULL; s = s->next)
        if (s->watch_due)
            segment_watch(s->clients);
}

void segments_receive(struct segments *segments)
{
    for (struct segment *s = segments->list; s != NULL; s = s->next)
        for (size_t i = 0; i < FAMILY_SLOTS; i++)
            if (s->io[i] != NULL)
                (void)advert_io_receive(s->io[i]);
}

int segment_send(struct segment_client *client, const struct ip_address *source,
                 const struct ip_address *destination, const uint8_t *payload, size_t size)
{
    if (client->segment == NULL)
        return -ENETDOWN;
    return advert_io_send(client->segment->io[slot(client->family)], source, destination, payload,
                          size);
}

const uint64_t *segment_counters(const struct segment_client *client)
{
    return client->segment != NULL ? client->segment->counters : NULL;
}
