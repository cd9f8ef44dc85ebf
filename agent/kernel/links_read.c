/*
 * What links asks of the kernel: everything at the start and after a loss, one link, all addresses.
 * Callbacks wait until a dump is over, for they may ask in their turn.
 */
#include "agent/base/log.h"
#include "agent/kernel/links_internal.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <time.h>

enum {
    DUMP_TRIES = 5,
    /* Datagrams thrown away before a new dump; a flood must not hold us for ever. */
    DRAIN_MAX = 100000,
    /* After a dump that failed, or that changes kept interrupting. */
    RETRY_US = 1000 * 1000,
};

int links_errno(int nl_error)
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
    case NLE_DUMP_INTR:
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
    return r;
}

int links_read_all(struct links *links)
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
    return links_errno(r);
}

static void later(struct links *links, uint64_t after_us)
{
    (void)sd_event_source_set_time_relative(links->later, after_us);
    (void)sd_event_source_set_enabled(links->later, SD_EVENT_ONESHOT);
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
        links_report_link(links, &l->link, true);
        l = links->table.links;
    }
    while (a != NULL) {
        if (!a->untold) {
            a = a->next;
            continue;
        }
        a->untold = false;
        links_report_address(links, &a->address, true);
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
        links_address_absent(links, &gone);
        a = links->table.first;
    }
    while (l != NULL) {
        if (l->generation == links->generation) {
            l = l->next;
            continue;
        }
        links_remove(links, l);
        l = links->table.links;
    }
}

void links_retry(struct links *links)
{
    links->stale = true;
    later(links, RETRY_US);
}

void links_resync(struct links *links)
{
    char scratch[256];

    /* What is still queued is older than the dump to come. */
    for (int i = 0; i < DRAIN_MAX; i++)
        if (recv(nl_socket_get_fd(links->events), scratch, sizeof(scratch), MSG_DONTWAIT) < 0 &&
            errno != ENOBUFS && errno != EINTR)
            break;
    links->reading = true;
    int r = links_read_all(links);
    links->reading = false;
    report_untold(links);
    if (r == 0)
        remove_stale(links);
    links->observer.on_resync(links->observer.userdata);
    links->stale = false;
    if (r < 0)
        links_retry(links);
}

static int on_later(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct links *links = userdata;

    (void)source;
    (void)usec;
    if (links->stale)
        links_resync(links);
    else
        report_untold(links);
    return 0;
}

int links_add_later(struct links *links, sd_event *event, int64_t priority)
{
    int r = sd_event_add_time(event, &links->later, CLOCK_MONOTONIC, 0, 1, on_later, links);

    if (r >= 0)
        r = sd_event_source_set_priority(links->later, priority);
    if (r >= 0)
        r = sd_event_source_set_enabled(links->later, SD_EVENT_OFF);
    return r;
}

int links_read_addresses(struct links *links)
{
    const struct ifaddrmsg header = {.ifa_family = AF_UNSPEC};

    links->reading = true;
    int r = dump(links, RTM_GETADDR, &header, sizeof(header));
    links->reading = false;
    if (!links->stale)
        later(links, 0);
    if (r >= 0)
        return 0;
    log_msg(LOG_ERR, "cannot read addresses from the kernel: %s", nl_geterror(r));
    return links_errno(r);
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
    return r < 0 ? links_errno(r) : 0;
}
