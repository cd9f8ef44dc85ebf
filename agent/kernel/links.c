/*
 * The sockets of links, when they are read, and what is asked of the view; see links.h. One socket
 * hears of changes, one is for asking. What arrived too fast to be heard (ENOBUFS) is asked for
 * again as a whole.
 */
#include "agent/kernel/links.h"

#include "agent/base/log.h"
#include "agent/base/source.h"
#include "agent/kernel/links_ask.h"
#include "agent/kernel/links_dump.h"
#include "agent/kernel/links_view.h"
#include "agent/kernel/quiet_filter.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
    RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024,
    MESSAGE_BUFFER_BYTES = 65536,
    DATAGRAMS_PER_PASS = 64,
    /* Datagrams thrown away before a new dump; a flood must not hold us for ever. */
    DRAIN_MAX = 100000,
    /* After a dump that failed, or that changes kept interrupting. */
    RETRY_US = 1000 * 1000,
};

struct links {
    struct links_view view;
    struct nl_sock *events;
    struct nl_sock *requests;
    sd_event_source *source;
    sd_event_source *later; /* takes in what was read, or reads all again */
    bool stale;             /* the last dump failed: it is to be made again */
    struct worker *worker;  /* NULL: nothing can be read again */
    struct links_dump *dump;
    bool reads_all; /* the dump under way */
    bool read_over; /* and what it has found is to be taken in */
    bool asked;     /* for all addresses, when it is over */
    void (*on_read)(void *userdata);
    void *on_read_userdata;
};

/* ---- Reading */

static int read_all(struct links *links)
{
    links->view.generation++;
    return links_ask_all(links->requests);
}

static void later(struct links *links, uint64_t after_us)
{
    (void)source_set_time_relative(links->later, after_us);
    (void)source_set_enabled(links->later, SD_EVENT_ONESHOT);
}

static void retry(struct links *links)
{
    links->stale = true;
    later(links, RETRY_US);
}

/* What comes while it is read is newer: it waits, so that the order is kept. */
static bool begin_to_read(struct links *links, bool links_too)
{
    if (links->worker == NULL || links_dump_busy(links->dump) || links->read_over ||
        !links_dump_start(links->dump, links->worker, links_too))
        return false;
    links->reads_all = links_too;
    (void)source_set_enabled(links->source, SD_EVENT_OFF);
    return true;
}

static void resync(struct links *links)
{
    char scratch[256];

    /* What is still queued is older than the dump to come. */
    for (int i = 0; i < DRAIN_MAX; i++)
        if (recv(nl_socket_get_fd(links->events), scratch, sizeof(scratch), MSG_DONTWAIT) < 0 &&
            errno != ENOBUFS && errno != EINTR)
            break;
    if (!begin_to_read(links, true))
        retry(links);
}

/* Called wherever the worker is looked after: what follows of it waits for a turn of the loop. */
static void on_dump_done(void *userdata)
{
    struct links *links = userdata;

    links->read_over = true;
    later(links, 0);
}

static void take_message(void *userdata, struct nlmsghdr *message)
{
    struct links *links = userdata;

    links_view_message(&links->view, message);
}

static void log_failed(int error)
{
    log_msg(LOG_ERR, "cannot read links and addresses from the kernel: %s", strerror(-error));
}

static void finish_reading(struct links *links)
{
    if (links->reads_all)
        links->view.generation++;
    links->view.reading = true;
    int r = links_dump_take(links->dump, take_message, links);
    links->view.reading = false;
    (void)source_set_enabled(links->source, SD_EVENT_ON);
    if (r < 0)
        log_failed(r);
    links_view_tell(&links->view);
    if (!links->reads_all)
        return;
    links->stale = r < 0;
    if (r == 0)
        links_view_remove_stale(&links->view);
    else
        retry(links);
    links->view.observer.on_resync(links->view.observer.userdata);
}

static int on_later(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct links *links = userdata;

    (void)source;
    (void)usec;
    if (links->read_over) {
        bool addresses = !links->reads_all;

        links->read_over = false;
        finish_reading(links);
        if (addresses && links->on_read != NULL)
            links->on_read(links->on_read_userdata);
    } else if (links->stale) {
        resync(links);
    }
    if (links->asked && begin_to_read(links, false))
        links->asked = false;
    return 0;
}

static int add_later(struct links *links, sd_event *event, int64_t priority)
{
    int r = source_add_time(event, &links->later, CLOCK_MONOTONIC, 0, 1, on_later, links);

    if (r >= 0)
        r = sd_event_source_set_priority(links->later, priority);
    if (r >= 0)
        r = source_set_enabled(links->later, SD_EVENT_OFF);
    return r;
}

void links_read_addresses(struct links *links)
{
    /* After what is being read now, which may be older than the question. */
    links->asked = !begin_to_read(links, false);
    if (links->asked && !links_dump_busy(links->dump) && !links->read_over)
        later(links, RETRY_US);
}

void links_use_worker(struct links *links, struct worker *worker)
{
    links->worker = worker;
}

void links_on_read(struct links *links, void (*fn)(void *userdata), void *userdata)
{
    links->on_read = fn;
    links->on_read_userdata = userdata;
}

static int on_message(struct nl_msg *message, void *userdata)
{
    struct links *links = userdata;

    links_view_message(&links->view, nlmsg_hdr(message));
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
            resync(links);
            return 0;
        }
    }
    return 0;
}

int links_ignore_quiet(struct links *links, uint32_t port)
{
    links->view.changes.port = port;
    return quiet_filter_attach(nl_socket_get_fd(links->events), port);
}

void links_watch_changes(struct links *links, uint32_t first_sequence,
                         void (*fn)(void *userdata, const struct observed_address *address),
                         void *userdata)
{
    links->view.changes.first_sequence = first_sequence;
    links->view.changes.fn = fn;
    links->view.changes.userdata = userdata;
}

/* ---- Opening and closing */

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
                                      RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_NETCONF, 0);
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
        r = add_later(links, event, priority);
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
    links->view.observer = *observer;
    links->events = new_socket(links);
    links->requests = new_socket(links);
    if (links->events != NULL && links->requests != NULL)
        r = open_events(event, priority, links);
    if (r >= 0)
        r = links_dump_open(on_dump_done, links, &links->dump);
    if (r >= 0) {
        int error = nl_connect(links->requests, NETLINK_ROUTE);
        r = error < 0 ? links_errno(error) : 0;
    }
    /* Subscribed first, then asked: nothing falls between. */
    links->view.quiet = true;
    if (r >= 0)
        r = read_all(links);
    links->view.quiet = false;
    if (r < 0)
        log_failed(r);
    if (r == -EAGAIN) {
        retry(links);
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
    links_dump_close(links->dump);
    links_table_free(&links->view.table);
    free(links);
}

const struct mark_support *links_mark_support(const struct links *links)
{
    return &links->view.marks;
}

/* ---- What we have done ourselves */

unsigned links_losses(const struct links *links)
{
    return links->view.losses;
}

void links_note_address(struct links *links, const struct observed_address *address, bool present)
{
    bool was_quiet = links->view.quiet;

    links->view.quiet = true;
    if (present)
        links_view_written(&links->view, address);
    else
        links_view_address(&links->view, address, false);
    links->view.quiet = was_quiet;
}

void links_note_link(struct links *links, const struct link *link)
{
    struct link_entry *entry = links_table_add_link(&links->view.table, link->ifindex);

    if (entry == NULL) {
        log_msg(LOG_ERR, "out of memory: link %s is not observed", link->name);
        return;
    }
    entry->link = *link;
    entry->generation = links->view.generation;
}

void links_note_up(struct links *links, int ifindex, bool up)
{
    struct link_entry *entry = links_table_link(&links->view.table, ifindex);

    if (entry != NULL)
        entry->link.up = up;
}

void links_note_gone(struct links *links, int ifindex)
{
    struct link_entry *entry = links_table_link(&links->view.table, ifindex);

    if (entry != NULL)
        links_table_remove_link(&links->view.table, entry);
}

/* ---- Looking up */

const struct link *links_by_name(const struct links *links, const char *name)
{
    for (const struct link_entry *e = links->view.table.links; e != NULL; e = e->next)
        if (strcmp(e->link.name, name) == 0)
            return &e->link;
    return NULL;
}

const struct link *links_by_index(const struct links *links, int ifindex)
{
    const struct link_entry *entry = links_table_link(&links->view.table, ifindex);

    return entry != NULL ? &entry->link : NULL;
}

const struct link *links_find_child(const struct links *links, int parent,
                                    bool (*fits)(const struct link *link))
{
    for (const struct link_entry *e = links->view.table.links; e != NULL; e = e->next)
        if ((parent == 0 || e->link.parent == parent) && fits(&e->link))
            return &e->link;
    return NULL;
}

void links_each_link(const struct links *links, bool (*fn)(void *userdata, const struct link *link),
                     void *userdata)
{
    for (const struct link_entry *e = links->view.table.links; e != NULL; e = e->next)
        if (!fn(userdata, &e->link))
            return;
}

const struct observed_address *links_address(const struct links *links, int ifindex,
                                             const struct ip_address *address)
{
    const struct ip_prefix prefix = {.address = *address};
    const struct address_entry *entry =
        links_table_address(&links->view.table, ifindex, &prefix, true);

    return entry != NULL ? &entry->address : NULL;
}

const struct observed_address *links_prefix(const struct links *links, int ifindex,
                                            const struct ip_prefix *prefix)
{
    const struct address_entry *entry =
        links_table_address(&links->view.table, ifindex, prefix, false);

    return entry != NULL ? &entry->address : NULL;
}

void links_each_address(const struct links *links, int ifindex,
                        bool (*fn)(void *userdata, const struct observed_address *address),
                        void *userdata)
{
    for (const struct address_entry *e = links->view.table.first; e != NULL; e = e->next)
        if ((ifindex == 0 || e->address.ifindex == ifindex) && !fn(userdata, &e->address))
            return;
}
