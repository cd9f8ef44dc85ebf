/* Woken for a few messages, looking after a flood of them; see pace.h. Owner: who reads. */
#include "agent/wire/pace.h"

#include "agent/base/clock.h"
#include "agent/base/source.h"
#include "agent/base/turns.h"
#include "lib/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

enum {
    LOOKS = PACE_WINDOW_MS / PACE_LOOK_MS,
    ACCURACY_US = 1, /* 0 would be a quarter of a second */
};

#define WINDOW_NS (PACE_WINDOW_MS * NS_PER_MS)
#define LOOK_NS   (PACE_LOOK_MS * NS_PER_MS)

struct pace {
    struct pace_options options;
    struct urgent readable;
    sd_event_source *timer; /* looking: then there is more to do than to fetch its code */
    bool looking;
    bool resting;
    bool reading;
    bool closed;             /* by whom it reads for: it goes when that is done */
    unsigned times;          /* it was woken in this window, or has looked */
    size_t found;            /* by those looks */
    uint64_t window_ends_ns; /* while it is woken */
};

/* Neither can fail for a source that exists. */
static void choose_source(struct pace *pace)
{
    bool woken = !pace->resting && !pace->looking;
    bool looks = !pace->resting && pace->looking;

    urgent_enable(&pace->readable, woken);
    (void)source_set_enabled(pace->timer, looks ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static void look_in(struct pace *pace, uint64_t after_ns)
{
    (void)source_set_time(pace->timer, (clock_boot_ns() + after_ns) / NS_PER_US);
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

static bool woken_too_often(struct pace *pace)
{
    uint64_t now_ns = clock_boot_ns();

    if (now_ns >= pace->window_ends_ns) {
        pace->window_ends_ns = now_ns + WINDOW_NS;
        pace->times = 0;
    }
    return ++pace->times > PACE_WOKEN_MAX;
}

static void on_readable(void *userdata)
{
    struct pace *pace = userdata;
    size_t n;

    if (!read_some(pace, &n) || !woken_too_often(pace))
        return;
    pace->looking = true;
    pace->times = 0;
    pace->found = 0;
    look_in(pace, n >= pace->options.full ? 0 : LOOK_NS);
    choose_source(pace);
}

/* For so few it may be cheaper to be woken; if not, it is seen soon. */
static bool is_over(struct pace *pace, size_t n)
{
    pace->found += n;
    if (++pace->times < LOOKS)
        return false;
    bool over = pace->found < PACE_FLOOD_MIN;
    pace->times = 0;
    pace->found = 0;
    return over;
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct pace *pace = userdata;
    size_t n;

    (void)source;
    (void)usec;
    if (!read_some(pace, &n))
        return 0;
    if (is_over(pace, n)) {
        pace->looking = false;
        pace->window_ends_ns = 0;
    } else {
        look_in(pace, n >= pace->options.full ? 0 : LOOK_NS);
    }
    choose_source(pace);
    return 0;
}

static int open_sources(struct pace *pace, sd_event *event)
{
    int r = source_add_time(event, &pace->timer, CLOCK_BOOTTIME, UINT64_MAX, ACCURACY_US, on_look,
                            pace);

    if (r >= 0)
        r = source_set_enabled(pace->timer, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_source_set_priority(pace->timer, pace->options.priority);
    if (r >= 0)
        r = urgent_open(event, &pace->readable);
    return r < 0 ? r : 0;
}

int pace_open(sd_event *event, const struct pace_options *options, struct pace **out)
{
    struct pace *pace = calloc(1, sizeof(*pace));

    *out = NULL;
    if (pace == NULL)
        return -ENOMEM;
    *pace = (struct pace){.options = *options,
                          .readable = {.fd = options->fd,
                                       .events = EPOLLIN,
                                       .priority = options->priority,
                                       .fn = on_readable,
                                       .userdata = pace}};
    int r = open_sources(pace, event);
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
    urgent_close(&pace->readable);
    sd_event_source_disable_unref(pace->timer);
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
    return pace->looking;
}
