/* The watch over ARP and ND; see conflict.h. Owner: the segment. */
#include "agent/wire/conflict.h"

#include "agent/base/log.h"
#include "agent/wire/frame_socket.h"
#include "agent/wire/neighbour_filter.h"
#include "agent/wire/pace.h"
#include "lib/packet/packet.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SNAP_OCTETS = 1514, /* the longest advert there is on an Ethernet */
    BUFFER_BYTES = 1024 * 1024,
    FRAMES_PER_PASS = 64,
    FILTER_TEXT_SIZE = NEIGHBOUR_FILTER_SIZE + 1024 + CONFLICT_OWN_MAX * (ADDRESS_TEXT_SIZE + 16) +
                       CONFLICT_RIVALS_MAX * (MAC_TEXT_SIZE + 80) + CONFLICT_VRIDS_MAX * 2 * 48,
};

struct conflict_watch {
    struct frame_socket *socket;
    struct pace *pace; /* NULL: nobody listens */
    char name[INTERFACE_NAME_SIZE];
    conflict_fn fn;
    conflict_vrrp_fn vrrp_fn;
    void *userdata;
    struct conflict_vrrp vrrp;
    struct ip_address *addresses; /* sorted */
    size_t count;
};

static int compare(const void *a, const void *b)
{
    return ip_address_compare(a, b);
}

static void on_frame(void *userdata, const struct frame_seen *frame)
{
    struct conflict_watch *watch = userdata;
    struct neighbour_claim claim;
    struct vrrp_frame vrrp;

    if (vrrp_frame_read(frame->octets, frame->captured, &vrrp)) {
        watch->vrrp_fn(watch->userdata, &vrrp);
        return;
    }
    if (!neighbour_frame_parse(frame->octets, frame->captured, &claim))
        return;
    if (watch->count > 0 && bsearch(&claim.address, watch->addresses, watch->count,
                                    sizeof(*watch->addresses), compare) != NULL)
        watch->fn(watch->userdata, &claim);
}

static size_t read_pass(void *userdata)
{
    struct conflict_watch *watch = userdata;

    return frame_socket_read(watch->socket, FRAMES_PER_PASS, on_frame, watch);
}

/* Beside what is about our addresses: adverts of an owner. vrid, priority: where they are. */
static void add_owners(char *text, size_t size, const char *head, const char *vrid,
                       const char *priority, const struct conflict_vrrp *what)
{
    size_t used = strlen(text);

    used += (size_t)snprintf(text + used, size - used, " or (%s and %s = 255", head, priority);
    for (size_t i = 0; i < what->vrid_count; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s = %u", i == 0 ? " and (" : " or ",
                                 vrid, what->vrids[i]);
    snprintf(text + used, size - used, what->vrid_count > 0 ? "))" : ")");
}

static void add_own(char *text, size_t size, enum ip_family family, const struct ip_address *list,
                    size_t count)
{
    const char *gap = "";
    char address[ADDRESS_TEXT_SIZE];
    size_t used = strlen(text);

    for (size_t i = 0; i < count; i++) {
        if (list[i].family != family)
            continue;
        if (*gap == '\0')
            used += (size_t)snprintf(text + used, size - used, " or (%s proto %d and (",
                                     family == IP_FAMILY_IPV6 ? "ip6" : "ip", VRRP_PROTOCOL);
        used += (size_t)snprintf(text + used, size - used, "%ssrc host %s", gap,
                                 ip_address_format(&list[i], address, sizeof(address)));
        gap = " or ";
    }
    if (*gap != '\0')
        snprintf(text + used, size - used, "))");
}

static void add_rivals(char *text, size_t size, const struct conflict_vrrp *what)
{
    size_t used = strlen(text);
    char mac[MAC_TEXT_SIZE];

    for (size_t i = 0; i < what->rival_count; i++)
        used += (size_t)snprintf(
            text + used, size - used, " or (ether src %s and (ip proto %d or ip6 proto %d))",
            mac_format(what->rivals[i], mac, sizeof(mac)), VRRP_PROTOCOL, VRRP_PROTOCOL);
}

static int set_filter(struct conflict_watch *watch, const struct conflict_vrrp *what,
                      struct wire_problem *problem)
{
    char text[FILTER_TEXT_SIZE];

    neighbour_filter_text(watch->addresses, watch->count, text, sizeof(text));
    add_owners(text, sizeof(text), "ip proto 112", "ip[((ip[0] & 15) << 2) + 1]",
               "ip[((ip[0] & 15) << 2) + 2]", what);
    add_owners(text, sizeof(text), "ip6 proto 112", "ip6[41]", "ip6[42]", what);
    add_own(text, sizeof(text), IP_FAMILY_IPV4, what->own, what->own_count);
    add_own(text, sizeof(text), IP_FAMILY_IPV6, what->own, what->own_count);
    add_rivals(text, sizeof(text), what);
    return frame_socket_filter(watch->socket, text, problem);
}

static int open_capture(struct conflict_watch *watch, const char *ifname, struct room *room,
                        struct wire_problem *problem)
{
    const struct frame_socket_options options = {.ifname = ifname,
                                                 .only_ethernet = true,
                                                 .inbound = true,
                                                 .snap = SNAP_OCTETS,
                                                 .room = room,
                                                 .buffer_bytes = BUFFER_BYTES};
    int r = frame_socket_open(&options, &watch->socket, problem);

    if (r >= 0)
        r = set_filter(watch, &watch->vrrp, problem);
    if (r >= 0)
        r = frame_socket_start(watch->socket, problem);
    return r;
}

int conflict_watch_open(const char *ifname, struct room *room, struct conflict_watch **out,
                        struct wire_problem *problem)
{
    struct conflict_watch *watch = calloc(1, sizeof(*watch));
    struct wire_problem detail = {.text = "out of memory"};
    int r = -ENOMEM;

    *out = NULL;
    if (watch != NULL) {
        memcpy(watch->name, ifname, strnlen(ifname, sizeof(watch->name) - 1));
        r = open_capture(watch, watch->name, room, &detail);
    }
    if (r == -EOPNOTSUPP) {
        conflict_watch_close(watch);
        return r;
    }
    if (r < 0) {
        snprintf(problem->text, sizeof(problem->text), "cannot watch ARP and ND: %.200s",
                 detail.text);
        conflict_watch_close(watch);
        return r;
    }
    *out = watch;
    return 0;
}

int conflict_watch_listen(struct conflict_watch *watch, sd_event *event, int64_t priority,
                          conflict_fn fn, conflict_vrrp_fn vrrp_fn, void *userdata)
{
    watch->fn = fn;
    watch->vrrp_fn = vrrp_fn;
    watch->userdata = userdata;
    const struct pace_options options = {.fd = frame_socket_fd(watch->socket),
                                         .priority = priority,
                                         .read = read_pass,
                                         .full = FRAMES_PER_PASS,
                                         .userdata = watch};

    return pace_open(event, &options, &watch->pace);
}

void conflict_watch_silence(struct conflict_watch *watch)
{
    if (watch == NULL)
        return;
    pace_close(watch->pace);
    watch->pace = NULL;
}

void conflict_watch_close(struct conflict_watch *watch)
{
    if (watch == NULL)
        return;
    assert(watch->pace == NULL);
    frame_socket_close(watch->socket);
    free(watch->addresses);
    free(watch);
}

int conflict_watch_set(struct conflict_watch *watch, const struct ip_address *addresses,
                       size_t count)
{
    struct ip_address *copy = NULL;

    if (count > 0) {
        copy = calloc(count, sizeof(*copy));
        if (copy == NULL)
            return -ENOMEM;
        memcpy(copy, addresses, count * sizeof(*copy));
        qsort(copy, count, sizeof(*copy), compare);
    }
    bool same = count == watch->count &&
                (count == 0 || memcmp(copy, watch->addresses, count * sizeof(*copy)) == 0);
    free(watch->addresses);
    watch->addresses = copy;
    watch->count = count;
    struct wire_problem problem;
    int r = same ? 0 : set_filter(watch, &watch->vrrp, &problem);
    if (r < 0)
        log_msg(LOG_WARNING, "%s: cannot watch for ARP and ND: %s", watch->name, problem.text);
    return r;
}

int conflict_watch_vrrp(struct conflict_watch *watch, const struct conflict_vrrp *what)
{
    if (memcmp(what, &watch->vrrp, sizeof(*what)) == 0)
        return 0;
    struct wire_problem problem;
    int r = set_filter(watch, what, &problem);
    if (r < 0)
        log_msg(LOG_WARNING, "%s: cannot watch for VRRP messages: %s", watch->name, problem.text);
    else
        watch->vrrp = *what;
    return r;
}
