/* Which frames are recorded; see filter.h. Owner: the recorder, one for each interface. */
#include "agent/recorder/filter.h"

#include "lib/octets.h"
#include "lib/packet/neighbour_message.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

enum { ETHERNET_SIZE = 14 };

static int compare(const void *a, const void *b)
{
    return ip_address_compare(a, b);
}

int recorder_filter_set(struct recorder_filter *filter, const struct ip_address *addresses,
                        size_t count)
{
    struct ip_address *copy = calloc(count + 1, sizeof(*copy));

    if (copy == NULL)
        return -ENOMEM;
    if (count > 0)
        memcpy(copy, addresses, count * sizeof(*copy));
    qsort(copy, count, sizeof(*copy), compare);
    recorder_filter_free(filter);
    *filter = (struct recorder_filter){.addresses = copy, .count = count};
    return 0;
}

void recorder_filter_free(struct recorder_filter *filter)
{
    free(filter->addresses);
    *filter = (struct recorder_filter){0};
}

static bool is_watched(const struct recorder_filter *filter, const struct ip_address *address)
{
    return filter->count > 0 && bsearch(address, filter->addresses, filter->count,
                                        sizeof(*filter->addresses), compare) != NULL;
}

bool recorder_filter_wants(const struct recorder_filter *filter, int datalink, const uint8_t *frame,
                           size_t size)
{
    struct neighbour_message message;

    /* Without link-layer addresses there is no ARP and no ND. */
    if (datalink != DLT_EN10MB)
        return true;
    if (size < ETHERNET_SIZE)
        return false;
    uint16_t type = octets_be16(frame + ETHERNET_SIZE - 2);
    if (neighbour_message_read(type, frame + ETHERNET_SIZE, size - ETHERNET_SIZE, &message) ==
        NEIGHBOUR_OTHER)
        return true;
    return is_watched(filter, &message.target) || is_watched(filter, &message.sender);
}
