/*
 * The table of links and addresses and whoever watches it: takes what the kernel says, in whatever
 * order, and tells of what is new by it. For links.c only.
 */
#ifndef AGENT_KERNEL_LINKS_VIEW_H
#define AGENT_KERNEL_LINKS_VIEW_H

#include "agent/kernel/links_table.h"
#include "agent/kernel/mark.h"

#include <linux/netlink.h>

/* Who is told of changes to IPv4 addresses that are not those he has made and does not hear of; see
 * links_watch_changes(). */
struct links_changes {
    uint32_t port;           /* his */
    uint32_t first_sequence; /* of what he has on its way */
    void (*fn)(void *userdata, const struct observed_address *address); /* NULL: nobody */
    void *userdata;
};

/* All zero but for the observer to begin with; links_table_free() ends it. */
struct links_view {
    struct links_observer observer;
    struct links_table table;
    struct mark_support marks; /* what addresses have told of the kernel */
    struct links_changes changes;
    unsigned generation; /* of the last dump */
    unsigned losses;     /* addresses that the kernel told to be gone */
    bool quiet;          /* no callbacks: opening, or asked by ourselves */
    bool reading;        /* a dump: callbacks wait for its end, for they may ask the kernel */
};

/* Takes a message about a link or an address; others are ignored. */
void links_view_message(struct links_view *view, struct nlmsghdr *message);

/* An address has been written by us, and will be reported if it has not been: what the kernel has
 * said of its mark is true, what we gave it need not be. */
void links_view_written(struct links_view *view, const struct observed_address *address);

/* An address is there, or is not. */
void links_view_address(struct links_view *view, const struct observed_address *address,
                        bool present);

/* Tells what a dump has changed. */
void links_view_tell(struct links_view *view);

/* What the last dump did not mention is gone. */
void links_view_remove_stale(struct links_view *view);

#endif
