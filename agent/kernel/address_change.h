/*
 * One change to the kernel's addresses, or to a macvlan of ours, and what came of it. A plain value
 * that goes to the thread that writes (address_write.h) and comes back.
 */
#ifndef AGENT_KERNEL_ADDRESS_CHANGE_H
#define AGENT_KERNEL_ADDRESS_CHANGE_H

#include "agent/kernel/observed.h"

enum { ADDRESS_DETAIL_SIZE = 96 };

struct address_change {
    enum address_operation {
        ADDRESS_ADD,
        ADDRESS_REFRESH,
        ADDRESS_REMOVE,
        ADDRESS_PROMOTE, /* of the link: its other addresses stay when the first goes */
        ADDRESS_LINK_UP, /* the link itself */
        ADDRESS_LINK_DOWN,
    } operation;
    int result; /* 0 or a negative errno */
    /* Of an addition: it is not known yet which marks the kernel keeps; see mark.h. */
    bool read_back;
    /* Of an addition: nobody need hear of it; see links_watch_changes(). */
    bool unheard;
    struct observed_address address;
    char detail[ADDRESS_DETAIL_SIZE]; /* what the kernel says beyond the errno; "" */
};

#endif
