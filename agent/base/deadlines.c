/* A heap of deadlines under one timer; see deadlines.h. Owner: the agent. */
#include "agent/base/deadlines.h"

#include "agent/base/clock.h"
#include "agent/base/turns.h"
#include "lib/limits.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    /* Served before other sources, received packets above all, get a turn. */
    SERVED_PER_TURN = 64,
    ROOM_MIN = 16,
    STALE_QUARTERS = 2,
    SOON_STALE_QUARTERS = 3,
};

/* What was put off is looked at so much early: together with what comes a little earlier. */
#define LOOK_EARLY_NS NS_PER_MS

/* What is put off for longer than this is not waited for in vain: the timer costs less than being
 * woken. What comes more often is looked at together with others. */
#define LONG_NS (20 * NS_PER_MS)

/* The time stands here too: to compare it, what it belongs to need not be touched. */
struct entry {
    uint64_t looked_ns;
    struct deadline *deadline;
};

struct deadlines {
    struct deadlines_options options;
    struct urgent timer;
    uint64_t timer_ns;   /* it is set for; DEADLINE_NEVER: it is off */
    uint64_t serving_ns; /* the timer is set at the end; 0: nothing is being served */
    uint64_t served_ns;  /* when it began last */
    struct entry *heap;  /* the first is at 1 */
    size_t count;
    size_t room;
};

static void put(struct deadlines *d, struct entry entry, size_t place)
{
    d->heap[place] = entry;
    entry.deadline->place = place;
}

static void move_up(struct deadlines *d, size_t at, struct entry entry)
{
    for (; at > 1 && d->heap[at / 2].looked_ns > entry.looked_ns; at /= 2)
        put(d, d->heap[at / 2], at);
    put(d, entry, at);
}

static void move_down(struct deadlines *d, size_t at, struct entry entry)
{
    for (;;) {
        size_t child = 2 * at;

        if (child < d->count && d->heap[child + 1].looked_ns < d->heap[child].looked_ns)
            child++;
        if (child > d->count || d->heap[child].looked_ns >= entry.looked_ns)
            break;
        put(d, d->heap[child], at);
        at = child;
    }
    put(d, entry, at);
}

/* 0: off. */
static struct itimerspec timer_at(uint64_t ns)
{
    return (struct itimerspec){
        .it_value = {.tv_sec = (time_t)(ns / NS_PER_SEC), .tv_nsec = (long)(ns % NS_PER_SEC)}};
}

static void set_timer(struct deadlines *d)
{
    uint64_t ns = d->count > 0 ? d->heap[1].looked_ns : DEADLINE_NEVER;

    if (d->serving_ns != 0 || ns == d->timer_ns)
        return;
    d->timer_ns = ns;
    const struct itimerspec at = timer_at(ns == DEADLINE_NEVER ? 0 : ns > 0 ? ns : 1);
    int r = timerfd_settime(d->timer.fd, TFD_TIMER_ABSTIME, &at, NULL);
    assert(r == 0);
    (void)r;
}

/* Not due yet, but its time to be looked at is near: to its place. */
static bool put_off(struct deadlines *d, uint64_t now_ns)
{
    struct deadline *first = d->heap[1].deadline;

    if (d->heap[1].looked_ns > now_ns + LOOK_EARLY_NS || first->looked_ns >= first->at_ns)
        return false;
    first->looked_ns = first->at_ns;
    move_down(d, 1, (struct entry){.looked_ns = first->at_ns, .deadline = first});
    return true;
}

/* fn() may set, add and remove what it likes. */
static void serve(struct deadlines *d, uint64_t now_ns, size_t limit)
{
    size_t served = 0;
    bool begun = false;

    while (d->count > 0) {
        struct deadline *first = d->heap[1].deadline;

        if (put_off(d, now_ns))
            continue;
        if (d->heap[1].looked_ns > now_ns || served == limit)
            break;
        if (!begun) {
            begun = true;
            if (d->options.before != NULL)
                d->options.before(d->options.userdata);
            continue; /* it may have been put off */
        }
        served++;
        first->at_ns = DEADLINE_NEVER;
        first->fn(first->userdata);
    }
    if (begun && d->options.after != NULL)
        d->options.after(d->options.userdata);
}

static void serve_some(struct deadlines *d, size_t limit)
{
    /* What is served may keep the loop waiting, and ask for this. */
    if (d->serving_ns != 0)
        return;
    d->serving_ns = clock_boot_ns();
    d->served_ns = d->serving_ns;
    serve(d, d->serving_ns, limit);
    d->serving_ns = 0;
    set_timer(d);
}

/* Its place in the heap is nearer than so many quarters of the way to when it is due. */
static bool is_stale(const struct entry *first, uint64_t now_ns, unsigned quarters)
{
    uint64_t at_ns = first->deadline->at_ns;

    return first->looked_ns < at_ns && at_ns > now_ns + LONG_NS &&
           first->looked_ns < now_ns + (at_ns - now_ns) / 4 * quarters;
}

/* What would have to be moved by the next passes goes along: each costs setting the timer. */
void deadlines_look_ahead(struct deadlines *d)
{
    if (d->count == 0 || d->heap[1].looked_ns >= d->heap[1].deadline->at_ns)
        return;
    uint64_t now_ns = clock_boot_ns();
    if (!is_stale(&d->heap[1], now_ns, STALE_QUARTERS))
        return;
    while (is_stale(&d->heap[1], now_ns, SOON_STALE_QUARTERS)) {
        struct deadline *first = d->heap[1].deadline;

        first->looked_ns = first->at_ns;
        move_down(d, 1, (struct entry){.looked_ns = first->at_ns, .deadline = first});
    }
    set_timer(d);
}

/* The first is not there in vain: serve() has put that off. */
bool deadlines_behind(const struct deadlines *d)
{
    return d->count > 0 && d->heap[1].looked_ns <= d->served_ns;
}

void deadlines_serve(struct deadlines *d)
{
    serve_some(d, d->count);
}

/* It need not be read: it wakes by its edge, and is set anew after that. */
static void on_timer(void *userdata)
{
    struct deadlines *d = userdata;

    d->timer_ns = DEADLINE_NEVER; /* fired once */
    serve_some(d, SERVED_PER_TURN);
}

void deadline_set(struct deadlines *d, struct deadline *deadline, uint64_t at_ns)
{
    assert(deadline->place > 0);
    /* Each once a turn: received packets come before the second time. */
    deadline->at_ns = at_ns > d->serving_ns ? at_ns : d->serving_ns + 1;
    if (deadline->at_ns >= deadline->looked_ns)
        return;
    deadline->looked_ns = deadline->at_ns;
    move_up(d, deadline->place, (struct entry){.looked_ns = deadline->at_ns, .deadline = deadline});
    set_timer(d);
}

int deadlines_add(struct deadlines *d, struct deadline *deadline)
{
    assert(deadline->place == 0);
    if (d->count == d->room) {
        size_t room = d->room > 0 ? 2 * d->room : ROOM_MIN;
        struct entry *heap = realloc(d->heap, (room + 1) * sizeof(*heap));

        if (heap == NULL)
            return -ENOMEM;
        d->heap = heap;
        d->room = room;
    }
    deadline->at_ns = DEADLINE_NEVER;
    deadline->looked_ns = DEADLINE_NEVER;
    put(d, (struct entry){.looked_ns = DEADLINE_NEVER, .deadline = deadline}, ++d->count);
    return 0;
}

void deadlines_remove(struct deadlines *d, struct deadline *deadline)
{
    size_t place = deadline->place;

    if (place == 0)
        return;
    const struct entry last = d->heap[d->count--];
    deadline->place = 0;
    if (last.deadline != deadline) {
        move_up(d, place, last);
        move_down(d, last.deadline->place, last);
    }
    set_timer(d);
}

int deadlines_open(sd_event *event, const struct deadlines_options *options, struct deadlines **out)
{
    struct deadlines *d = calloc(1, sizeof(*d));

    *out = NULL;
    if (d == NULL)
        return -ENOMEM;
    *d = (struct deadlines){.options = *options,
                            .timer = {.fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC),
                                      .events = EPOLLIN | EPOLLET,
                                      .priority = options->priority,
                                      .fn = on_timer,
                                      .userdata = d},
                            .timer_ns = DEADLINE_NEVER};
    int r = d->timer.fd < 0 ? -errno : urgent_open(event, &d->timer);
    if (r < 0) {
        deadlines_close(d);
        return r;
    }
    *out = d;
    return 0;
}

void deadlines_close(struct deadlines *d)
{
    if (d == NULL)
        return;
    assert(d->count == 0);
    urgent_close(&d->timer);
    if (d->timer.fd >= 0)
        close(d->timer.fd);
    free(d->heap);
    free(d);
}
