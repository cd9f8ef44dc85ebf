/* Stamps and machines; see auth_origin.h. */
#include "lib/packet/auth_origin.h"

#include "lib/packet/auth_sequence.h"

#include <string.h>

/* Two seconds. */
#define NEAR (UINT64_C(2) << 32)

bool auth_origin_repeats(struct auth_origin *origin, const struct ip_address *source,
                         uint64_t sequence, const uint8_t mac[MAC_SIZE])
{
    bool known = origin->source.family != IP_FAMILY_NONE &&
                 ip_address_equal(&origin->source, source) &&
                 auth_sequence_after(sequence + NEAR, origin->sequence);
    bool same = known && memcmp(origin->mac, mac, MAC_SIZE) == 0;

    if (!known || auth_sequence_after(sequence, origin->sequence)) {
        *origin = (struct auth_origin){.source = *source, .sequence = sequence, .settled = same};
        memcpy(origin->mac, mac, MAC_SIZE);
        return false;
    }
    if (same)
        return false;
    /* The newest again: of two machines it may be either, unless one was ahead before. */
    return sequence != origin->sequence || origin->settled;
}
