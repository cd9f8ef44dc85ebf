/* Our mark in the kernel's addresses; see mark.h. */
#include "agent/kernel/mark.h"

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>

bool mark_is_ours(const struct observed_address *address)
{
    return address_is_marked(address->proto, address->metric);
}

void mark_learn(struct mark_support *support, const struct observed_address *reported)
{
    support->proto = support->proto || reported->proto != 0;
    support->metric = support->metric || reported->metric == ADDRESS_MARK_METRIC;
}

bool mark_is_known(const struct mark_support *support)
{
    return support->proto || support->metric;
}

void mark_set(struct observed_address *address, const struct mark_support *support)
{
    address->proto = support->proto || !support->metric ? ADDRESS_MARK_PROTOCOL : 0;
    address->metric = support->proto ? 0 : ADDRESS_MARK_METRIC;
}

void mark_renew(struct observed_address *address, const struct mark_support *support)
{
    bool forgetful =
        address->prefix.address.family == IP_FAMILY_IPV4 && address->proto != ADDRESS_MARK_PROTOCOL;

    mark_set(address, support);
    if (forgetful)
        address->metric = ADDRESS_MARK_METRIC;
}

void mark_put(struct nlmsghdr *message, const struct observed_address *address)
{
    if (address->proto != 0)
        mnl_attr_put_u8(message, ATTRIBUTE_IFA_PROTO, address->proto);
    if (address->metric != 0)
        mnl_attr_put_u32(message, IFA_RT_PRIORITY, address->metric);
}
