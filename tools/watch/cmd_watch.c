/*
 * The loop of `vipctl watch`: signals, the control socket, keys and the next question, whichever
 * comes first. What vipd says is kept by watch_feed, shown by watch_screen or watch_lines.
 */
#include "tools/watch/cmd_watch.h"

#include "lib/config/duration.h"
#include "tools/common/monotonic.h"
#include "tools/common/options.h"
#include "tools/watch/feed.h"
#include "tools/watch/lines.h"
#include "tools/watch/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define INTERVAL_MIN_NS (100 * NS_PER_MS)
#define INTERVAL_MAX_NS (3600 * NS_PER_SEC)
/* Clock and ages on the screen move on without news. */
#define REDRAW_NS NS_PER_SEC

struct watch {
    struct watch_feed *feed;
    struct watch_screen *screen; /* NULL: lines */
    struct watch_lines *lines;
    int signals;
    uint64_t drawn_ns;
};

static bool take_duration(const char *text, void *into)
{
    return duration_parse(text, into);
}

static bool parse_options(int argc, char **argv, uint64_t *interval_ns, const char **filter)
{
    const struct verb_option table[] = {
        {.name = "interval", .letter = 'n', .take = take_duration, .into = interval_ns},
    };

    *interval_ns = NS_PER_SEC;
    int first = options_read(argc, argv, table, sizeof(table) / sizeof(table[0]));
    if (first < 0 || argc - first > 1)
        return false;
    *filter = first < argc ? argv[first] : "";
    return *interval_ns >= INTERVAL_MIN_NS && *interval_ns <= INTERVAL_MAX_NS;
}

/* The signals that end it come as something to read, so that the terminal is always given back. */
static int open_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
        return -1;
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

static uint64_t next_deadline(const struct watch *watch)
{
    uint64_t due = watch_feed_deadline_ns(watch->feed);

    if (watch->screen != NULL && watch->drawn_ns + REDRAW_NS < due)
        due = watch->drawn_ns + REDRAW_NS;
    return due;
}

static bool show(struct watch *watch, uint64_t now)
{
    watch->drawn_ns = now;
    if (watch->screen == NULL)
        return watch_lines_show(watch->lines, watch->feed);
    watch_screen_draw(watch->screen, watch->feed, now);
    return true;
}

static bool is_over(const struct pollfd *fd)
{
    return (fd->revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

/* Until something says that it is enough. */
static int run(struct watch *watch)
{
    int result = EXIT_GOOD;
    bool news = true;

    for (;;) {
        uint64_t now = monotonic_ns();

        news = watch_feed_step(watch->feed, now) || news;
        bool old = watch->screen != NULL && now - watch->drawn_ns >= REDRAW_NS;
        if ((news || old) && !show(watch, now)) {
            result = EXIT_FAILED;
            break;
        }
        uint64_t due = next_deadline(watch);
        struct pollfd fds[] = {
            {.fd = watch->signals, .events = POLLIN},
            {.fd = watch_feed_fd(watch->feed), .events = POLLIN},
            {.fd = watch->screen != NULL ? STDIN_FILENO : STDOUT_FILENO,
             .events = watch->screen != NULL ? POLLIN : 0},
        };
        int wait_ms = due > now ? (int)((due - now) / NS_PER_MS) + 1 : 0;
        int ready = poll(fds, 3, wait_ms);

        if (ready < 0 && errno != EINTR) {
            result = EXIT_FAILED;
            break;
        }
        /* A change of the terminal's size interrupts poll() and is read as a key. */
        news = ready < 0 || (ready > 0 && fds[2].revents != 0);
        if (ready > 0 && (fds[0].revents != 0 || is_over(&fds[2])))
            break;
        if (watch->screen != NULL && !watch_screen_keys(watch->screen))
            break;
    }
    return result;
}

int cmd_watch(const struct context *context, int argc, char **argv)
{
    struct watch watch = {.signals = -1};
    const char *filter = NULL;
    uint64_t interval_ns = 0;
    int result = EXIT_FAILED;

    if (!parse_options(argc, argv, &interval_ns, &filter))
        return context_wrong_usage(context, "DURATION: from 100ms to 1h, 1s unless given\n");
    watch.feed = watch_feed_new(context->control_path, interval_ns);
    watch.lines = watch_lines_new(filter);
    watch.signals = open_signals();
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        watch.screen = watch_screen_open(filter, context->colour);
    if (watch.feed != NULL && watch.lines != NULL && watch.signals >= 0)
        result = run(&watch);
    watch_screen_close(watch.screen);
    watch_lines_free(watch.lines);
    watch_feed_free(watch.feed);
    if (watch.signals >= 0)
        close(watch.signals);
    return result;
}
