/* Link-layer headers of captures; see link_layer.h. The cooked ones are in pcap-linktype(7). */
#include "tools/capture/link_layer.h"

#include "lib/octets.h"
#include "lib/packet/neighbour_message.h"

#include <pcap/pcap.h>

enum {
    ETHERNET_SIZE = 14,
    VLAN_SIZE = 4,
    ETHER_TYPE_VLAN = 0x8100,
    ETHER_TYPE_SERVICE_VLAN = 0x88a8,
    COOKED_SIZE = 16,
    COOKED2_SIZE = 20,
    PACKET_SENT_BY_US = 4,
};

static bool set_packet(struct link_frame *out, const uint8_t *frame, size_t size, size_t header)
{
    if (size < header)
        return false;
    out->packet = frame + header;
    out->size = size - header;
    return true;
}

static bool read_ethernet(const uint8_t *frame, size_t size, struct link_frame *out)
{
    size_t header = ETHERNET_SIZE;

    if (size < header)
        return false;
    out->ether_type = octets_be16(frame + header - 2);
    while (out->ether_type == ETHER_TYPE_VLAN || out->ether_type == ETHER_TYPE_SERVICE_VLAN) {
        header += VLAN_SIZE;
        if (size < header)
            return false;
        out->ether_type = octets_be16(frame + header - 2);
    }
    return set_packet(out, frame, size, header);
}

static bool read_cooked(const uint8_t *frame, size_t size, struct link_frame *out)
{
    if (size < COOKED_SIZE)
        return false;
    out->direction = octets_be16(frame) == PACKET_SENT_BY_US ? DIRECTION_OUT : DIRECTION_IN;
    out->ether_type = octets_be16(frame + 14);
    return set_packet(out, frame, size, COOKED_SIZE);
}

static bool read_cooked2(const uint8_t *frame, size_t size, struct link_frame *out)
{
    if (size < COOKED2_SIZE)
        return false;
    out->ether_type = octets_be16(frame);
    out->ifindex = (unsigned)octets_be16(frame + 4) << 16 | octets_be16(frame + 6);
    out->direction = frame[10] == PACKET_SENT_BY_US ? DIRECTION_OUT : DIRECTION_IN;
    return set_packet(out, frame, size, COOKED2_SIZE);
}

static bool read_plain(const uint8_t *frame, size_t size, struct link_frame *out)
{
    if (size == 0)
        return false;
    out->ether_type = frame[0] >> 4 == 6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4;
    return set_packet(out, frame, size, 0);
}

bool link_layer_known(int datalink)
{
    switch (datalink) {
    case DLT_EN10MB:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
        return true;
    default:
        return false;
    }
}

bool link_layer_read(int datalink, const uint8_t *frame, size_t size, struct link_frame *out)
{
    *out = (struct link_frame){0};
    switch (datalink) {
    case DLT_EN10MB:
        return read_ethernet(frame, size, out);
    case DLT_LINUX_SLL:
        return read_cooked(frame, size, out);
    case DLT_LINUX_SLL2:
        return read_cooked2(frame, size, out);
    default:
        return read_plain(frame, size, out);
    }
}
