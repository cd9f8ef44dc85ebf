/* Woken for a few messages, looking after many of them; see pace.h. Owner: who reads. */
#include "agent/wire/pace.h"

#include "agent/base/clock.h"
#include "agent/base/turns.h"
#include "lib/limits.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>

#define WINDOW_NS (PACE_WINDOW_MS * NS_PER_MS)

/* A manner of looking. */
struct manner {
    uint64_t every_ns;
    unsigned looks; /* in a window */
    size_t min;     /* with fewer messages in a window it may be cheaper to be woken */
    size_t max;     /* with more they are a flood */
    /* After so many it is woken for once: what came apart at first comes in heaps later. */
    unsigned windows;
};

static const struct manner flood = {.every_ns = PACE_LOOK_MS * NS_PER_MS,
                                    .looks = PACE_WINDOW_MS / PACE_LOOK_MS,
                                    .min = PACE_FLOOD_MIN,
                                    .max = SIZE_MAX,
                                    .windows = UINT_MAX};
static const struct manner crumbs = {.every_ns = PACE_CRUMBS_LOOK_MS * NS_PER_MS,
                                     .looks = PACE_WINDOW_MS / PACE_CRUMBS_LOOK_MS,
                                     .min = PACE_CRUMBS_MIN,
                                     .max = PACE_CRUMBS_MAX,
                                     .windows = PACE_CRUMBS_WINDOWS};

struct pace {
    struct pace_options options;
    struct urgent urgent;
    const struct manner *looking; /* NULL: woken */
    bool resting;
    bool reading;
    bool closed;             /* by whom it reads for: it goes when that is done */
    unsigned times;          /* it was woken in this window, or has looked */
    size_t found;            /* by that */
    unsigned windows;        /* in which it looked */
    uint64_t look_ns;        /* while it looks: the next time */
    uint64_t window_ends_ns; /* while it is woken */
};

static void choose_source(struct pace *pace)
{
    bool looks = !pace->resting && pace->looking != NULL;

    urgent_enable(&pace->urgent, !pace->resting && pace->looking == NULL);
    urgent_call_at(&pace->urgent, looks ? pace->look_ns : UINT64_MAX);
}

/* False: it was closed meanwhile. */
static bool read_some(struct pace *pace, size_t *n)
{
    pace->reading = true;
    *n = pace->options.read(pace->options.userdata);
    pace->reading = false;
    if (!pace->closed)
        return true;
    free(pace);
    return false;
}

static void begin(struct pace *pace, const struct manner *manner)
{
    pace->looking = manner;
    pace->times = 0;
    pace->found = 0;
    pace->windows = 0;
    pace->look_ns = 0;
    pace->window_ends_ns = 0;
}

/* Full: at once. Otherwise in step, as it is late by a part of a millisecond each time. */
static void look_again(struct pace *pace, size_t n, uint64_t now_ns)
{
    pace->look_ns += pace->looking->every_ns;
    if (n >= pace->options.full)
        pace->look_ns = now_ns;
    else if (pace->look_ns <= now_ns)
        pace->look_ns = now_ns + pace->looking->every_ns;
}

/* How to go on after it was woken. */
static const struct manner *manner_woken(struct pace *pace, size_t n, uint64_t now_ns)
{
    if (now_ns >= pace->window_ends_ns) {
        pace->window_ends_ns = now_ns + WINDOW_NS;
        pace->times = 0;
        pace->found = 0;
    }
    pace->found += n;
    if (++pace->times > PACE_WOKEN_MAX)
        return &flood;
    return pace->times > PACE_CRUMBS_WOKEN_MAX && pace->found >= PACE_CRUMBS_ENTER ? &crumbs : NULL;
}

/* How to go on after a look: the same, but perhaps at the end of a window. */
static const struct manner *manner_looking(struct pace *pace, size_t n)
{
    const struct manner *is = pace->looking;

    pace->found += n;
    if (++pace->times < is->looks)
        return is;
    size_t found = pace->found;
    pace->times = 0;
    pace->found = 0;
    if (found > is->max)
        return &flood;
    return found < is->min || ++pace->windows >= is->windows ? NULL : is;
}

static void on_urgent(void *userdata)
{
    struct pace *pace = userdata;
    size_t n;

    if (!read_some(pace, &n))
        return;
    uint64_t now_ns = clock_boot_ns();
    const struct manner *manner =
        pace->looking != NULL ? manner_looking(pace, n) : manner_woken(pace, n, now_ns);
    if (manner == NULL && pace->looking == NULL)
        return;
    if (manner != pace->looking)
        begin(pace, manner);
    if (manner != NULL)
        look_again(pace, n, now_ns);
    choose_source(pace);
}

int pace_open(sd_event *event, const struct pace_options *options, struct pace **out)
{
    struct pace *pace = calloc(1, sizeof(*pace));

    *out = NULL;
    if (pace == NULL)
        return -ENOMEM;
    *pace = (struct pace){.options = *options,
                          .urgent = {.fd = options->fd,
                                     .events = EPOLLIN,
                                     .priority = options->priority,
                                     .fn = on_urgent,
                                     .userdata = pace}};
    int r = urgent_open(event, &pace->urgent);
    if (r < 0) {
        pace_close(pace);
        return r;
    }
    *out = pace;
    return 0;
}

void pace_close(struct pace *pace)
{
    if (pace == NULL)
        return;
    urgent_close(&pace->urgent);
    if (pace->reading)
        pace->closed = true;
    else
        free(pace);
}

void pace_rest(struct pace *pace, bool resting)
{
    if (pace == NULL)
        return;
    pace->resting = resting;
    choose_source(pace);
}

bool pace_looks(const struct pace *pace)
{
    return pace->looking != NULL;
}
