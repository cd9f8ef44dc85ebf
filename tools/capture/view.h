/* One frame of a capture: what it is to us, as a line for people and as JSON. */
#ifndef TOOLS_CAPTURE_VIEW_H
#define TOOLS_CAPTURE_VIEW_H

#include "lib/packet/neighbour_message.h"
#include "lib/packet/packet.h"
#include "tools/capture/link_layer.h"

#include <jansson.h>
#include <net/if.h>
#include <pcap/pcap.h>

/* Where frames come from, and what can be told of them. */
struct capture_source {
    int datalink;
    bool live; /* here and now: numbers of interfaces are ours */
    bool colour;
};

enum capture_kind {
    CAPTURE_OTHER = 0, /* nothing to show */
    CAPTURE_ADVERT,
    CAPTURE_ARP,
    CAPTURE_ND,
};

struct capture_view {
    uint64_t wall_ns;
    enum direction direction;
    char interface[IF_NAMESIZE]; /* its name, "#NUMBER" on another machine; empty: not told */
    enum capture_kind kind;
    bool valid;
    bool cut;           /* the capture has only a part of it, so that it cannot be judged */
    const char *reason; /* why it is not valid */
    struct packet_ip ip;
    struct advert advert;             /* CAPTURE_ADVERT */
    struct neighbour_message message; /* CAPTURE_ARP and CAPTURE_ND */
};

/* Reads a frame. *out points into it. */
void capture_view_read(const struct capture_source *source, const struct pcap_pkthdr *header,
                       const uint8_t *octets, struct capture_view *out);

/* One line on stdout. */
void capture_view_print(const struct capture_view *view, const struct capture_source *source);

/* A new reference. */
json_t *capture_view_json(const struct capture_view *view);

/* A line that is no frame (an event of a recording), in the same columns. */
void capture_event_print(uint64_t wall_ns, const char *text, const struct capture_source *source);
json_t *capture_event_json(uint64_t wall_ns, const char *text);

#endif
