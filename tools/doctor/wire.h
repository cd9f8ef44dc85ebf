/* Listening for VRRP on interfaces for a while: libpcap captures, one for what comes in and one for
 * what leaves. Packets come in before this node's firewall sees them, and leave after it. */
#ifndef TOOLS_DOCTOR_WIRE_H
#define TOOLS_DOCTOR_WIRE_H

#include "lib/packet/packet.h"

/* Adverts of one sender, one VRID and one version, on one interface. */
struct heard {
    const char *interface;
    bool outgoing;
    uint8_t mac[6]; /* of the frame; zero where the link has none */
    struct packet_ip ip;
    uint8_t vrid;     /* 0: too short to have one */
    uint8_t *payload; /* of the last one: the VRRP message */
    size_t size;
    unsigned count;
};

struct wire_interface {
    char name[INTERFACE_NAME_SIZE];
    struct heard *list;
    size_t count;
    bool overflown;    /* there were more senders than are kept */
    bool missed;       /* the kernel had no room for some packets */
    bool query;        /* an IGMP or MLD query came in */
    char problem[256]; /* why it could not be listened to; empty: it was */
};

struct wire {
    struct wire_interface *interfaces;
    size_t interface_count;
    uint64_t listened_ns;
};

/* Listens on `count` interfaces at once for that long. NULL: out of memory. Where an interface
 * cannot be listened to, its `problem` says why. */
struct wire *wire_listen(const char *const *interfaces, size_t count, uint64_t listen_ns);
void wire_free(struct wire *wire);

/* NULL: it was not to be listened to. */
const struct wire_interface *wire_interface(const struct wire *wire, const char *name);

#endif
