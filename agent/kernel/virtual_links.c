/* Who wants which macvlan, and the parents they are on; see virtual_links.h. */
#include "agent/kernel/virtual_links.h"

#include "agent/base/log.h"
#include "agent/kernel/virtual_link.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Lives until the worker has given it its settings back. */
struct parent {
    struct parent *next;
    int ifindex;
    struct arp_settings before;
    unsigned users; /* links that are wanted */
    unsigned tasks; /* of links on it, those dropped too, that are not freed */
};

struct virtual_link {
    struct worker_task task; /* the first; submitted: the worker is at it */
    struct virtual_links *owner;
    struct virtual_link_options options;
    struct parent *parent;
    struct virtual_link_place place;
    bool dropped;
    bool waits; /* for on_ready() */

    /* The thread's while it is submitted. */
    bool going;                 /* to be deleted, else made */
    bool restore;               /* and the parent too */
    struct arp_settings before; /* of the parent */
    int result;                 /* 0: `made` is there; -EINPROGRESS: nothing was tried yet */
    struct link made;
};

struct virtual_links {
    struct links *links;
    struct worker *worker; /* NULL: none yet */
    struct parent *parents;
};

static struct parent *find_parent(const struct virtual_links *all, int ifindex)
{
    struct parent *parent = all->parents;

    while (parent != NULL && parent->ifindex != ifindex)
        parent = parent->next;
    return parent;
}

/* The settings are read only when none of ours can have changed them, or is about to. */
static struct parent *add_parent(struct virtual_links *all, const struct link *link)
{
    struct parent *parent = find_parent(all, link->ifindex);

    if (parent != NULL)
        return parent;
    parent = calloc(1, sizeof(*parent));
    if (parent == NULL)
        return NULL;
    parent->ifindex = link->ifindex;
    parent->before = virtual_link_before(all->links, link);
    parent->next = all->parents;
    all->parents = parent;
    return parent;
}

static void free_link(struct virtual_link *link)
{
    struct parent *parent = link->parent;
    struct parent **at = &link->owner->parents;

    free(link);
    if (--parent->tasks > 0)
        return;
    while (*at != parent)
        at = &(*at)->next;
    *at = parent->next;
    free(parent);
}

static void run(struct worker_task *task)
{
    struct virtual_link *link = (struct virtual_link *)task;
    const struct virtual_link_options *options = &link->options;

    if (!link->going)
        link->result = virtual_link_create(&link->place, options->family, options->vrid,
                                           &link->before, &link->made);
    else
        link->result = virtual_link_delete(link->made.ifindex, options->parent,
                                           link->restore ? &link->before : NULL);
}

static void begin_deleting(struct virtual_link *link)
{
    link->going = true;
    link->restore = link->parent->users == 0;
    if (link->made.ifindex != 0 || link->restore)
        worker_run(link->owner->worker, &link->task);
    else
        free_link(link);
}

static void done_deleting(struct virtual_link *link)
{
    if (link->result < 0)
        log_msg(LOG_WARNING, "cannot delete the virtual MAC's link %s: %s", link->made.name,
                strerror(-link->result));
    else if (link->made.ifindex != 0)
        links_note_gone(link->owner->links, link->made.ifindex);
    free_link(link);
}

static void done(struct worker_task *task)
{
    struct virtual_link *link = (struct virtual_link *)task;

    if (link->going) {
        done_deleting(link);
        return;
    }
    if (link->result == 0)
        links_note_link(link->owner->links, &link->made);
    else
        link->made.ifindex = 0; /* what has the name is somebody else's */
    if (link->dropped) {
        begin_deleting(link);
        return;
    }
    if (link->waits)
        link->options.on_ready(link->options.userdata);
}

int virtual_links_open(struct links *links, struct virtual_links **out)
{
    *out = calloc(1, sizeof(**out));
    if (*out == NULL)
        return -ENOMEM;
    (*out)->links = links;
    return 0;
}

void virtual_links_close(struct virtual_links *all)
{
    struct parent *parent;

    while (all != NULL && (parent = all->parents) != NULL) {
        assert(parent->users == 0);
        all->parents = parent->next;
        free(parent);
    }
    free(all);
}

void virtual_links_set_worker(struct virtual_links *all, struct worker *worker)
{
    all->worker = worker;
}

int virtual_links_want(struct virtual_links *all, const struct virtual_link_options *options,
                       struct virtual_link **out)
{
    const struct link *on = links_by_index(all->links, options->parent);
    struct virtual_link *link;

    *out = NULL;
    if (on == NULL)
        return -ENODEV;
    struct parent *parent = add_parent(all, on);
    link = parent != NULL ? calloc(1, sizeof(*link)) : NULL;
    if (link == NULL)
        return -ENOMEM;
    link->task = (struct worker_task){.run = run, .done = done};
    link->owner = all;
    link->options = *options;
    link->parent = parent;
    link->place = virtual_link_place(on);
    link->before = parent->before;
    link->result = -EINPROGRESS;
    parent->users++;
    parent->tasks++;
    worker_run(all->worker, &link->task);
    link->waits = link->task.submitted;
    *out = link;
    return 0;
}

int virtual_link_ifindex(const struct virtual_link *link)
{
    if (link->task.submitted)
        return -EINPROGRESS;
    return link->result == 0 ? link->made.ifindex : link->result;
}

bool virtual_link_is_placed(const struct virtual_link *link, const struct link *parent)
{
    return virtual_link_place(parent).vrf == link->place.vrf;
}

void virtual_links_drop(struct virtual_link *link)
{
    if (link == NULL)
        return;
    link->dropped = true;
    link->parent->users--;
    if (!link->task.submitted)
        begin_deleting(link);
}
