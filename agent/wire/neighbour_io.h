/* Sends announcements (gratuitous ARP, unsolicited NA) through one packet socket, many in one
 * sendmmsg(). */
#ifndef AGENT_WIRE_NEIGHBOUR_IO_H
#define AGENT_WIRE_NEIGHBOUR_IO_H

#include "lib/packet/claimed_address.h"
#include "lib/packet/neighbour_frame.h"

struct neighbour_io;

/* 0 or a negative errno. */
int neighbour_io_open(struct neighbour_io **out);
void neighbour_io_close(struct neighbour_io *io);

struct announcement {
    int ifindex;
    const char *ifname; /* for messages */
    const uint8_t *mac; /* six octets: the link's, or the virtual one */
    const char *device; /* of the addresses those that name this device, or "": none */
    const struct claimed_address *addresses;
    size_t count;
    bool reply_form; /* an ARP reply beside each request */
    bool router;     /* R flag of NAs: the node forwards IPv6 on that link */
};

/* Sends a frame (or two) for each address. Returns 0, or the first negative errno; what can be sent
 * is sent. No allocation. */
int neighbour_io_announce(struct neighbour_io *io, const struct announcement *announcement);

/* A question to the link: who holds these addresses? */
struct question {
    int ifindex;
    const uint8_t *mac;                      /* where answers go */
    const struct ip_address *source;         /* of ours, for IPv6 */
    const struct claimed_address *addresses; /* those of its family that name no device */
    size_t count;
};

/* Sends a probe (ARP, Neighbor Solicitation) for each address; answers are ordinary claims. As
 * neighbour_io_announce(). */
int neighbour_io_ask(struct neighbour_io *io, const struct question *question);

#endif
