/* Our mark in the kernel's addresses; see mark.h. */
#include "agent/kernel/mark.h"

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>

bool mark_is_ours(const struct observed_address *address)
{
    return address->proto == VIPD_IFA_PROTO || address->metric == VIPD_IFA_METRIC;
}

void mark_learn(struct mark_support *support, const struct observed_address *reported)
{
    support->proto = support->proto || reported->proto != 0;
    support->metric = support->metric || reported->metric == VIPD_IFA_METRIC;
}

bool mark_is_known(const struct mark_support *support)
{
    return support->proto || support->metric;
}

void mark_set(struct observed_address *address, const struct mark_support *support)
{
    address->proto = support->proto || !support->metric ? VIPD_IFA_PROTO : 0;
    address->metric = support->proto ? 0 : VIPD_IFA_METRIC;
}

void mark_put(struct nlmsghdr *message, const struct observed_address *address)
{
    if (address->proto != 0)
        mnl_attr_put_u8(message, ATTRIBUTE_IFA_PROTO, address->proto);
    if (address->metric != 0)
        mnl_attr_put_u32(message, IFA_RT_PRIORITY, address->metric);
}
