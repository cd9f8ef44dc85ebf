/* Whole IP packets, behind the octets that make a receiver. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/packet_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *payload;
    size_t payload_size;
    struct packet_ip ip;

    if (size < RECEIVER_CHOICES)
        return 0;
    const uint8_t *packet = data + RECEIVER_CHOICES;
    size -= RECEIVER_CHOICES;
    if (packet_split_ip(packet, size, &ip, &payload, &payload_size) != PACKET_OK)
        return 0;
    MUST(payload >= packet && payload_size <= size);
    MUST((size_t)(payload - packet) <= size - payload_size);
    check_stateless(&ip, payload, payload_size);
    check_with_receiver(&ip, payload, payload_size, data);
    return 0;
}
