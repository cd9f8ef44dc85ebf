/* Flights of the table, and when there has to be one; see nft_guard.h. Owner: the agent. */
#include "agent/kernel/nft_guard.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/source.h"
#include "agent/kernel/mending.h"
#include "agent/kernel/nft_news.h"
#include "agent/kernel/nft_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TIMER_ACCURACY_US = 1000 };

/* By then what was released has left the kernel. */
#define RETIRE_NS (500 * NS_PER_MS)
/* The table is looked at so often at most, however much others change theirs. */
#define LOOK_EVERY_NS (20 * NS_PER_MS)
#define RETRY_MIN_NS  (1 * NS_PER_SEC)
#define RETRY_MAX_NS  (30 * NS_PER_SEC)

/* What the kernel was last made to have, or is being made to. */
struct content {
    struct nft_element *list;
    size_t count;
    size_t room;
};

struct nft_guard {
    struct worker_task task; /* first: the flight */
    /* The thread's while it is submitted. */
    struct nft_socket *socket; /* NULL: could not be opened */
    struct content content;
    bool looking; /* it only looks */
    int result;

    sd_event *event;
    int64_t priority;
    struct worker *worker;
    struct netlink_news *news;
    struct nft_share *shares;
    sd_event_source *timer;
    bool dirty;          /* something is wanted anew */
    bool look;           /* somebody else has changed something */
    bool in_force;       /* the kernel has taken the content */
    int error;           /* of the last attempt */
    uint64_t retire_ns;  /* until then what was wanted before stays in; 0: nothing */
    uint64_t look_ns;    /* not looked at before */
    uint64_t write_ns;   /* not written before: after a failure, or too many repairs */
    uint64_t backoff_ns; /* of failures */
    struct mending mended;
};

static void fly(struct nft_guard *guard);

static uint64_t longer(uint64_t backoff_ns, uint64_t min_ns, uint64_t max_ns)
{
    if (backoff_ns == 0)
        return min_ns;
    return backoff_ns < max_ns / 2 ? backoff_ns * 2 : max_ns;
}

/* ---- What the table is to have */

static int compare(const void *a, const void *b)
{
    const struct nft_element *x = a;
    const struct nft_element *y = b;

    if (x->ifindex != y->ifindex)
        return x->ifindex < y->ifindex ? -1 : 1;
    return ip_address_compare(&x->address, &y->address);
}

static bool make_room(struct content *content, size_t count)
{
    if (count <= content->room)
        return true;
    struct nft_element *list = realloc(content->list, count * sizeof(*list));
    if (list == NULL)
        return false;
    content->list = list;
    content->room = count;
    return true;
}

static void add(struct content *content, int ifindex, const struct claimed_address *claim)
{
    const struct ip_address *address = &claim->prefix.address;
    bool link_local = address->family == IP_FAMILY_IPV6 && ip_address_is_link_local(address);

    if (!link_local || (ifindex != 0 && claim->device[0] == '\0'))
        content->list[content->count++] =
            (struct nft_element){.ifindex = link_local ? ifindex : 0, .address = *address};
}

/* Sorted, each once: two instances may have the same. */
static void sort(struct content *content)
{
    size_t kept = 0;

    if (content->count > 0)
        qsort(content->list, content->count, sizeof(*content->list), compare);
    for (size_t i = 0; i < content->count; i++)
        if (kept == 0 || compare(&content->list[kept - 1], &content->list[i]) != 0)
            content->list[kept++] = content->list[i];
    content->count = kept;
}

/* What is wanted, and while it may still be in the kernel what was. */
static bool collect(struct nft_guard *guard)
{
    struct content *content = &guard->content;
    size_t wanted = 0;

    for (const struct nft_share *s = guard->shares; s != NULL; s = s->next)
        wanted += s->count;
    if (guard->retire_ns == 0)
        content->count = 0;
    if (!make_room(content, content->count + wanted))
        return false;
    for (const struct nft_share *s = guard->shares; s != NULL; s = s->next)
        for (size_t i = 0; i < s->count; i++)
            add(content, s->ifindex, &s->addresses[i]);
    sort(content);
    return true;
}

/* ---- A flight */

static void work(struct worker_task *task)
{
    struct nft_guard *guard = (struct nft_guard *)task;
    const struct content *content = &guard->content;

    if (guard->socket == NULL)
        guard->result = nft_socket_open(&guard->socket);
    if (guard->socket == NULL)
        return;
    guard->result = guard->looking ? nft_table_intact(guard->socket, content->list, content->count)
                                   : nft_table_write(guard->socket, content->list, content->count);
    /* Most nodes need it once, at start. */
    if (content->count == 0) {
        nft_socket_close(guard->socket);
        guard->socket = NULL;
    }
}

static void on_news(void *userdata)
{
    struct nft_guard *guard = userdata;

    guard->look = true;
    fly(guard);
}

/* Only once there is something to watch. */
static void watch_others(struct nft_guard *guard)
{
    if (guard->news != NULL || guard->content.count == 0)
        return;
    const struct netlink_listener listener = {.priority = guard->priority,
                                              .own_port = nft_socket_port(guard->socket),
                                              .on_news = on_news,
                                              .userdata = guard};
    int r = nft_news_open(guard->event, &listener, &guard->news);
    if (r < 0)
        log_msg(LOG_WARNING,
                "cannot hear of changes to nf_tables (%s): the table of accept = no is not made "
                "again when somebody removes it",
                strerror(-r));
    /* What has happened before is not told. */
    guard->look = r >= 0;
}

static void note_failure(struct nft_guard *guard)
{
    if (guard->error != guard->result && guard->content.count > 0)
        log_msg(LOG_ERR,
                "packets to the virtual addresses of instances with accept = no are not dropped: "
                "%s",
                nft_table_problem(guard->result));
    guard->error = guard->result;
    guard->in_force = false;
    guard->backoff_ns = longer(guard->backoff_ns, RETRY_MIN_NS, RETRY_MAX_NS);
    guard->write_ns = clock_boot_ns() + guard->backoff_ns;
    /* A predecessor's table, on a kernel that cannot have had one. */
    guard->dirty = guard->dirty || guard->content.count > 0;
}

static void note_written(struct nft_guard *guard)
{
    if (guard->error != 0)
        log_msg(LOG_NOTICE, "packets to the virtual addresses of accept = no are dropped now");
    guard->error = 0;
    guard->backoff_ns = 0;
    guard->in_force = true;
    watch_others(guard);
}

/* Somebody has changed the table or taken it away. */
static void note_damage(struct nft_guard *guard)
{
    uint64_t now_ns = clock_boot_ns();

    guard->write_ns = mending_next(&guard->mended, now_ns);
    guard->in_force = false;
    guard->dirty = true;
    if (!mending_tell(&guard->mended, now_ns))
        return;
    log_msg(LOG_WARNING, "somebody has changed or removed table inet vipd of nf_tables, by which "
                         "accept = no drops packets: made again");
}

/* It changed while it was looked at, or the kernel does not say. */
static void look_later(struct nft_guard *guard)
{
    guard->look = true;
    guard->look_ns = clock_boot_ns() + (guard->result == -EINTR ? LOOK_EVERY_NS : RETRY_MIN_NS);
}

static void done(struct worker_task *task)
{
    struct nft_guard *guard = (struct nft_guard *)task;

    if (guard->looking && guard->result == 0)
        note_damage(guard);
    else if (guard->looking && guard->result < 0)
        look_later(guard);
    else if (!guard->looking && guard->result < 0)
        note_failure(guard);
    else if (!guard->looking)
        note_written(guard);
    fly(guard);
}

/* ---- When there is to be one */

static void wait_until(struct nft_guard *guard, uint64_t at_ns)
{
    (void)source_set_time(guard->timer, at_ns / NS_PER_US + 1);
    (void)source_set_enabled(guard->timer, SD_EVENT_ONESHOT);
}

/* What has nothing more to retire needs no moment; else that moment, or NEVER. */
static void arm(struct nft_guard *guard)
{
    uint64_t next_ns = DEADLINE_NEVER;

    if (guard->dirty)
        next_ns = guard->write_ns;
    if (guard->look && guard->look_ns < next_ns)
        next_ns = guard->look_ns;
    if (guard->retire_ns != 0 && guard->retire_ns < next_ns)
        next_ns = guard->retire_ns;
    /* The end of a flight arms it anew. */
    if (next_ns != DEADLINE_NEVER && !guard->task.submitted)
        wait_until(guard, next_ns);
    else
        (void)source_set_enabled(guard->timer, SD_EVENT_OFF);
}

static void submit(struct nft_guard *guard, bool looking)
{
    guard->looking = looking;
    if (!worker_submit(guard->worker, &guard->task)) {
        guard->dirty = guard->dirty || !looking;
        guard->look = guard->look || looking;
        guard->write_ns = clock_boot_ns() + RETRY_MIN_NS;
        guard->look_ns = guard->write_ns;
    }
}

static void fly(struct nft_guard *guard)
{
    uint64_t now_ns = clock_boot_ns();

    if (guard->task.submitted)
        return;
    if (guard->retire_ns != 0 && guard->retire_ns <= now_ns) {
        guard->retire_ns = 0;
        guard->dirty = true;
    }
    if (guard->dirty && guard->write_ns <= now_ns) {
        guard->dirty = !collect(guard);
        guard->write_ns = guard->dirty ? now_ns + RETRY_MIN_NS : now_ns;
        if (!guard->dirty)
            submit(guard, false);
    } else if (guard->look && guard->look_ns <= now_ns) {
        guard->look = false;
        guard->look_ns = now_ns + LOOK_EVERY_NS;
        if (guard->in_force && guard->content.count > 0)
            submit(guard, true);
    }
    arm(guard);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    fly(userdata);
    return 0;
}

/* ---- What others ask for */

static void link_share(struct nft_guard *guard, struct nft_share *share, bool in)
{
    if (share->linked == in)
        return;
    share->linked = in;
    if (in) {
        share->prev = NULL;
        share->next = guard->shares;
        if (share->next != NULL)
            share->next->prev = share;
        guard->shares = share;
        return;
    }
    if (share->prev != NULL)
        share->prev->next = share->next;
    else
        guard->shares = share->next;
    if (share->next != NULL)
        share->next->prev = share->prev;
    share->next = NULL;
    share->prev = NULL;
}

void nft_guard_want(struct nft_guard *guard, struct nft_share *share, int ifindex,
                    const struct claimed_address *addresses, size_t count)
{
    if (share->count == count &&
        (count == 0 || (share->ifindex == ifindex && share->addresses == addresses)))
        return;
    if (share->count > 0)
        guard->retire_ns = clock_boot_ns() + RETIRE_NS;
    share->ifindex = ifindex;
    share->addresses = addresses;
    share->count = count;
    link_share(guard, share, count > 0);
    guard->dirty = true;
    fly(guard);
}

void nft_guard_run(struct nft_guard *guard)
{
    guard->dirty = true;
    fly(guard);
}

static int remove_table(struct nft_guard *guard, uint64_t limit_ns)
{
    if (!worker_wait(guard->worker, limit_ns))
        return -ETIMEDOUT;
    guard->content.count = 0;
    guard->retire_ns = 0;
    guard->dirty = true;
    guard->write_ns = 0;
    fly(guard);
    if (!worker_wait(guard->worker, limit_ns))
        return -ETIMEDOUT;
    /* Where there is no nf_tables there is nothing left of it. */
    return guard->in_force || nft_table_unknown(guard->error) ? 0 : guard->error;
}

int nft_guard_finish(struct nft_guard *guard, uint64_t limit_ns)
{
    int r = remove_table(guard, limit_ns);

    if (r < 0)
        log_msg(LOG_ERR, "table inet vipd of nf_tables could not be removed: %s", strerror(-r));
    return r;
}

const char *nft_guard_problem(const struct nft_guard *guard)
{
    return guard->shares != NULL && guard->error != 0 ? nft_table_problem(guard->error) : NULL;
}

const char *nft_guard_try(void)
{
    struct nft_socket *socket = NULL;
    int r = nft_socket_open(&socket);

    if (r == 0)
        r = nft_table_try(socket);
    nft_socket_close(socket);
    return nft_table_unknown(r) ? nft_table_problem(r) : NULL;
}

int nft_guard_open(sd_event *event, int64_t priority, struct worker *worker, struct nft_guard **out)
{
    struct nft_guard *guard = calloc(1, sizeof(*guard));
    int r;

    *out = NULL;
    if (guard == NULL)
        return -ENOMEM;
    guard->task = (struct worker_task){.run = work, .done = done};
    guard->event = event;
    guard->priority = priority;
    guard->worker = worker;
    r = source_add_time(event, &guard->timer, CLOCK_BOOTTIME, UINT64_MAX, TIMER_ACCURACY_US,
                        on_timer, guard);
    if (r >= 0)
        r = source_set_enabled(guard->timer, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_source_set_priority(guard->timer, priority);
    if (r < 0) {
        nft_guard_close(guard);
        return r;
    }
    *out = guard;
    return 0;
}

void nft_guard_close(struct nft_guard *guard)
{
    if (guard == NULL)
        return;
    sd_event_source_disable_unref(guard->timer);
    netlink_news_close(guard->news);
    /* A thread that hangs keeps what it hangs in. */
    if (guard->task.submitted)
        return;
    nft_socket_close(guard->socket);
    free(guard->content.list);
    free(guard);
}
