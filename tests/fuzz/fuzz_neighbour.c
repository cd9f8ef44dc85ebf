/* Ethernet frames with ARP or ND: no harm; what we announce ourselves is read as an announcement.
 */
#include "lib/neighbour_frame.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t frame[NEIGHBOUR_FRAME_SIZE_MAX];
    struct neighbour_claim claim;

    if (neighbour_frame_parse(data, size, &claim))
        MUST(claim.address.family != IP_FAMILY_NONE);
    if (size < 22)
        return 0;
    struct ip_address six = ip_address_from_octets(IP_FAMILY_IPV6, data);
    struct ip_address four = ip_address_from_octets(IP_FAMILY_IPV4, data);
    size_t length = unsolicited_na_build(&six, data + 16, data[0] % 2 == 0, frame);
    MUST(neighbour_frame_parse(frame, length, &claim));
    MUST(claim.kind == NEIGHBOUR_ANNOUNCEMENT && ip_address_equal(&claim.address, &six));
    MUST(memcmp(claim.mac, data + 16, MAC_SIZE) == 0);
    length = gratuitous_arp_build(&four, data + 16, ARP_FORM_REQUEST, frame);
    MUST(neighbour_frame_parse(frame, length, &claim));
    MUST(ip_address_equal(&claim.address, &four));
    return 0;
}
