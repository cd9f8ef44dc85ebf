/*
 * Whoever watches the links, in a test: counts what is told. Each test has its own, in a namespace
 * of its own. Only for tests.
 */
#ifndef TESTS_LINKS_WATCHER_H
#define TESTS_LINKS_WATCHER_H

#include "agent/kernel/links.h"

enum {
    WAIT_MS = 30 * 1000,
    QUIET_MS = 50,
};

/* What was told. */
struct watcher {
    sd_event *event;
    struct links *links;
    struct worker *worker;
    struct link last;
    unsigned links_told;
    unsigned gone_told;
    int gone_ifindex;
    unsigned added;
    unsigned removed;
    struct observed_address last_address;
    unsigned resyncs;
    bool releases; /* in on_link: the first address of all is noted as gone */
};

/* Opens the links; fails the test when it cannot. */
void watcher_start(struct watcher *w);
void watcher_stop(struct watcher *w);

/* Reads and forgets what has happened so far. */
void watcher_settle(struct watcher *w);

#endif
