/* What the kernel says against what was known; see links_view.h. Callbacks may come back for
 * lookups and notes: they get copies, and who goes through a table begins again after each. */
#include "agent/kernel/links_view.h"

#include "agent/base/log.h"
#include "agent/kernel/links_parse.h"
#include "agent/kernel/rtnl_batch.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

static void report_link(struct links_view *view, const struct link *link, bool present)
{
    struct link copy = *link;

    if (view->quiet)
        return;
    if (present)
        view->observer.on_link(view->observer.userdata, &copy);
    else
        view->observer.on_link_gone(view->observer.userdata, &copy);
}

static void report_address(struct links_view *view, const struct observed_address *address,
                           bool present)
{
    struct observed_address copy = *address;

    if (!view->quiet)
        view->observer.on_address(view->observer.userdata, &copy, present);
}

static void remove_link(struct links_view *view, struct link_entry *entry)
{
    struct link gone = entry->link;

    links_table_remove_link(&view->table, entry);
    report_link(view, &gone, false);
}

/* A name belongs to one link: who had it before has lost it without our having been told yet. */
static void drop_same_name(struct links_view *view, const struct link *link)
{
    for (struct link_entry *e = view->table.links; e != NULL; e = e->next)
        if (e->link.ifindex != link->ifindex && strcmp(e->link.name, link->name) == 0)
            e->link.name[0] = '\0';
}

static bool same_link(const struct link *a, const struct link *b)
{
    return strcmp(a->name, b->name) == 0 && a->has_mac == b->has_mac &&
           memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 && a->up == b->up &&
           a->carrier == b->carrier && a->mtu == b->mtu && a->parent == b->parent &&
           a->multicast == b->multicast && a->mode == b->mode && a->master == b->master &&
           strcmp(a->kind, b->kind) == 0 && strcmp(a->alias, b->alias) == 0;
}

static void link_message(struct links_view *view, struct nlmsghdr *message)
{
    int ifindex = links_parse_ifindex(message);

    if (ifindex <= 0)
        return;
    struct link_entry *entry = links_table_link(&view->table, ifindex);
    if (message->nlmsg_type == RTM_DELLINK) {
        if (entry != NULL)
            remove_link(view, entry);
        return;
    }
    entry = links_table_add_link(&view->table, ifindex);
    if (entry == NULL) {
        log_msg(LOG_ERR, "out of memory: link %d is not observed", ifindex);
        return;
    }
    struct link before = entry->link;
    entry->generation = view->generation;
    if (!links_parse_link(message, &entry->link))
        return;
    if (same_link(&before, &entry->link))
        return;
    drop_same_name(view, &entry->link);
    if (view->reading)
        entry->untold = true;
    else
        report_link(view, &entry->link, true);
}

static bool same_address(const struct observed_address *a, const struct observed_address *b)
{
    return a->flags == b->flags && mark_is_ours(a) == mark_is_ours(b);
}

static void address_present(struct links_view *view, const struct observed_address *address)
{
    struct address_entry *entry =
        links_table_address(&view->table, address->ifindex, &address->prefix, false);
    bool news = entry == NULL || !same_address(&entry->address, address);

    if (entry == NULL)
        entry = links_table_add_address(&view->table, address);
    if (entry == NULL) {
        log_msg(LOG_ERR, "out of memory: an address of link %d is not observed", address->ifindex);
        return;
    }
    entry->address = *address;
    entry->generation = view->generation;
    if (!news)
        return;
    if (view->reading)
        entry->untold = true;
    else
        report_address(view, address, true);
}

static void address_absent(struct links_view *view, const struct observed_address *address)
{
    struct address_entry *entry =
        links_table_address(&view->table, address->ifindex, &address->prefix, false);

    if (entry == NULL)
        return;
    struct observed_address gone = entry->address;
    links_table_remove_address(&view->table, entry);
    view->losses += view->quiet ? 0 : 1;
    report_address(view, &gone, false);
}

void links_view_address(struct links_view *view, const struct observed_address *address,
                        bool present)
{
    if (present)
        address_present(view, address);
    else
        address_absent(view, address);
}

/* The kernel gives an IPv4 address the device's name for a label where it gets none. */
static void name_label(const struct links_view *view, struct observed_address *address)
{
    const struct link_entry *on = links_table_link(&view->table, address->ifindex);

    if (address->prefix.address.family == IP_FAMILY_IPV4 && address->label[0] == '\0' && on != NULL)
        memcpy(address->label, on->link.name, sizeof(address->label));
}

void links_view_written(struct links_view *view, const struct observed_address *address)
{
    const struct address_entry *entry =
        links_table_address(&view->table, address->ifindex, &address->prefix, false);
    struct observed_address written = *address;

    if (entry != NULL && mark_is_ours(&entry->address)) {
        written.proto = entry->address.proto;
        written.metric = entry->address.metric;
        written.flags |= entry->address.flags & ~(uint32_t)IFA_F_PERMANENT;
    }
    name_label(view, &written);
    address_present(view, &written);
}

/* An addition that he does not hear of is his own, and so is a removal of before, which he knows.
 */
static bool is_his(const struct links_changes *changes, const struct nlmsghdr *message)
{
    uint32_t since = (message->nlmsg_seq & ~RTNL_BATCH_QUIET) - changes->first_sequence;

    return message->nlmsg_pid == changes->port &&
           (message->nlmsg_type == RTM_NEWADDR || (int32_t)since < 0);
}

static void tell_of_change(const struct links_view *view, const struct nlmsghdr *message,
                           const struct observed_address *address)
{
    const struct links_changes *changes = &view->changes;

    if (changes->fn != NULL && !view->reading && !view->quiet &&
        address->prefix.address.family == IP_FAMILY_IPV4 && !is_his(changes, message))
        changes->fn(changes->userdata, address);
}

/* Also of all links and of those to come, which are none; each link has a message of its own. */
static void note_forwards(const struct links_view *view, struct nlmsghdr *message)
{
    bool forwards_ipv6;
    int ifindex;

    if (!links_parse_forwards(message, &ifindex, &forwards_ipv6))
        return;
    struct link_entry *entry = links_table_link(&view->table, ifindex);
    if (entry != NULL)
        entry->link.forwards_ipv6 = forwards_ipv6;
}

void links_view_message(struct links_view *view, struct nlmsghdr *message)
{
    struct observed_address address;

    switch (message->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
        link_message(view, message);
        break;
    case RTM_NEWADDR:
    case RTM_DELADDR:
        if (!links_parse_address(message, &address))
            break;
        mark_learn(&view->marks, &address);
        tell_of_change(view, message, &address);
        links_view_address(view, &address, message->nlmsg_type == RTM_NEWADDR);
        break;
    case RTM_NEWNETCONF:
        note_forwards(view, message);
        break;
    default:
        break;
    }
}

void links_view_tell(struct links_view *view)
{
    struct link_entry *l = view->table.links;

    while (l != NULL) {
        if (!l->untold) {
            l = l->next;
            continue;
        }
        l->untold = false;
        report_link(view, &l->link, true);
        l = view->table.links;
    }
    struct address_entry *a = view->table.first;
    while (a != NULL) {
        if (!a->untold) {
            a = a->next;
            continue;
        }
        a->untold = false;
        report_address(view, &a->address, true);
        a = view->table.first;
    }
}

void links_view_remove_stale(struct links_view *view)
{
    struct address_entry *a = view->table.first;

    while (a != NULL) {
        if (a->generation == view->generation) {
            a = a->next;
            continue;
        }
        struct observed_address gone = a->address;
        address_absent(view, &gone);
        a = view->table.first;
    }
    struct link_entry *l = view->table.links;
    while (l != NULL) {
        if (l->generation == view->generation) {
            l = l->next;
            continue;
        }
        remove_link(view, l);
        l = view->table.links;
    }
}
