/*
 * Which machine sends the newest adverts of one sender, by the stamps of captured frames whose tag
 * was right (auth.h). The sender has stamped all there are, each once and in its order: another
 * machine from which one comes that is no newer has recorded it. That says more than the mark of
 * the sender, which its genuine adverts do not exceed either once they have been heard.
 */
#ifndef VIP_PACKET_AUTH_ORIGIN_H
#define VIP_PACKET_AUTH_ORIGIN_H

#include "lib/packet/address.h"
#include "lib/packet/neighbour_frame.h"

/* All zero: nothing was captured. */
struct auth_origin {
    struct ip_address source; /* NONE: nobody */
    uint64_t sequence;        /* the newest */
    uint8_t mac[MAC_SIZE];    /* where it came from first */
    bool settled;             /* as did the one before */
};

/* Takes a frame in whose tag was right. True: that machine repeats what it has heard. Of one that
 * is far older it says nothing: another time may have begun for the sender. */
bool auth_origin_repeats(struct auth_origin *origin, const struct ip_address *source,
                         uint64_t sequence, const uint8_t mac[MAC_SIZE]);

#endif
