/* What lies around a packet in a capture, for the kinds of links that captures come from. */
#ifndef TOOLS_CAPTURE_LINK_LAYER_H
#define TOOLS_CAPTURE_LINK_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum direction {
    DIRECTION_UNKNOWN = 0, /* the capture does not tell */
    DIRECTION_IN,
    DIRECTION_OUT,
};

struct link_frame {
    uint16_t ether_type; /* of what is in `packet` */
    const uint8_t *packet;
    size_t size;
    enum direction direction;
    unsigned ifindex; /* on the machine of the capture; 0: not told */
};

/* True for the DLT_ values that link_layer_read() knows: Ethernet (with VLAN tags), Linux cooked
 * captures of both versions, and plain IP. */
bool link_layer_known(int datalink);

/* False when the frame is shorter than its header. Any octets are safe. */
bool link_layer_read(int datalink, const uint8_t *frame, size_t size, struct link_frame *out);

#endif
