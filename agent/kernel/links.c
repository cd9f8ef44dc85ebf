/*
 * Links and addresses as the kernel reports them; see links.h. Owner: the agent.
 * Two sockets: one that hears of changes, one for asking. What arrived too fast to be heard
 * (ENOBUFS) is asked for again as a whole.
 */
#include "agent/kernel/links.h"

#include "agent/base/log.h"
#include "agent/kernel/links_internal.h"
#include "agent/kernel/links_parse.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024,
    MESSAGE_BUFFER_BYTES = 65536,
    DATAGRAMS_PER_PASS = 64,
};

/* Callbacks may come back to us for lookups and notes, so they get copies. */
void links_report_link(struct links *links, const struct link *link, bool present)
{
    struct link copy = *link;

    if (links->quiet)
        return;
    if (present)
        links->observer.on_link(links->observer.userdata, &copy);
    else
        links->observer.on_link_gone(links->observer.userdata, &copy);
}

void links_report_address(struct links *links, const struct observed_address *address, bool present)
{
    struct observed_address copy = *address;

    if (!links->quiet)
        links->observer.on_address(links->observer.userdata, &copy, present);
}

void links_remove(struct links *links, struct link_entry *entry)
{
    struct link gone = entry->link;

    links_table_remove_link(&links->table, entry);
    links_report_link(links, &gone, false);
}

/* A name belongs to one link: who had it before has lost it without our having been told yet. */
static void drop_same_name(struct links *links, const struct link *link)
{
    for (struct link_entry *e = links->table.links; e != NULL; e = e->next)
        if (e->link.ifindex != link->ifindex && strcmp(e->link.name, link->name) == 0)
            e->link.name[0] = '\0';
}

static bool same_link(const struct link *a, const struct link *b)
{
    return strcmp(a->name, b->name) == 0 && a->has_mac == b->has_mac &&
           memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 && a->up == b->up &&
           a->carrier == b->carrier && a->mtu == b->mtu && a->parent == b->parent &&
           strcmp(a->kind, b->kind) == 0 && strcmp(a->alias, b->alias) == 0;
}

static void link_message(struct links *links, struct nlmsghdr *message)
{
    int ifindex = links_parse_ifindex(message);

    if (ifindex <= 0)
        return;
    struct link_entry *entry = links_table_link(&links->table, ifindex);
    if (message->nlmsg_type == RTM_DELLINK) {
        if (entry != NULL)
            links_remove(links, entry);
        return;
    }
    entry = links_table_add_link(&links->table, ifindex);
    if (entry == NULL) {
        log_msg(LOG_ERR, "out of memory: link %d is not observed", ifindex);
        return;
    }
    struct link before = entry->link;
    entry->generation = links->generation;
    if (!links_parse_link(message, &entry->link))
        return;
    if (same_link(&before, &entry->link))
        return;
    drop_same_name(links, &entry->link);
    if (links->reading)
        entry->untold = true;
    else
        links_report_link(links, &entry->link, true);
}

static bool same_address(const struct observed_address *a, const struct observed_address *b)
{
    return a->flags == b->flags && a->proto == b->proto;
}

static void address_present(struct links *links, const struct observed_address *address)
{
    struct address_entry *entry =
        links_table_address(&links->table, address->ifindex, &address->prefix, false);
    bool news = entry == NULL || !same_address(&entry->address, address);

    if (entry == NULL)
        entry = links_table_add_address(&links->table, address);
    if (entry == NULL) {
        log_msg(LOG_ERR, "out of memory: an address of link %d is not observed", address->ifindex);
        return;
    }
    entry->address = *address;
    entry->generation = links->generation;
    if (!news)
        return;
    if (links->reading)
        entry->untold = true;
    else
        links_report_address(links, address, true);
}

void links_address_absent(struct links *links, const struct observed_address *address)
{
    struct address_entry *entry =
        links_table_address(&links->table, address->ifindex, &address->prefix, false);

    if (entry == NULL)
        return;
    struct observed_address gone = entry->address;
    links_table_remove_address(&links->table, entry);
    links_report_address(links, &gone, false);
}

static int on_message(struct nl_msg *message, void *userdata)
{
    struct links *links = userdata;
    struct nlmsghdr *header = nlmsg_hdr(message);
    struct observed_address address;

    switch (header->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
        link_message(links, header);
        break;
    case RTM_NEWADDR:
        if (links_parse_address(header, &address))
            address_present(links, &address);
        break;
    case RTM_DELADDR:
        if (links_parse_address(header, &address))
            links_address_absent(links, &address);
        break;
    default:
        break;
    }
    return NL_OK;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct links *links = userdata;

    (void)source;
    (void)fd;
    (void)revents;
    for (int i = 0; i < DATAGRAMS_PER_PASS; i++) {
        int r = nl_recvmsgs_default(links->events);
        if (r == -NLE_AGAIN)
            return 0;
        if (r < 0) {
            links_resync(links);
            return 0;
        }
    }
    return 0;
}

static struct nl_sock *new_socket(struct links *links)
{
    struct nl_sock *socket = nl_socket_alloc();

    if (socket == NULL)
        return NULL;
    nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_message, links);
    (void)nl_socket_set_msg_buf_size(socket, MESSAGE_BUFFER_BYTES);
    return socket;
}

/* Only the kernel speaks on these groups; sequence numbers are those of other people's requests. */
static int open_events(sd_event *event, int64_t priority, struct links *links)
{
    int bytes = RECEIVE_BUFFER_BYTES;

    nl_socket_disable_seq_check(links->events);
    int r = nl_connect(links->events, NETLINK_ROUTE);
    if (r >= 0)
        r = nl_socket_set_nonblocking(links->events);
    if (r >= 0)
        r = nl_socket_add_memberships(links->events, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
                                      RTNLGRP_IPV6_IFADDR, 0);
    if (r < 0) {
        log_msg(LOG_ERR, "cannot subscribe to link and address changes: %s", nl_geterror(r));
        return links_errno(r);
    }
    int fd = nl_socket_get_fd(links->events);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    r = sd_event_add_io(event, &links->source, fd, EPOLLIN, on_readable, links);
    if (r >= 0)
        r = sd_event_source_set_priority(links->source, priority);
    if (r >= 0)
        r = links_add_later(links, event, priority);
    return r;
}

int links_open(sd_event *event, int64_t priority, const struct links_observer *observer,
               struct links **out)
{
    struct links *links = calloc(1, sizeof(*links));
    int r = -ENOMEM;

    *out = NULL;
    if (links == NULL)
        return r;
    links->observer = *observer;
    links->events = new_socket(links);
    links->requests = new_socket(links);
    if (links->events != NULL && links->requests != NULL)
        r = open_events(event, priority, links);
    if (r >= 0) {
        int error = nl_connect(links->requests, NETLINK_ROUTE);
        r = error < 0 ? links_errno(error) : 0;
    }
    /* Subscribed first, then asked: nothing falls between. */
    links->quiet = true;
    if (r >= 0)
        r = links_read_all(links);
    links->quiet = false;
    if (r == -EAGAIN) {
        links_retry(links);
        r = 0;
    }
    if (r < 0) {
        links_close(links);
        return r;
    }
    *out = links;
    return 0;
}

void links_close(struct links *links)
{
    if (links == NULL)
        return;
    sd_event_source_disable_unref(links->source);
    sd_event_source_disable_unref(links->later);
    nl_socket_free(links->events);
    nl_socket_free(links->requests);
    links_table_free(&links->table);
    free(links);
}

void links_note_address(struct links *links, const struct observed_address *address, bool present)
{
    bool was_quiet = links->quiet;

    links->quiet = true;
    if (present)
        address_present(links, address);
    else
        links_address_absent(links, address);
    links->quiet = was_quiet;
}

void links_note_gone(struct links *links, int ifindex)
{
    struct link_entry *entry = links_table_link(&links->table, ifindex);

    if (entry != NULL)
        links_table_remove_link(&links->table, entry);
}
