/* Urgent descriptors around an sd-event; see turns.h. Owner: each of its urgent ones, and whoever
 * runs it, for as long as they do. */
#include "agent/base/turns.h"

#include "agent/base/clock.h"
#include "agent/base/priorities.h"
#include "lib/limits.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    READY_MAX = 16,
    DUE_MAX = 8, /* more are due in the next turn */
};

struct turns {
    sd_event *event;
    int epoll;
    unsigned users;
    bool stirred; /* the sd-event has something to do, or to arm: its descriptor need not say so */
    int ready;    /* of this turn, in `list`; without data: the sd-event's, or closed meanwhile */
    struct epoll_event list[READY_MAX + DUE_MAX];
    struct urgent *timed; /* those that have a time */
    struct turns *next;
};

/* An sd-event has no room for a pointer of ours, and its sources know nothing but it. Each belongs
 * to one thread, and so does this list: of one, but in tests. */
static _Thread_local struct turns *turns_here;

static struct turns *find(const sd_event *event)
{
    struct turns *turns = turns_here;

    while (turns != NULL && turns->event != event)
        turns = turns->next;
    return turns;
}

/* ---- Its life */

static int watch(const struct turns *turns, int fd, uint32_t events, void *userdata)
{
    struct epoll_event event = {.events = events, .data.ptr = userdata};

    return epoll_ctl(turns->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

static void leave(struct turns *turns)
{
    struct turns **link = &turns_here;

    if (--turns->users > 0)
        return;
    while (*link != turns)
        link = &(*link)->next;
    *link = turns->next;
    if (turns->epoll >= 0)
        close(turns->epoll);
    sd_event_unref(turns->event);
    free(turns);
}

static int join(sd_event *event, struct turns **out)
{
    struct turns *turns = find(event);

    *out = turns;
    if (turns != NULL) {
        turns->users++;
        return 0;
    }
    turns = calloc(1, sizeof(*turns));
    if (turns == NULL)
        return -ENOMEM;
    *turns = (struct turns){.event = sd_event_ref(event),
                            .epoll = epoll_create1(EPOLL_CLOEXEC),
                            .users = 1,
                            .stirred = true,
                            .next = turns_here};
    turns_here = turns;
    int r = turns->epoll < 0 ? -errno : watch(turns, sd_event_get_fd(event), EPOLLIN, NULL);
    if (r < 0)
        leave(turns);
    else
        *out = turns;
    return r;
}

/* ---- What is urgent */

int urgent_open(sd_event *event, struct urgent *urgent)
{
    int r = join(event, &urgent->turns);

    if (r < 0)
        return r;
    r = watch(urgent->turns, urgent->fd, urgent->events, urgent);
    urgent->enabled = r == 0;
    urgent->at_ns = UINT64_MAX;
    if (r < 0) {
        leave(urgent->turns);
        urgent->turns = NULL;
    }
    return r;
}

/* Cannot fail. An error of the descriptor is told even when no event is wanted: then once only. */
void urgent_enable(struct urgent *urgent, bool enabled)
{
    struct epoll_event event = {.events = enabled ? urgent->events : EPOLLET, .data.ptr = urgent};

    if (urgent->enabled == enabled)
        return;
    urgent->enabled = enabled;
    (void)epoll_ctl(urgent->turns->epoll, EPOLL_CTL_MOD, urgent->fd, &event);
}

void urgent_call_at(struct urgent *urgent, uint64_t at_ns)
{
    struct urgent **link = &urgent->turns->timed;

    if (urgent->at_ns == UINT64_MAX && at_ns != UINT64_MAX) {
        urgent->next = *link;
        *link = urgent;
    } else if (urgent->at_ns != UINT64_MAX && at_ns == UINT64_MAX) {
        while (*link != urgent)
            link = &(*link)->next;
        *link = urgent->next;
    }
    urgent->at_ns = at_ns;
}

void urgent_close(struct urgent *urgent)
{
    struct turns *turns = urgent->turns;

    if (turns == NULL)
        return;
    urgent_call_at(urgent, UINT64_MAX);
    (void)epoll_ctl(turns->epoll, EPOLL_CTL_DEL, urgent->fd, NULL);
    for (int i = 0; i < turns->ready; i++)
        if (turns->list[i].data.ptr == urgent)
            turns->list[i].data.ptr = NULL;
    urgent->turns = NULL;
    leave(turns);
}

/* ---- Turns */

void turns_stir(const sd_event *event)
{
    struct turns *turns = find(event);

    if (turns != NULL)
        turns->stirred = true;
}

static int step(sd_event *event, bool *done)
{
    int r = 0;

    if (sd_event_get_state(event) == SD_EVENT_ARMED)
        r = sd_event_wait(event, 0);
    if (r >= 0 && sd_event_get_state(event) == SD_EVENT_PENDING) {
        *done = true;
        r = sd_event_dispatch(event);
    }
    if (r < 0 || sd_event_get_state(event) != SD_EVENT_INITIAL)
        return r < 0 ? r : 0;
    return sd_event_prepare(event);
}

int turns_step(sd_event *event)
{
    bool done = false;

    return step(event, &done);
}

static bool is_wanted(const struct epoll_event *ready)
{
    const struct urgent *urgent = ready->data.ptr;

    return ready->events != 0 ? urgent->enabled : urgent->at_ns != UINT64_MAX;
}

/* NULL: none is left. There are few: looked through for each. */
static struct urgent *take_first(struct turns *turns)
{
    struct epoll_event *first = NULL;

    for (struct epoll_event *e = turns->list; e < turns->list + turns->ready; e++) {
        const struct urgent *urgent = e->data.ptr;

        if (urgent != NULL && is_wanted(e) &&
            (first == NULL || urgent->priority < ((struct urgent *)first->data.ptr)->priority))
            first = e;
    }
    if (first == NULL)
        return NULL;
    struct urgent *urgent = first->data.ptr;
    first->data.ptr = NULL;
    if (first->events == 0)
        urgent_call_at(urgent, UINT64_MAX);
    return urgent;
}

/* The priority of the last one; INT64_MIN: none was served. */
static int64_t serve_urgent(struct turns *turns)
{
    int64_t last = INT64_MIN;
    struct urgent *urgent;

    while ((urgent = take_first(turns)) != NULL) {
        last = urgent->priority;
        urgent->fn(urgent->userdata);
    }
    turns->ready = 0;
    return last;
}

static bool rest_is_ready(const struct turns *turns)
{
    bool ready = turns->stirred;

    for (int i = 0; i < turns->ready; i++)
        ready |= turns->list[i].data.ptr == NULL;
    return ready;
}

/* One source of it, and what was set meanwhile is armed. */
static int serve_rest(struct turns *turns, bool *done)
{
    int r = step(turns->event, done);

    turns->stirred = r > 0;
    return r;
}

static int ms_of(uint64_t us)
{
    const uint64_t us_per_ms = NS_PER_MS / NS_PER_US;

    if (us >= (uint64_t)INT32_MAX)
        return -1;
    return (int)((us + us_per_ms - 1) / us_per_ms);
}

/* Not longer than until a time comes. */
static uint64_t shorten(const struct turns *turns, uint64_t timeout_us)
{
    uint64_t now_ns = turns->timed != NULL ? clock_boot_ns() : 0;

    for (const struct urgent *u = turns->timed; u != NULL; u = u->next) {
        uint64_t ns = u->at_ns > now_ns ? u->at_ns - now_ns : 0;
        uint64_t us = (ns + NS_PER_US - 1) / NS_PER_US;
        timeout_us = us < timeout_us ? us : timeout_us;
    }
    return timeout_us;
}

/* Whose time has come is ready as well: without events, which nobody is by epoll. */
static void add_due(struct turns *turns)
{
    uint64_t now_ns = turns->timed != NULL ? clock_boot_ns() : 0;
    int end = turns->ready + DUE_MAX;

    for (struct urgent *u = turns->timed; u != NULL && turns->ready < end; u = u->next)
        if (u->at_ns <= now_ns)
            turns->list[turns->ready++] = (struct epoll_event){.data.ptr = u};
}

static int turn(struct turns *turns, uint64_t timeout_us)
{
    int n = epoll_wait(turns->epoll, turns->list, READY_MAX,
                       turns->stirred ? 0 : ms_of(shorten(turns, timeout_us)));

    if (n < 0 && errno != EINTR)
        return -errno;
    turns->ready = n > 0 ? n : 0;
    add_due(turns);
    bool ready = rest_is_ready(turns);
    int64_t last = serve_urgent(turns);
    bool done = last != INT64_MIN;
    int r = 0;
    /* Packets go on while there are any: they rest by themselves. */
    if ((ready || turns->stirred) && (!done || last > AGENT_PRIORITY_PACKETS))
        r = serve_rest(turns, &done);
    return r < 0 ? r : done;
}

int turns_run(sd_event *event, uint64_t timeout_us)
{
    struct turns *turns;
    bool waits;
    int r = join(event, &turns);

    if (r < 0)
        return r;
    /* Stirred, it does not wait. */
    do {
        waits = !turns->stirred;
        r = turn(turns, timeout_us);
    } while (r == 0 && !waits);
    leave(turns);
    return r;
}

int turns_loop(sd_event *event)
{
    struct turns *turns;
    int r = join(event, &turns);
    int code = 0;

    if (r < 0)
        return r;
    while (r >= 0 && sd_event_get_state(event) != SD_EVENT_FINISHED)
        r = turn(turns, UINT64_MAX);
    if (r >= 0)
        r = sd_event_get_exit_code(event, &code);
    leave(turns);
    return r < 0 ? r : code;
}
