/*
 * Links and addresses as the kernel reports them; see links.h. Owner: the agent.
 * Two sockets: one that hears of changes, one for asking. What arrived too fast to be heard
 * (ENOBUFS) is asked for again as a whole.
 */
#include "agent/links.h"

#include "agent/links_internal.h"
#include "agent/links_parse.h"
#include "agent/log.h"

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
    DUMP_TRIES = 5,
    /* Datagrams thrown away before a new dump; a flood must not hold us for ever. */
    DRAIN_MAX = 100000,
};

/* Callbacks may come back to us for lookups and notes, so they get copies. */
static void report_link(struct links *links, const struct link *link, bool present)
{
    struct link copy = *link;

    if (links->quiet)
        return;
    if (present)
        links->observer.on_link(links->observer.userdata, &copy);
    else
        links->observer.on_link_gone(links->observer.userdata, &copy);
}

static void report_address(struct links *links, const struct observed_address *address,
                           bool present)
{
    struct observed_address copy = *address;

    if (!links->quiet)
        links->observer.on_address(links->observer.userdata, &copy, present);
}

static void remove_link(struct links *links, struct link_entry *entry)
{
    struct link gone = entry->link;

    links_table_remove_link(&links->table, entry);
    report_link(links, &gone, false);
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
            remove_link(links, entry);
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
        report_link(links, &entry->link, true);
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
        report_address(links, address, true);
}

static void address_absent(struct links *links, const struct observed_address *address)
{
    struct address_entry *entry =
        links_table_address(&links->table, address->ifindex, &address->prefix, false);

    if (entry == NULL)
        return;
    struct observed_address gone = entry->address;
    links_table_remove_address(&links->table, entry);
    report_address(links, &gone, false);
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
            address_absent(links, &address);
        break;
    default:
        break;
    }
    return NL_OK;
}

/* libnl's error as an errno. */
static int to_errno(int nl_error)
{
    switch (-nl_error) {
    case NLE_NODEV:
    case NLE_OBJ_NOTFOUND:
        return -ENODEV;
    case NLE_NOMEM:
        return -ENOMEM;
    case NLE_PERM:
    case NLE_NOACCESS:
        return -EPERM;
    case NLE_AGAIN:
        return -EAGAIN;
    default:
        return -EIO;
    }
}

static int dump_once(struct links *links, int type, const void *header, size_t size)
{
    int r = nl_send_simple(links->requests, type, NLM_F_DUMP, (void *)(uintptr_t)header, size);

    return r < 0 ? r : nl_recvmsgs_default(links->requests);
}

/* The kernel says so when the tables changed while it was reading them out. */
static int dump(struct links *links, int type, const void *header, size_t size)
{
    int r = 0;

    for (int i = 0; i < DUMP_TRIES; i++) {
        r = dump_once(links, type, header, size);
        if (r != -NLE_DUMP_INTR)
            break;
    }
    /* Five times in a row: what is missing comes as a notification. */
    return r == -NLE_DUMP_INTR ? 0 : r;
}

static int read_all(struct links *links)
{
    const struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
    const struct ifaddrmsg address = {.ifa_family = AF_UNSPEC};

    links->generation++;
    int r = dump(links, RTM_GETLINK, &link, sizeof(link));
    if (r >= 0)
        r = dump(links, RTM_GETADDR, &address, sizeof(address));
    if (r >= 0)
        return 0;
    log_msg(LOG_ERR, "cannot read links and addresses from the kernel: %s", nl_geterror(r));
    return to_errno(r);
}

/* Tells what a dump has changed. Callbacks may change the tables: begin again after each. */
static void report_untold(struct links *links)
{
    struct link_entry *l = links->table.links;
    struct address_entry *a = links->table.first;

    while (l != NULL) {
        if (!l->untold) {
            l = l->next;
            continue;
        }
        l->untold = false;
        report_link(links, &l->link, true);
        l = links->table.links;
    }
    while (a != NULL) {
        if (!a->untold) {
            a = a->next;
            continue;
        }
        a->untold = false;
        report_address(links, &a->address, true);
        a = links->table.first;
    }
}

/* What the last dump did not mention is gone. Callbacks may change the tables: begin again after
 * each. */
static void remove_stale(struct links *links)
{
    struct address_entry *a = links->table.first;
    struct link_entry *l = links->table.links;

    while (a != NULL) {
        if (a->generation == links->generation) {
            a = a->next;
            continue;
        }
        struct observed_address gone = a->address;
        address_absent(links, &gone);
        a = links->table.first;
    }
    while (l != NULL) {
        if (l->generation == links->generation) {
            l = l->next;
            continue;
        }
        remove_link(links, l);
        l = links->table.links;
    }
}

static int resync(struct links *links)
{
    char scratch[256];

    /* What is still queued is older than the dump to come. */
    for (int i = 0; i < DRAIN_MAX; i++)
        if (recv(nl_socket_get_fd(links->events), scratch, sizeof(scratch), MSG_DONTWAIT) < 0 &&
            errno != ENOBUFS && errno != EINTR)
            break;
    links->reading = true;
    int r = read_all(links);
    links->reading = false;
    report_untold(links);
    if (r == 0)
        remove_stale(links);
    links->observer.on_resync(links->observer.userdata);
    return r;
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
            (void)resync(links);
            return 0;
        }
    }
    return 0;
}

static int on_untold(sd_event_source *source, void *userdata)
{
    (void)source;
    report_untold(userdata);
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
        return to_errno(r);
    }
    int fd = nl_socket_get_fd(links->events);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    r = sd_event_add_io(event, &links->source, fd, EPOLLIN, on_readable, links);
    if (r >= 0)
        r = sd_event_source_set_priority(links->source, priority);
    if (r >= 0)
        r = sd_event_add_defer(event, &links->untold, on_untold, links);
    if (r >= 0)
        r = sd_event_source_set_priority(links->untold, priority);
    if (r >= 0)
        r = sd_event_source_set_enabled(links->untold, SD_EVENT_OFF);
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
        r = error < 0 ? to_errno(error) : 0;
    }
    /* Subscribed first, then asked: nothing falls between. */
    links->quiet = true;
    if (r >= 0)
        r = read_all(links);
    links->quiet = false;
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
    sd_event_source_disable_unref(links->untold);
    nl_socket_free(links->events);
    nl_socket_free(links->requests);
    links_table_free(&links->table);
    free(links);
}

int links_read_addresses(struct links *links)
{
    const struct ifaddrmsg header = {.ifa_family = AF_UNSPEC};

    links->reading = true;
    int r = dump(links, RTM_GETADDR, &header, sizeof(header));
    links->reading = false;
    (void)sd_event_source_set_enabled(links->untold, SD_EVENT_ONESHOT);
    if (r >= 0)
        return 0;
    log_msg(LOG_ERR, "cannot read addresses from the kernel: %s", nl_geterror(r));
    return to_errno(r);
}

int links_update(struct links *links, const char *name)
{
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    struct nl_msg *message = nlmsg_alloc_simple(RTM_GETLINK, 0);

    if (message == NULL)
        return -ENOMEM;
    int r = nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO);
    if (r >= 0)
        r = nla_put_string(message, IFLA_IFNAME, name);
    if (r >= 0)
        r = nl_send_auto(links->requests, message);
    nlmsg_free(message);
    links->quiet = true;
    if (r >= 0)
        r = nl_recvmsgs_default(links->requests);
    /* The acknowledgement that libnl asks for by itself. */
    if (r >= 0)
        r = nl_wait_for_ack(links->requests);
    links->quiet = false;
    return r < 0 ? to_errno(r) : 0;
}

void links_note_address(struct links *links, const struct observed_address *address, bool present)
{
    bool was_quiet = links->quiet;

    links->quiet = true;
    if (present)
        address_present(links, address);
    else
        address_absent(links, address);
    links->quiet = was_quiet;
}

void links_note_gone(struct links *links, int ifindex)
{
    struct link_entry *entry = links_table_link(&links->table, ifindex);

    if (entry != NULL)
        links_table_remove_link(&links->table, entry);
}
