/*
 * The mark that every address of ours carries in the kernel, so that it is told from the
 * administrator's: by ourselves, by whoever comes after us, and by --release. The rest of the agent
 * knows only "ours" and "not ours".
 *
 * Since Linux 5.18 an address has a protocol (IFA_PROTO), which is for this. Older kernels do not
 * keep it; what they keep, from 4.18 on, is the metric of the route that goes with the address
 * (IFA_RT_PRIORITY), so there it is a number of ours, which `ip addr` shows. Vendors carry changes
 * into older kernels, so no version says which it is: a kernel that has the protocol also says it
 * of addresses of its own (loopback), and where that has not been seen an address is given both,
 * and the first is read back. And Linux 6.1 leaves an IPv4 address that is replaced the protocol
 * that it had: one without our mark that is to get it is given both, and loses the metric when the
 * protocol has come back. With neither an address that we add would never be known as ours
 * again.
 */
#ifndef AGENT_KERNEL_MARK_H
#define AGENT_KERNEL_MARK_H

#include "agent/kernel/observed.h"
#include "lib/packet/address_mark.h"

#include <linux/netlink.h>

/* What the kernel has been seen to keep. All zero: nothing is known yet. */
struct mark_support {
    bool proto;
    bool metric;
};

/* Whether it carries our mark, in whichever way. */
bool mark_is_ours(const struct observed_address *address);

/* Takes in what an address tells of the kernel that has reported it. */
void mark_learn(struct mark_support *support, const struct observed_address *reported);

/* True when it is known which marks this kernel keeps. */
bool mark_is_known(const struct mark_support *support);

/* Gives it the mark that this kernel keeps, and no other; both, where that is not known. */
void mark_set(struct observed_address *address, const struct mark_support *support);

/* The same for one that is there, as the kernel has it now: the metric too, where that may be the
 * only one that it takes. */
void mark_renew(struct observed_address *address, const struct mark_support *support);

/* Puts the mark into a message that adds or changes the address. */
void mark_put(struct nlmsghdr *message, const struct observed_address *address);

#endif
