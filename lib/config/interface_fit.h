/*
 * What kinds of interface can do for an instance: which ones cannot carry what it asks of them, and
 * which ones bring it back to itself. Judged by what the kernel tells of an interface, before
 * anything is tried: much of what cannot work is accepted by the kernel without a word (a dummy
 * takes adverts and drops them), and two nodes would be MASTER. Pure; vipd and vipctl ask it alike.
 */
#ifndef VIP_CONFIG_INTERFACE_FIT_H
#define VIP_CONFIG_INTERFACE_FIT_H

#include "lib/config/config.h"

/* What is known of an interface. */
struct interface_nature {
    const char *name;
    const char *kind; /* as `ip -d link` calls it: "macvlan"; "" for hardware */
    unsigned mode;    /* of a macvlan, an ipvlan or a bond, as the kernel counts; else 0 */
    bool ethernet;    /* it has MACs (ARPHRD_ETHER) */
    bool loopback;
    bool multicast; /* IFF_MULTICAST */
};

enum { INTERFACE_FIT_SIZE = 224 };

/* NULL when it can carry what the instance asks of it. Otherwise why it cannot and what to do, as
 * one sentence without a full stop, in the buffer. */
const char *interface_unfit(const struct interface_nature *nature,
                            const struct config_instance *instance, char *buffer, size_t size);

/* True for a bond that sends by several slaves and takes in by all: what one has sent to all
 * stations comes back by the others, where the switch does not know of the bond. */
bool interface_hears_itself(const struct interface_nature *nature);

#endif
