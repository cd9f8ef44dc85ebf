/* What is told is counted; see links_watcher.h. */
#include "tests/unit/agent/kernel/links_watcher.h"

#include "tests/unit/agent/netns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool copy_first(void *userdata, const struct observed_address *address)
{
    struct observed_address *first = userdata;

    *first = *address;
    return false;
}

static void release_first(struct links *links)
{
    struct observed_address first = {0};

    links_each_address(links, 0, copy_first, &first);
    links_note_address(links, &first, false);
}

static void on_link(void *userdata, const struct link *link)
{
    struct watcher *w = userdata;

    w->last = *link;
    w->links_told++;
    if (w->releases)
        release_first(w->links);
    w->releases = false;
}

static void on_link_gone(void *userdata, const struct link *link)
{
    struct watcher *w = userdata;

    w->gone_ifindex = link->ifindex;
    w->gone_told++;
}

static void on_address(void *userdata, const struct observed_address *address, bool present)
{
    struct watcher *w = userdata;

    /* The kernel's own, which stop being tentative whenever they like. */
    if (ip_address_is_link_local(&address->prefix.address))
        return;
    w->last_address = *address;
    if (present)
        w->added++;
    else
        w->removed++;
}

static void on_resync(void *userdata)
{
    struct watcher *w = userdata;

    w->resyncs++;
}

void watcher_start(struct watcher *w)
{
    const struct links_observer observer = {.on_link = on_link,
                                            .on_link_gone = on_link_gone,
                                            .on_address = on_address,
                                            .on_resync = on_resync,
                                            .userdata = w};
    const struct worker_options options = {.name = "test-kernel", .tasks_max = 8};

    *w = (struct watcher){0};
    assert_true(sd_event_new(&w->event) >= 0);
    assert_int_equal(links_open(w->event, 0, &observer, &w->links), 0);
    assert_int_equal(worker_open(w->event, &options, &w->worker), 0);
    links_use_worker(w->links, w->worker);
}

void watcher_stop(struct watcher *w)
{
    worker_close(w->worker);
    links_close(w->links);
    sd_event_unref(w->event);
}

void watcher_settle(struct watcher *w)
{
    netns_run_for(w->event, QUIET_MS);
    w->links_told = w->gone_told = w->added = w->removed = 0;
}
