/* Addresses into the kernel and out of it; see address_batch.h. Owner: the reconciler. */
#include "agent/kernel/address_batch.h"

#include "agent/base/log.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <string.h>

enum {
    /* A longer one is no network that others could be in. */
    IPV4_NETWORK_LENGTH_MAX = 31,
};

static void send_batch(struct address_batch *batch);

static const char *link_name(const struct address_batch *batch, int ifindex)
{
    const struct link *link = links_by_index(batch->links, ifindex);

    return link != NULL ? link->name : "(gone)";
}

/* Whether the outcome is as good as success: what was wanted is so already. */
static bool harmless(const struct address_change *change, int error)
{
    if (change->operation == ADDRESS_REMOVE)
        return error == -EADDRNOTAVAIL || error == -ENODEV;
    return false;
}

static void log_failure(const struct address_batch *batch, const struct address_change *change,
                        int error, const char *detail)
{
    static const char *const verbs[] = {
        [ADDRESS_ADD] = "add",
        [ADDRESS_REFRESH] = "refresh",
        [ADDRESS_REMOVE] = "remove",
        [ADDRESS_PROMOTE] = "keep the other addresses along with",
    };
    const char *owner = change->set != NULL ? change->set->owner : "left over";
    char text[ADDRESS_TEXT_SIZE];

    log_instance(LOG_ERR, owner, "cannot %s %s on %s: %s%s%s", verbs[change->operation],
                 ip_prefix_format(&change->address.prefix, text, sizeof(text)),
                 link_name(batch, change->address.ifindex), strerror(-error),
                 detail[0] != '\0' ? ": " : "", detail);
}

/* What we have added is known by the mark; should that go, by this. */
static void remember(struct address_batch *batch, const struct address_change *change)
{
    const struct observed_address *address = &change->address;

    if (change->operation == ADDRESS_REMOVE)
        remembered_forget(&batch->remembered, address->ifindex, &address->prefix);
    else
        remembered_add(&batch->remembered, address->ifindex, &address->prefix);
}

static void conclude(struct address_batch *batch, const struct address_change *change, int error,
                     const char *detail)
{
    if (change->operation == ADDRESS_ADD && error == -EEXIST) {
        batch->unexpected[batch->unexpected_count++] = *change;
        return;
    }
    if (error == 0 && change->operation != ADDRESS_PROMOTE) {
        if (change->operation == ADDRESS_ADD)
            change->set->added++;
        links_note_address(batch->links, &change->address, change->operation != ADDRESS_REMOVE);
    }
    if ((error == 0 || harmless(change, error)) && change->operation != ADDRESS_PROMOTE)
        remember(batch, change);
    if (error == 0 || harmless(change, error))
        return;
    log_failure(batch, change, error, detail);
    if (batch->first_error == 0)
        batch->first_error = error;
    if (change->set != NULL)
        change->set->failed++;
}

int address_batch_flush(struct address_batch *batch)
{
    send_batch(batch);
    int r = batch->first_error;
    batch->first_error = 0;
    batch->promoted = 0;
    return r;
}

/* Whose answer the next message gets. */
static void make_room(struct address_batch *batch, const struct address_change *change)
{
    if (rtnl_batch_full(batch->rtnl))
        send_batch(batch);
    batch->changes[rtnl_batch_count(batch->rtnl)] = *change;
}

static struct nlmsghdr *begin(struct address_batch *batch, const struct address_change *change,
                              uint16_t type, uint16_t flags)
{
    make_room(batch, change);

    const struct ip_prefix *prefix = &change->address.prefix;
    bool ipv4 = prefix->address.family == IP_FAMILY_IPV4;
    struct nlmsghdr *message = rtnl_batch_begin(batch->rtnl, type, flags);
    struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    size_t size = ip_family_size(prefix->address.family);

    header->ifa_family = ipv4 ? AF_INET : AF_INET6;
    header->ifa_prefixlen = prefix->length;
    header->ifa_index = (unsigned)change->address.ifindex;
    header->ifa_scope =
        !ipv4 && ip_address_is_link_local(&prefix->address) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    mnl_attr_put(message, IFA_LOCAL, size, prefix->address.octets);
    mnl_attr_put(message, IFA_ADDRESS, size, prefix->address.octets);
    return message;
}

static void put_address(struct address_batch *batch, const struct address_change *change,
                        uint16_t flags)
{
    const struct observed_address *address = &change->address;
    struct nlmsghdr *message = begin(batch, change, RTM_NEWADDR, flags);
    bool ipv6 = address->prefix.address.family == IP_FAMILY_IPV6;
    /* An IPv6 address that is not preferred is never the source of the node's own traffic. */
    const struct ifa_cacheinfo cache = {.ifa_valid = address->valid_s,
                                        .ifa_prefered = ipv6 ? 0 : address->valid_s};

    mnl_attr_put_u32(message, IFA_FLAGS, address->flags);
    mnl_attr_put(message, IFA_CACHEINFO, sizeof(cache), &cache);
    mnl_attr_put_u8(message, ATTRIBUTE_IFA_PROTO, VIPD_IFA_PROTO);
}

/* The kernel takes a network's other IPv4 addresses away with the first, unless the link promotes
 * them. */
static void promote_secondaries(struct address_batch *batch, const struct observed_address *address)
{
    const struct address_change change = {.operation = ADDRESS_PROMOTE, .address = *address};

    if (batch->promoted == address->ifindex)
        return;
    batch->promoted = address->ifindex;
    make_room(batch, &change);

    struct nlmsghdr *message = rtnl_batch_begin(batch->rtnl, RTM_SETLINK, 0);
    struct ifinfomsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->ifi_family = AF_UNSPEC;
    header->ifi_index = address->ifindex;
    struct nlattr *spec = mnl_attr_nest_start(message, IFLA_AF_SPEC);
    struct nlattr *inet = mnl_attr_nest_start(message, AF_INET);
    struct nlattr *conf = mnl_attr_nest_start(message, IFLA_INET_CONF);
    mnl_attr_put_u32(message, IPV4_DEVCONF_PROMOTE_SECONDARIES, 1);
    mnl_attr_nest_end(message, conf);
    mnl_attr_nest_end(message, inet);
    mnl_attr_nest_end(message, spec);
}

static bool in_network(const struct ip_prefix *prefix)
{
    return prefix->address.family == IP_FAMILY_IPV4 && prefix->length <= IPV4_NETWORK_LENGTH_MAX;
}

struct dependent_search {
    const struct ip_prefix *removed;
    bool found;
};

/* Who is first in a network the view knows a little late, so any other may depend on it. */
static bool depends(void *userdata, const struct observed_address *address)
{
    struct dependent_search *search = userdata;
    const struct ip_prefix *removed = search->removed;

    search->found =
        address->prefix.length == removed->length &&
        !ip_address_equal(&address->prefix.address, &removed->address) &&
        ip_address_same_network(&address->prefix.address, &removed->address, removed->length);
    return !search->found;
}

struct cover_search {
    const struct ip_prefix *prefix;
    bool same_link;
    bool found;
};

static bool covers(void *userdata, const struct observed_address *address)
{
    struct cover_search *search = userdata;

    /* Of several IPv4 addresses of one network on one link the kernel lets the first make the
     * route, and the next when that goes. It could not if ours were exempt from it. */
    if (search->same_link && address->prefix.address.family == IP_FAMILY_IPV4 &&
        address->prefix.length == search->prefix->length)
        return true;
    search->found = address->proto != VIPD_IFA_PROTO &&
                    address->prefix.length <= search->prefix->length &&
                    ip_address_same_network(&address->prefix.address, &search->prefix->address,
                                            address->prefix.length);
    return !search->found;
}

/* Whether somebody else's address already makes the network on-link there (or below a virtual MAC's
 * macvlan): then ours must not bring a second route that would go away with the lease. */
static bool network_covered(const struct address_batch *batch, int ifindex,
                            const struct ip_prefix *prefix)
{
    struct cover_search search = {.prefix = prefix, .same_link = true};
    const struct link *link = links_by_index(batch->links, ifindex);

    links_each_address(batch->links, ifindex, covers, &search);
    search.same_link = false;
    if (!search.found && link != NULL && link->parent > 0 && strcmp(link->kind, "macvlan") == 0)
        links_each_address(batch->links, link->parent, covers, &search);
    return search.found;
}

void address_batch_add(struct address_batch *batch, struct desired_set *set, int ifindex,
                       const struct ip_prefix *prefix, uint32_t lease_s)
{
    struct address_change change = {
        .operation = ADDRESS_ADD,
        .set = set,
        .address = {.ifindex = ifindex,
                    .prefix = *prefix,
                    .proto = VIPD_IFA_PROTO,
                    .valid_s = lease_s},
    };

    /* From now on: should we die, the lease ends without us. */
    const struct link *link = links_by_index(batch->links, ifindex);
    if (in_network(prefix) && link != NULL && !link->promote_secondaries)
        promote_secondaries(batch, &change.address);
    if (prefix->address.family == IP_FAMILY_IPV6)
        change.address.flags |= IFA_F_NODAD;
    if (network_covered(batch, ifindex, prefix))
        change.address.flags |= IFA_F_NOPREFIXROUTE;
    put_address(batch, &change, NLM_F_CREATE | NLM_F_EXCL);
}

void address_batch_refresh(struct address_batch *batch, struct desired_set *set,
                           const struct observed_address *address, uint32_t lease_s)
{
    struct address_change change = {.operation = ADDRESS_REFRESH, .set = set, .address = *address};

    /* The other flags are the kernel's own to say. */
    change.address.flags &= IFA_F_NODAD | IFA_F_NOPREFIXROUTE;
    change.address.proto = VIPD_IFA_PROTO;
    change.address.valid_s = lease_s;
    put_address(batch, &change, NLM_F_CREATE | NLM_F_REPLACE);
}

void address_batch_remove(struct address_batch *batch, const struct observed_address *address)
{
    const struct address_change change = {.operation = ADDRESS_REMOVE, .address = *address};
    struct dependent_search search = {.removed = &address->prefix};

    if (in_network(&address->prefix) && (address->flags & IFA_F_SECONDARY) == 0) {
        links_each_address(batch->links, address->ifindex, depends, &search);
        if (search.found)
            promote_secondaries(batch, address);
    }
    (void)begin(batch, &change, RTM_DELADDR, 0);
}

void address_batch_adopt(struct address_batch *batch, struct desired_set *set,
                         const struct observed_address *address, uint32_t lease_s)
{
    char text[ADDRESS_TEXT_SIZE];

    log_instance(LOG_NOTICE, set->owner,
                 "%s was on %s already, put there by somebody else: taken over (adopt)",
                 ip_prefix_format(&address->prefix, text, sizeof(text)),
                 link_name(batch, address->ifindex));
    address_batch_refresh(batch, set, address, lease_s);
}

bool address_batch_is_ours(const struct address_batch *batch,
                           const struct observed_address *address)
{
    return address->proto == VIPD_IFA_PROTO ||
           remembered_has(&batch->remembered, address->ifindex, &address->prefix);
}

/* The kernel has what the view had not: whose is it? */
static void look_again(struct address_batch *batch, const struct address_change *change)
{
    const struct observed_address *address = &change->address;
    const struct observed_address *there =
        links_prefix(batch->links, address->ifindex, &address->prefix);

    if (there == NULL)
        there = links_address(batch->links, address->ifindex, &address->prefix.address);
    if (there == NULL)
        conclude(batch, &(struct address_change){ADDRESS_REFRESH, change->set, *address}, -EEXIST,
                 "");
    else if (there->prefix.length != address->prefix.length)
        return;
    else if (address_batch_is_ours(batch, there))
        address_batch_refresh(batch, change->set, there, address->valid_s);
    else if (change->set->adopt)
        address_batch_adopt(batch, change->set, there, address->valid_s);
}

static void send_once(struct address_batch *batch)
{
    unsigned count = rtnl_batch_count(batch->rtnl);

    (void)rtnl_batch_send(batch->rtnl);
    for (unsigned i = 0; i < count; i++)
        conclude(batch, &batch->changes[i], rtnl_batch_result(batch->rtnl, i),
                 rtnl_batch_detail(batch->rtnl, i));
}

/* Looking again only refreshes, at most one batch of it: that leads to no further look. */
static void send_batch(struct address_batch *batch)
{
    unsigned count;

    send_once(batch);
    count = batch->unexpected_count;
    batch->unexpected_count = 0;
    if (count == 0)
        return;
    /* Where that fails, what is not found counts as refused and is tried again. */
    (void)links_read_addresses(batch->links);
    for (unsigned i = 0; i < count; i++)
        look_again(batch, &batch->unexpected[i]);
    send_once(batch);
}
