/*
 * The mark by which the kernel's addresses of vipd are told from everybody else's: the agent sets
 * it, the tools read it. Why there are two of them: agent/kernel/mark.h.
 */
#ifndef VIP_PACKET_ADDRESS_MARK_H
#define VIP_PACKET_ADDRESS_MARK_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ADDRESS_MARK_PROTOCOL = 0x56, /* 'V', as IFA_PROTO */
    /* "VIPD", as IFA_RT_PRIORITY. Great, so that nobody else has it and no other route loses
     * against ours. */
    ADDRESS_MARK_METRIC = 0x56495044,
    /* IFA_PROTO; <linux/if_addr.h> of older systems has no name for it. */
    ATTRIBUTE_IFA_PROTO = 11,
};

/* True for either mark. 0: the kernel does not say, or there is none. */
static inline bool address_is_marked(uint8_t protocol, uint32_t metric)
{
    return protocol == ADDRESS_MARK_PROTOCOL || metric == ADDRESS_MARK_METRIC;
}

#endif
