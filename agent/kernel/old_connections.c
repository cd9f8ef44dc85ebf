/* What is to be forgotten, one flight at a time; see old_connections.h. */
#include "agent/kernel/old_connections.h"

#include "agent/base/log.h"
#include "agent/kernel/sock_diag.h"

#include <stdlib.h>
#include <string.h>

/* Of claims that nobody ever has, over and over. */
enum { WAITING_MAX = 65536 };

struct list {
    struct ip_address *addresses;
    size_t count;
    size_t room;
};

struct old_connections {
    struct worker_task task; /* first */
    struct list flying;      /* the thread's while that is submitted */
    int result;              /* likewise */

    struct worker *worker;
    struct list next;
    bool go;   /* with that, too */
    int error; /* the last that was told */
};

static void work(struct worker_task *task)
{
    struct old_connections *old = (struct old_connections *)task;

    old->result = sock_diag_end_time_wait(old->flying.addresses, old->flying.count);
}

/* A claim is rare: no memory is kept for the next one. */
static void clear(struct list *list)
{
    free(list->addresses);
    *list = (struct list){0};
}

static void fly(struct old_connections *old)
{
    if (old->task.submitted || !old->go || old->next.count == 0)
        return;
    old->go = false;
    old->flying = old->next;
    old->next = (struct list){0};
    if (!worker_submit(old->worker, &old->task))
        clear(&old->flying);
}

static void done(struct worker_task *task)
{
    struct old_connections *old = (struct old_connections *)task;

    if (old->result < 0 && old->result != old->error) {
        log_msg(LOG_INFO,
                "the kernel does not forget connections from the last time that addresses were "
                "here (%s): some that are open elsewhere when one comes back may hang",
                strerror(-old->result));
        old->error = old->result;
    }
    clear(&old->flying);
    fly(old);
}

static bool make_room(struct list *list, size_t more)
{
    if (list->count + more <= list->room)
        return true;
    size_t room = list->count + more;
    room += room / 2;
    struct ip_address *addresses = realloc(list->addresses, room * sizeof(*addresses));
    if (addresses == NULL)
        return false;
    list->addresses = addresses;
    list->room = room;
    return true;
}

void old_connections_forget(struct old_connections *old, const struct claimed_address *addresses,
                            size_t count)
{
    if (!make_room(&old->next, count))
        return;
    for (size_t i = 0; i < count; i++)
        old->next.addresses[old->next.count++] = addresses[i].prefix.address;
    if (old->next.count > WAITING_MAX)
        old_connections_go(old);
}

void old_connections_go(struct old_connections *old)
{
    if (old == NULL || old->next.count == 0)
        return;
    old->go = true;
    fly(old);
}

struct old_connections *old_connections_new(struct worker *worker)
{
    struct old_connections *old = calloc(1, sizeof(*old));

    if (old == NULL)
        return NULL;
    old->task = (struct worker_task){.run = work, .done = done};
    old->worker = worker;
    return old;
}

void old_connections_free(struct old_connections *old)
{
    if (old == NULL)
        return;
    clear(&old->next);
    if (old->task.submitted)
        return;
    clear(&old->flying);
    free(old);
}
