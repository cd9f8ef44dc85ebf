/* The recorder's capture; see frame_tap.h. Owner: the recorder. */
#include "agent/wire/frame_tap.h"

#include "agent/base/clock.h"
#include "agent/base/source.h"
#include "lib/limits.h"

#include <assert.h>
#include <errno.h>
#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* The longest advertisement with its headers is kept whole. */
    SNAP_OCTETS = ADVERT_SIZE_MAX + 128,
    /* So many at a time are worth being collected often. */
    FRAMES_BUSY = 32,
    /* What waits until it is collected: some thousand frames. */
    BUFFER_BYTES = 4 * 1024 * 1024,
    /* What 255 instances send and hear meanwhile is read in one turn of the loop. */
    FRAMES_PER_PASS = 512,
    PASSES_PER_DRAIN = 8,
    LATE_ACCURACY_US = 250 * 1000,
};

/* Frames are collected when adverts pass, which costs no wake-up, but not for each of them: often
 * where there were many; and where none pass for so long, by a timer. Where they did pass it looks
 * again much later. */
#define BUSY_NS   (100 * NS_PER_MS)
#define QUIET_NS  (4 * NS_PER_SEC)
#define LATEST_NS (5 * NS_PER_SEC)
#define CALM_NS   (30 * NS_PER_SEC)

struct frame_tap {
    struct frame_socket *socket;
    sd_event_source *timer;
    uint64_t next_ns; /* when it is worth while to collect: boot time */
    bool passed;      /* adverts, since the timer fired */
    char name[INTERFACE_NAME_SIZE];
    frame_seen_fn fn;
    void *userdata;
};

/* Those behind IPv6 extension headers too, though none of them counts: who looks into a recording
 * wants to see them. */
#define ADVERTS                                                                                    \
    "ip proto 112 or ip6 proto 112 or ip6 dst host ff02::12 or "                                   \
    "((ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 60) and ip6[40] = 112)"

/* Where there are no link-layer addresses there is no ARP, and libpcap refuses to look for it. */
static const char *filter_for(int datalink)
{
    if (datalink != DLT_EN10MB)
        return ADVERTS;
    return ADVERTS " or arp or (icmp6 and (ip6[40] = 135 or ip6[40] = 136))";
}

static void collect(struct frame_tap *tap, uint64_t now_ns)
{
    size_t n = frame_socket_read(tap->socket, FRAMES_PER_PASS, tap->fn, tap->userdata);

    tap->next_ns = now_ns + (n < FRAMES_BUSY ? QUIET_NS : BUSY_NS);
}

void frame_tap_collect(struct frame_tap *tap, uint64_t now_ns)
{
    if (now_ns < tap->next_ns)
        return;
    tap->passed = true;
    collect(tap, now_ns);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct frame_tap *tap = userdata;
    uint64_t now_ns = clock_boot_ns();
    uint64_t wait_ns = tap->passed ? CALM_NS : LATEST_NS;

    (void)usec;
    tap->passed = false;
    collect(tap, now_ns);
    (void)source_set_time(source, (now_ns + wait_ns) / NS_PER_US);
    return source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int open_capture(struct frame_tap *tap, const char *ifname, struct room *room,
                        struct wire_problem *problem)
{
    const struct frame_socket_options options = {
        .ifname = ifname, .snap = SNAP_OCTETS, .room = room, .buffer_bytes = BUFFER_BYTES};
    int r = frame_socket_open(&options, &tap->socket, problem);

    if (r >= 0)
        r = frame_socket_filter(tap->socket, filter_for(frame_socket_datalink(tap->socket)),
                                problem);
    if (r >= 0)
        r = frame_socket_start(tap->socket, problem);
    return r;
}

int frame_tap_open(const char *ifname, struct room *room, struct frame_tap **out,
                   struct wire_problem *problem)
{
    struct frame_tap *tap = calloc(1, sizeof(*tap));
    struct wire_problem detail = {.text = "out of memory"};
    int r = tap != NULL ? open_capture(tap, ifname, room, &detail) : -ENOMEM;

    *out = NULL;
    if (r < 0) {
        snprintf(problem->text, sizeof(problem->text), "cannot record frames: %.200s", detail.text);
        frame_tap_close(tap);
        return r;
    }
    *out = tap;
    return 0;
}

int frame_tap_listen(struct frame_tap *tap, sd_event *event, int64_t priority, frame_seen_fn fn,
                     void *userdata)
{
    tap->fn = fn;
    tap->userdata = userdata;
    int r =
        source_add_time(event, &tap->timer, CLOCK_BOOTTIME,
                        (clock_boot_ns() + LATEST_NS) / NS_PER_US, LATE_ACCURACY_US, on_timer, tap);
    if (r >= 0)
        r = sd_event_source_set_priority(tap->timer, priority);
    return r < 0 ? r : 0;
}

void frame_tap_silence(struct frame_tap *tap)
{
    if (tap != NULL)
        tap->timer = sd_event_source_disable_unref(tap->timer);
}

void frame_tap_close(struct frame_tap *tap)
{
    if (tap == NULL)
        return;
    assert(tap->timer == NULL);
    frame_socket_close(tap->socket);
    free(tap);
}

int frame_tap_datalink(const struct frame_tap *tap)
{
    return frame_socket_datalink(tap->socket);
}

void frame_tap_drain(struct frame_tap *tap)
{
    for (int i = 0; i < PASSES_PER_DRAIN; i++)
        if (frame_socket_read(tap->socket, FRAMES_PER_PASS, tap->fn, tap->userdata) <
            FRAMES_PER_PASS)
            return;
}

uint64_t frame_tap_dropped(struct frame_tap *tap)
{
    return frame_socket_dropped(tap->socket);
}
