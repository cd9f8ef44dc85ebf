/* ARP requests and Neighbor Solicitations. Pure: buffers are the caller's. */
#include "lib/packet/neighbour_request.h"

#include "lib/packet/neighbour_layout.h"

#include <assert.h>
#include <string.h>

size_t neighbour_request_build(const struct neighbour_request *request, uint8_t *buffer)
{
    if (request->target.family == IP_FAMILY_IPV4) {
        size_t size = arp_probe_build(&request->target, request->mac, buffer);

        memcpy(buffer + ETHERNET_SIZE + ARP_SENDER_IP, request->sender.octets, 4);
        return size;
    }
    assert(request->sender.family == IP_FAMILY_IPV6);
    return neighbour_solicitation_build(&request->target, &request->sender, request->mac, buffer);
}
