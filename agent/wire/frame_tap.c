/* The recorder's capture; see frame_tap.h. Owner: the recorder. */
#include "agent/wire/frame_tap.h"

#include "agent/base/log.h"
#include "lib/limits.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* The longest advertisement with its headers is kept whole. */
    SNAP_OCTETS = ADVERT_SIZE_MAX + 128,
    /* Two blocks of libpcap's: one is filled while the other is read. */
    RING_BYTES = 512 * 1024,
    COLLECT_MS = 100,
    /* What 255 instances send and hear meanwhile is read in one turn of the loop. */
    FRAMES_PER_PASS = 512,
    PASSES_PER_DRAIN = 8,
};

struct frame_tap {
    pcap_t *pcap;
    sd_event_source *source;
    char name[INTERFACE_NAME_SIZE];
    frame_fn fn;
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

static void on_frame(u_char *userdata, const struct pcap_pkthdr *header, const u_char *octets)
{
    const struct frame_tap *tap = (const struct frame_tap *)(const void *)userdata;

    tap->fn(tap->userdata, header, octets);
}

/* Frames read, 0 when there are none now. */
static int read_some(struct frame_tap *tap)
{
    int n = pcap_dispatch(tap->pcap, FRAMES_PER_PASS, on_frame, (u_char *)tap);

    /* The link went down or away: the observer of links says so. */
    if (n < 0)
        log_msg(LOG_DEBUG, "%s: recorder: %s", tap->name, pcap_geterr(tap->pcap));
    return n > 0 ? n : 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)source;
    (void)fd;
    (void)revents;
    (void)read_some(userdata);
    return 0;
}

static int set_up(struct frame_tap *tap)
{
    struct bpf_program filter;

    if (pcap_set_snaplen(tap->pcap, SNAP_OCTETS) != 0 ||
        pcap_set_timeout(tap->pcap, COLLECT_MS) != 0 ||
        pcap_set_buffer_size(tap->pcap, RING_BYTES) != 0)
        return -EINVAL;
    /* Positive values are warnings. */
    if (pcap_activate(tap->pcap) < 0 ||
        pcap_compile(tap->pcap, &filter, filter_for(pcap_datalink(tap->pcap)), 1,
                     PCAP_NETMASK_UNKNOWN) != 0)
        return -EIO;
    int r = pcap_setfilter(tap->pcap, &filter);
    pcap_freecode(&filter);
    return r == 0 ? 0 : -EIO;
}

static int open_capture(struct frame_tap *tap, char error[PCAP_ERRBUF_SIZE])
{
    tap->pcap = pcap_create(tap->name, error);
    if (tap->pcap == NULL)
        return -EIO;
    int r = set_up(tap);
    if (r < 0)
        snprintf(error, PCAP_ERRBUF_SIZE, "%s", pcap_geterr(tap->pcap));
    else if (pcap_setnonblock(tap->pcap, 1, error) != 0)
        r = -EIO;
    return r;
}

int frame_tap_open(const char *ifname, struct frame_tap **out, struct wire_problem *problem)
{
    struct frame_tap *tap = calloc(1, sizeof(*tap));
    char error[PCAP_ERRBUF_SIZE] = "out of memory";
    int r = -ENOMEM;

    *out = NULL;
    if (tap != NULL) {
        memcpy(tap->name, ifname, strnlen(ifname, sizeof(tap->name) - 1));
        r = open_capture(tap, error);
    }
    if (r < 0) {
        snprintf(problem->text, sizeof(problem->text), "cannot record frames: %.200s", error);
        frame_tap_close(tap);
        return r;
    }
    *out = tap;
    return 0;
}

int frame_tap_listen(struct frame_tap *tap, sd_event *event, int64_t priority, frame_fn fn,
                     void *userdata)
{
    tap->fn = fn;
    tap->userdata = userdata;
    int r = sd_event_add_io(event, &tap->source, pcap_get_selectable_fd(tap->pcap), EPOLLIN,
                            on_readable, tap);
    if (r >= 0)
        r = sd_event_source_set_priority(tap->source, priority);
    return r < 0 ? r : 0;
}

void frame_tap_silence(struct frame_tap *tap)
{
    if (tap != NULL)
        tap->source = sd_event_source_disable_unref(tap->source);
}

void frame_tap_close(struct frame_tap *tap)
{
    if (tap == NULL)
        return;
    assert(tap->source == NULL);
    if (tap->pcap != NULL)
        pcap_close(tap->pcap);
    free(tap);
}

int frame_tap_datalink(const struct frame_tap *tap)
{
    return pcap_datalink(tap->pcap);
}

void frame_tap_drain(struct frame_tap *tap)
{
    for (int i = 0; i < PASSES_PER_DRAIN; i++)
        if (read_some(tap) < FRAMES_PER_PASS)
            return;
}

uint64_t frame_tap_dropped(struct frame_tap *tap)
{
    struct pcap_stat stat;

    return pcap_stats(tap->pcap, &stat) == 0 ? stat.ps_drop : 0;
}
