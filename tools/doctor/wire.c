/* Captures on several interfaces at once; see wire.h. What is heard is bounded: a flood of made-up
 * senders fills the list and then goes uncounted. */
#include "tools/doctor/wire.h"

#include "tools/common/monotonic.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Of each interface. Its own 255 VRIDs in two families are well below. */
    HEARD_MAX = 2048,
    SNAP_OCTETS = 8192,
    RING_BYTES = 512 * 1024,
    FRAMES_PER_PASS = 256,
    ETHERNET_HEADER = 14,
    MAC_OCTETS = 6,
    PROTOCOL_IGMP = 2,
    IGMP_QUERY = 0x11,
    MLD_QUERY = 130,
    IPV6_HEADER = 40,
    HOP_BY_HOP = 8,
};

/* VRRP, IGMP, and ICMPv6 behind a hop-by-hop header, which is how MLD comes. */
static const char filter_text[] =
    "ip proto 112 or ip6 proto 112 or igmp or (ip6[6] = 0 and ip6[40] = 58)";

struct capture {
    struct wire *wire;
    size_t interface;
    bool outgoing;
    int link_type;
    pcap_t *pcap;
};

static struct heard *find(struct wire_interface *interface, const struct heard *like)
{
    uint8_t version = like->payload[0] >> 4;

    for (size_t i = 0; i < interface->count; i++) {
        struct heard *heard = &interface->list[i];

        if (heard->outgoing == like->outgoing && heard->vrid == like->vrid &&
            heard->payload[0] >> 4 == version && memcmp(heard->mac, like->mac, MAC_OCTETS) == 0 &&
            ip_address_equal(&heard->ip.source, &like->ip.source))
            return heard;
    }
    return NULL;
}

/* Room for one more; NULL: there are too many, or memory ran out. */
static struct heard *append(struct wire_interface *interface)
{
    struct heard *list = NULL;

    if (interface->count < HEARD_MAX)
        list = reallocarray(interface->list, interface->count + 1, sizeof(*list));
    if (list == NULL) {
        interface->overflown = true;
        return NULL;
    }
    interface->list = list;
    list[interface->count] = (struct heard){0};
    return &list[interface->count++];
}

static void add(struct wire_interface *interface, const struct heard *like)
{
    struct heard *heard = find(interface, like);
    uint8_t *copy = malloc(like->size);

    if (copy == NULL)
        return;
    memcpy(copy, like->payload, like->size);
    if (heard == NULL)
        heard = append(interface);
    if (heard == NULL) {
        free(copy);
        return;
    }
    unsigned count = heard->count + 1;
    free(heard->payload);
    *heard = *like;
    heard->payload = copy;
    heard->count = count;
}

/* Octets of an IP packet that may be an IGMP or MLD query. */
static bool is_query(const uint8_t *packet, size_t size)
{
    size_t header = (size_t)(packet[0] & 0x0f) * 4;

    if (packet[0] >> 4 == 4)
        return size > header && packet[9] == PROTOCOL_IGMP && packet[header] == IGMP_QUERY;
    return size > IPV6_HEADER + HOP_BY_HOP && packet[6] == 0 &&
           packet[IPV6_HEADER + HOP_BY_HOP] == MLD_QUERY;
}

static void on_frame(u_char *userdata, const struct pcap_pkthdr *header, const u_char *octets)
{
    struct capture *capture = (struct capture *)(void *)userdata;
    struct wire_interface *interface = &capture->wire->interfaces[capture->interface];
    size_t link_header = capture->link_type == DLT_EN10MB ? ETHERNET_HEADER : 0;
    struct heard heard = {.interface = interface->name, .outgoing = capture->outgoing};
    const uint8_t *payload;

    if (header->caplen <= link_header + 20)
        return;
    const uint8_t *packet = octets + link_header;
    size_t size = header->caplen - link_header;
    if (link_header > 0)
        memcpy(heard.mac, octets + MAC_OCTETS, MAC_OCTETS);
    if (packet_split_ip(packet, size, &heard.ip, &payload, &heard.size) != PACKET_OK) {
        interface->query = interface->query || (!capture->outgoing && is_query(packet, size));
        return;
    }
    if (heard.size == 0)
        return;
    heard.payload = (uint8_t *)payload; /* add() copies it */
    heard.vrid = packet_peek_vrid(payload, heard.size);
    add(interface, &heard);
}

static int set_up(struct capture *capture)
{
    struct bpf_program filter;
    pcap_t *pcap = capture->pcap;

    if (pcap_set_snaplen(pcap, SNAP_OCTETS) != 0 || pcap_set_immediate_mode(pcap, 1) != 0 ||
        pcap_set_buffer_size(pcap, RING_BYTES) != 0)
        return PCAP_ERROR;
    int r = pcap_activate(pcap);
    if (r < 0)
        return r;
    if (pcap_setdirection(pcap, capture->outgoing ? PCAP_D_OUT : PCAP_D_IN) != 0 ||
        pcap_compile(pcap, &filter, filter_text, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return PCAP_ERROR;
    r = pcap_setfilter(pcap, &filter);
    pcap_freecode(&filter);
    capture->link_type = pcap_datalink(pcap);
    return r;
}

static void open_capture(struct capture *capture)
{
    struct wire_interface *interface = &capture->wire->interfaces[capture->interface];
    char error[PCAP_ERRBUF_SIZE] = "";

    capture->pcap = pcap_create(interface->name, error);
    if (capture->pcap == NULL) {
        snprintf(interface->problem, sizeof(interface->problem), "%s", error);
        return;
    }
    int r = set_up(capture);
    if (r < 0)
        snprintf(interface->problem, sizeof(interface->problem), "%s%s%s", pcap_statustostr(r),
                 pcap_geterr(capture->pcap)[0] != '\0' ? ": " : "", pcap_geterr(capture->pcap));
    else if (capture->link_type != DLT_EN10MB && capture->link_type != DLT_RAW)
        snprintf(interface->problem, sizeof(interface->problem), "neither Ethernet nor plain IP");
    else if (pcap_setnonblock(capture->pcap, 1, error) != 0)
        snprintf(interface->problem, sizeof(interface->problem), "%s", error);
    else
        return;
    pcap_close(capture->pcap);
    capture->pcap = NULL;
}

static void close_capture(struct capture *capture)
{
    struct pcap_stat stat;

    if (capture->pcap == NULL)
        return;
    if (pcap_stats(capture->pcap, &stat) != 0 || stat.ps_drop > 0)
        capture->wire->interfaces[capture->interface].missed = true;
    pcap_close(capture->pcap);
}

/* poll() leaves out entries with a negative descriptor. */
static void listen_until(struct capture *captures, size_t count, struct pollfd *waits,
                         uint64_t until_ns)
{
    for (size_t i = 0; i < count; i++) {
        pcap_t *pcap = captures[i].pcap;
        waits[i] = (struct pollfd){.fd = pcap != NULL ? pcap_get_selectable_fd(pcap) : -1,
                                   .events = POLLIN};
    }
    for (uint64_t now = monotonic_ns(); now < until_ns; now = monotonic_ns()) {
        int n = poll(waits, count, (int)((until_ns - now) / NS_PER_MS + 1));
        if (n < 0 && errno != EINTR)
            return;
        for (size_t i = 0; n > 0 && i < count; i++) {
            if (waits[i].revents == 0)
                continue;
            /* The interface went down or away: nothing more will come of it. */
            if (pcap_dispatch(captures[i].pcap, FRAMES_PER_PASS, on_frame,
                              (u_char *)&captures[i]) == PCAP_ERROR)
                waits[i].fd = -1;
        }
    }
}

struct wire *wire_listen(const char *const *interfaces, size_t count, uint64_t listen_ns)
{
    struct wire *wire = calloc(1, sizeof(*wire));
    struct capture *captures = calloc(2 * count + 1, sizeof(*captures));
    struct pollfd *waits = calloc(2 * count + 1, sizeof(*waits));
    bool good = wire != NULL && captures != NULL && waits != NULL;

    if (good) {
        wire->interfaces = calloc(count + 1, sizeof(*wire->interfaces));
        wire->interface_count = count;
        wire->listened_ns = listen_ns;
        good = wire->interfaces != NULL;
    }
    for (size_t i = 0; good && i < 2 * count; i++) {
        captures[i] = (struct capture){.wire = wire, .interface = i / 2, .outgoing = i % 2 == 1};
        if (i % 2 == 0)
            snprintf(wire->interfaces[i / 2].name, INTERFACE_NAME_SIZE, "%s", interfaces[i / 2]);
        open_capture(&captures[i]);
    }
    if (good)
        listen_until(captures, 2 * count, waits, monotonic_ns() + listen_ns);
    for (size_t i = 0; captures != NULL && i < 2 * count; i++)
        close_capture(&captures[i]);
    free(waits);
    free(captures);
    if (good)
        return wire;
    wire_free(wire);
    return NULL;
}

void wire_free(struct wire *wire)
{
    if (wire == NULL)
        return;
    for (size_t i = 0; wire->interfaces != NULL && i < wire->interface_count; i++) {
        struct wire_interface *interface = &wire->interfaces[i];

        for (size_t j = 0; j < interface->count; j++)
            free(interface->list[j].payload);
        free(interface->list);
    }
    free(wire->interfaces);
    free(wire);
}

const struct wire_interface *wire_interface(const struct wire *wire, const char *name)
{
    for (size_t i = 0; wire != NULL && i < wire->interface_count; i++)
        if (strcmp(wire->interfaces[i].name, name) == 0)
            return &wire->interfaces[i];
    return NULL;
}
