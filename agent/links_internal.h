/* Shared by links.c (what comes from the kernel) and links_view.c (what is asked of us) only. */
#ifndef AGENT_LINKS_INTERNAL_H
#define AGENT_LINKS_INTERNAL_H

#include "agent/links_table.h"

struct nl_sock;

struct links {
    struct links_observer observer;
    struct nl_sock *events;
    struct nl_sock *requests;
    sd_event_source *source;
    struct links_table table;
    unsigned generation;     /* of the last dump */
    bool quiet;              /* no callbacks: opening, or asked by ourselves */
    bool reading;            /* a dump: callbacks wait for its end, for they may ask the kernel */
    sd_event_source *untold; /* tells what links_read_addresses() found */
};

#endif
