/* The watch over ARP and ND; see conflict.h. Owner: the segment. */
#include "agent/wire/conflict.h"

#include "agent/base/log.h"
#include "agent/wire/neighbour_filter.h"
#include "lib/packet/packet.h"

#include <assert.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    /* The longest advert there is on an Ethernet; the ring has a slot of that size for each. */
    SNAP_OCTETS = 1514,
    RING_BYTES = 512 * 1024,
    FRAMES_PER_PASS = 64,
    FILTER_TRIES = 2, /* the link may go down in between */
    FILTER_TEXT_SIZE = NEIGHBOUR_FILTER_SIZE + 1024 + CONFLICT_OWN_MAX * (ADDRESS_TEXT_SIZE + 16) +
                       CONFLICT_RIVALS_MAX * (MAC_TEXT_SIZE + 80),
};

/* Beside what is about our addresses: adverts of an owner. */
static const char filter_text[] = " or (ip proto 112 and ip[((ip[0] & 15) << 2) + 2] = 255)"
                                  " or (ip6 proto 112 and ip6[42] = 255)";

struct conflict_watch {
    pcap_t *pcap;
    sd_event_source *source;
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

static void on_frame(u_char *userdata, const struct pcap_pkthdr *header, const u_char *octets)
{
    struct conflict_watch *watch = (struct conflict_watch *)(void *)userdata;
    struct neighbour_claim claim;
    struct vrrp_frame vrrp;

    if (vrrp_frame_read(octets, header->caplen, &vrrp)) {
        watch->vrrp_fn(watch->userdata, &vrrp);
        return;
    }
    if (!neighbour_frame_parse(octets, header->caplen, &claim))
        return;
    if (watch->count > 0 && bsearch(&claim.address, watch->addresses, watch->count,
                                    sizeof(*watch->addresses), compare) != NULL)
        watch->fn(watch->userdata, &claim);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct conflict_watch *watch = userdata;

    (void)source;
    (void)fd;
    (void)revents;
    if (pcap_dispatch(watch->pcap, FRAMES_PER_PASS, on_frame, (u_char *)watch) != PCAP_ERROR)
        return 0;
    /* The link went down or away: the observer of links says so; a broken capture must not spin. */
    log_msg(LOG_DEBUG, "%s: capture: %s", watch->name, pcap_geterr(watch->pcap));
    return 0;
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

/* That the link went down stays with the socket until it is read, and libpcap, which empties the
 * socket between two filters, takes it for a failure and leaves it deaf. */
static void forget_error(struct conflict_watch *watch)
{
    int error;
    socklen_t size = sizeof(error);

    (void)getsockopt(pcap_fileno(watch->pcap), SOL_SOCKET, SO_ERROR, &error, &size);
}

static int set_filter(struct conflict_watch *watch, const struct conflict_vrrp *what)
{
    char text[FILTER_TEXT_SIZE];
    struct bpf_program filter;

    neighbour_filter_text(watch->addresses, watch->count, text, sizeof(text));
    size_t used = strlen(text);
    snprintf(text + used, sizeof(text) - used, "%s", filter_text);
    add_own(text, sizeof(text), IP_FAMILY_IPV4, what->own, what->own_count);
    add_own(text, sizeof(text), IP_FAMILY_IPV6, what->own, what->own_count);
    add_rivals(text, sizeof(text), what);
    if (pcap_compile(watch->pcap, &filter, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return -EIO;
    int r = -1;
    for (int i = 0; i < FILTER_TRIES && r != 0; i++) {
        forget_error(watch);
        r = pcap_setfilter(watch->pcap, &filter);
    }
    pcap_freecode(&filter);
    return r != 0 ? -EIO : 0;
}

/* libpcap passes over what this machine sends, but has it copied and is woken for it. Since Linux
 * 4.20; without it that is only dearer. */
static void ignore_outgoing(struct conflict_watch *watch)
{
    int one = 1;

    (void)setsockopt(pcap_fileno(watch->pcap), SOL_PACKET, PACKET_IGNORE_OUTGOING, &one,
                     sizeof(one));
}

static int set_up(struct conflict_watch *watch)
{
    if (pcap_set_snaplen(watch->pcap, SNAP_OCTETS) != 0 ||
        pcap_set_immediate_mode(watch->pcap, 1) != 0 ||
        pcap_set_buffer_size(watch->pcap, RING_BYTES) != 0)
        return -EINVAL;
    /* Positive values are warnings. */
    if (pcap_activate(watch->pcap) < 0)
        return -EIO;
    if (pcap_datalink(watch->pcap) != DLT_EN10MB)
        return -EOPNOTSUPP;
    if (pcap_setdirection(watch->pcap, PCAP_D_IN) != 0 || set_filter(watch, &watch->vrrp) < 0)
        return -EIO;
    ignore_outgoing(watch);
    return 0;
}

static int open_capture(struct conflict_watch *watch, char error[PCAP_ERRBUF_SIZE])
{
    watch->pcap = pcap_create(watch->name, error);
    if (watch->pcap == NULL)
        return -EIO;
    int r = set_up(watch);
    if (r < 0)
        snprintf(error, PCAP_ERRBUF_SIZE, "%s", pcap_geterr(watch->pcap));
    else if (pcap_setnonblock(watch->pcap, 1, error) != 0)
        r = -EIO;
    return r;
}

int conflict_watch_open(const char *ifname, struct conflict_watch **out,
                        struct wire_problem *problem)
{
    struct conflict_watch *watch = calloc(1, sizeof(*watch));
    char error[PCAP_ERRBUF_SIZE] = "out of memory";
    int r = -ENOMEM;

    *out = NULL;
    if (watch != NULL) {
        memcpy(watch->name, ifname, strnlen(ifname, sizeof(watch->name) - 1));
        r = open_capture(watch, error);
    }
    if (r == -EOPNOTSUPP) {
        conflict_watch_close(watch);
        return r;
    }
    if (r < 0) {
        snprintf(problem->text, sizeof(problem->text), "cannot watch ARP and ND: %.200s", error);
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
    int r = sd_event_add_io(event, &watch->source, pcap_get_selectable_fd(watch->pcap), EPOLLIN,
                            on_readable, watch);
    if (r >= 0)
        r = sd_event_source_set_priority(watch->source, priority);
    return r < 0 ? r : 0;
}

void conflict_watch_silence(struct conflict_watch *watch)
{
    if (watch != NULL)
        watch->source = sd_event_source_disable_unref(watch->source);
}

void conflict_watch_close(struct conflict_watch *watch)
{
    if (watch == NULL)
        return;
    assert(watch->source == NULL);
    if (watch->pcap != NULL)
        pcap_close(watch->pcap);
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
    /* Frames that wait in the ring go with the filter. */
    int r = same ? 0 : set_filter(watch, &watch->vrrp);
    if (r < 0)
        log_msg(LOG_WARNING, "%s: cannot watch for ARP and ND: %s", watch->name,
                pcap_geterr(watch->pcap));
    return r;
}

int conflict_watch_vrrp(struct conflict_watch *watch, const struct conflict_vrrp *what)
{
    if (memcmp(what, &watch->vrrp, sizeof(*what)) == 0)
        return 0;
    int r = set_filter(watch, what);
    if (r < 0)
        log_msg(LOG_WARNING, "%s: cannot watch for VRRP messages: %s", watch->name,
                pcap_geterr(watch->pcap));
    else
        watch->vrrp = *what;
    return r;
}
