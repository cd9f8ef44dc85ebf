/* Shared by links.c (what the kernel reports), links_read.c (what we ask of it) and links_view.c
 * (what is asked of us) only. */
#ifndef AGENT_KERNEL_LINKS_INTERNAL_H
#define AGENT_KERNEL_LINKS_INTERNAL_H

#include "agent/kernel/links_table.h"

struct nl_sock;

struct links {
    struct links_observer observer;
    struct nl_sock *events;
    struct nl_sock *requests;
    sd_event_source *source;
    struct links_table table;
    unsigned generation;    /* of the last dump */
    bool quiet;             /* no callbacks: opening, or asked by ourselves */
    bool reading;           /* a dump: callbacks wait for its end, for they may ask the kernel */
    sd_event_source *later; /* tells what links_read_addresses() found, or reads all again */
    bool stale;             /* the last dump failed: it is to be made again */
};

/* links.c: tells the observer, or takes away and tells. */
void links_report_link(struct links *links, const struct link *link, bool present);
void links_report_address(struct links *links, const struct observed_address *address,
                          bool present);
void links_remove(struct links *links, struct link_entry *entry);
void links_address_absent(struct links *links, const struct observed_address *address);

/* links_read.c: libnl's error as an errno. */
int links_errno(int nl_error);

/* Reads everything. 0, -EAGAIN (changes kept interrupting it), or another negative errno. */
int links_read_all(struct links *links);

/* Reads everything again after a loss and tells the difference. */
void links_resync(struct links *links);

/* Does so in a while. */
void links_retry(struct links *links);

/* The source for what is told or read again later. 0 or a negative errno. */
int links_add_later(struct links *links, sd_event *event, int64_t priority);

#endif
