/* A program's lines, its time and its end; see child.h. The event loop reaps it after on_child():
 * as long as that has not happened, a signal to the group cannot hit strangers. */
#include "agent/base/child.h"

#include "agent/base/clock.h"
#include "agent/base/flood.h"
#include "agent/base/older.h"
#include "agent/base/source.h"
#include "lib/limits.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    /* From SIGTERM to SIGKILL. */
    GRACE_MS = 1000,
    /* Output is read in such pieces, at most so many in that time: whoever floods us waits. A
     * probe's answer is wanted soon, and is short. */
    READ_SIZE = 4096,
    READS_PER_INTERVAL = 8,
    READ_INTERVAL_MS = 50,
    PROBE_READS = 4,
    PROBE_INTERVAL_MS = 10,
    /* What may still be in the pipe when it has ended. */
    LAST_READS = 16,
};

struct child {
    void (*on_line)(void *userdata, const char *line);
    void (*on_end)(void *userdata, const struct child_result *result);
    void *userdata;
    /* Its owner has left it: the loop keeps it until it is dead. */
    bool left;
    void (*on_gone)(void *userdata);
    void *gone_userdata;
    struct program program;
    bool probe;
    sd_event_source *ended;
    sd_event_source *readable;
    sd_event_source *timer;
    uint64_t started_ns;
    bool told_to_end;
    size_t taken;        /* octets of output */
    struct flood *flood; /* has the rest; NULL: it is still read */
    char line[CHILD_LINE_SIZE];
    size_t line_used;
    unsigned lines;
};

static void end_line(struct child *child)
{
    if (child->line_used == 0)
        return;
    child->line[child->line_used] = '\0';
    child->line_used = 0;
    if (child->probe) {
        child->on_line(child->userdata, child->line);
        return;
    }
    if (child->lines < CHILD_LINES_MAX)
        child->on_line(child->userdata, child->line);
    else if (child->lines == CHILD_LINES_MAX)
        child->on_line(child->userdata, "(the rest of the output is dropped)");
    if (child->lines <= CHILD_LINES_MAX)
        child->lines++;
}

static void take(struct child *child, const char *octets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char c = (unsigned char)octets[i];

        if (c == '\n' || c == '\r' || c == '\0') {
            end_line(child);
            continue;
        }
        if (child->line_used + 1 == sizeof(child->line)) {
            if (child->probe)
                continue;
            end_line(child);
        }
        /* Nothing may steer the terminal of whoever reads the log. */
        child->line[child->line_used++] = (char)((c < ' ' && c != '\t') || c == 0x7f ? '?' : c);
    }
}

/* One piece; as read(). */
static ssize_t read_some(struct child *child)
{
    char octets[READ_SIZE];
    ssize_t n = read(child->program.output, octets, sizeof(octets));

    if (n > 0) {
        child->taken += (size_t)n;
        take(child, octets, (size_t)n);
    }
    return n;
}

/* Nothing more of it will be told. */
static bool has_said_enough(const struct child *child)
{
    if (child->probe)
        return child->taken > CHECK_OUTPUT_BYTES_MAX;
    return child->lines > CHILD_LINES_MAX || child->taken > CHILD_OUTPUT_BYTES_MAX;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    (void)fd;
    (void)events;
    struct child *child = userdata;

    /* Closed by all that had it. */
    if (read_some(child) == 0)
        return source_set_enabled(source, SD_EVENT_OFF);
    if (!has_said_enough(child))
        return 0;
    /* Without a thread it goes on as it did: slowly. */
    child->flood = flood_begin(child->program.output);
    return child->flood != NULL ? source_set_enabled(source, SD_EVENT_OFF) : 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct child *child = userdata;

    (void)usec;
    program_signal(&child->program, child->told_to_end ? SIGKILL : SIGTERM);
    if (child->told_to_end)
        return 0;
    child->told_to_end = true;
    (void)source_set_time_relative(source, GRACE_MS * (NS_PER_MS / NS_PER_US));
    return source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* All but the process. */
static void free_rest(struct child *child)
{
    child->readable = sd_event_source_disable_unref(child->readable);
    child->timer = sd_event_source_disable_unref(child->timer);
    flood_end(child->flood);
    child->flood = NULL;
}

static void destroy(struct child *child)
{
    program_free(&child->program);
    if (child->on_gone != NULL)
        child->on_gone(child->gone_userdata);
    free(child);
}

/* The loop's source of one that was left has gone: it is dead, or the loop ends before it. */
static void on_source_gone(void *userdata)
{
    struct child *child = userdata;

    child->program.pid = 0; /* one that still lives is not waited for */
    destroy(child);
}

/* Called before the event loop reaps it: the group is still its own. */
static int on_child(sd_event_source *source, const siginfo_t *info, void *userdata)
{
    struct child *child = userdata;
    struct child_result result = {.code = info->si_status};

    if (child->left) {
        program_signal(&child->program, SIGKILL);
        /* From the loop's hands into ours and away: this frees the child. */
        (void)sd_event_source_ref(source);
        (void)sd_event_source_set_floating(source, false);
        sd_event_source_disable_unref(source);
        return 0;
    }
    result.ran_ns = clock_boot_ns() - child->started_ns;
    if (child->told_to_end)
        result.outcome = CHILD_TIMED_OUT;
    else if (info->si_code != CLD_EXITED)
        result.outcome = CHILD_SIGNALLED;
    if (child->told_to_end || child->probe)
        program_signal(&child->program, SIGKILL);
    for (unsigned i = 0; i < LAST_READS && child->flood == NULL && read_some(child) > 0; i++)
        ;
    end_line(child);
    child->program.pid = 0;
    child->on_end(child->userdata, &result);
    return 0;
}

static int watch(sd_event *event, struct child *child, const struct child_spec *spec)
{
    const uint64_t us_per_ms = NS_PER_MS / NS_PER_US;
    const uint64_t interval_ms = child->probe ? PROBE_INTERVAL_MS : READ_INTERVAL_MS;
    int r = source_add_child(event, &child->ended, child->program.pid, WEXITED, on_child, child);

    if (r >= 0)
        r = sd_event_source_set_priority(child->ended, spec->priority);
    if (r >= 0)
        r = sd_event_add_io(event, &child->readable, child->program.output, EPOLLIN, on_readable,
                            child);
    if (r >= 0)
        r = sd_event_source_set_priority(child->readable, spec->priority);
    if (r >= 0)
        r = older_set_ratelimit(child->readable, interval_ms * us_per_ms,
                                child->probe ? PROBE_READS : READS_PER_INTERVAL);
    if (r < 0 || spec->timeout_ns == 0)
        return r;
    r = source_add_time_relative(event, &child->timer, CLOCK_BOOTTIME, spec->timeout_ns / NS_PER_US,
                                 us_per_ms, on_timer, child);
    if (r >= 0)
        r = sd_event_source_set_priority(child->timer, spec->priority);
    return r;
}

int child_start(sd_event *event, const struct child_spec *spec, struct child **out)
{
    struct child *child = calloc(1, sizeof(*child));

    *out = NULL;
    if (child == NULL)
        return -ENOMEM;
    child->on_line = spec->on_line;
    child->on_end = spec->on_end;
    child->userdata = spec->userdata;
    child->probe = spec->program.probe;
    child->started_ns = clock_boot_ns();
    int r = program_start(&spec->program, &child->program);
    if (r >= 0)
        r = watch(event, child, spec);
    if (r < 0) {
        child_free(child);
        return r;
    }
    *out = child;
    return 0;
}

void child_kill(struct child *child)
{
    program_signal(&child->program, SIGKILL);
}

pid_t child_pid(const struct child *child)
{
    return child->program.pid;
}

void child_leave(struct child *child, void (*on_gone)(void *userdata), void *userdata)
{
    if (child == NULL)
        return;
    free_rest(child);
    child->left = true;
    child->on_gone = on_gone;
    child->gone_userdata = userdata;
    /* Dead; or it has just been forked, and the loop could not be told of it. */
    if (child->program.pid == 0 || child->ended == NULL) {
        sd_event_source_disable_unref(child->ended);
        destroy(child);
        return;
    }
    child_kill(child);
    (void)sd_event_source_set_destroy_callback(child->ended, on_source_gone);
    (void)sd_event_source_set_floating(child->ended, true);
    sd_event_source_unref(child->ended);
}

void child_free(struct child *child)
{
    child_leave(child, NULL, NULL);
}

const char *child_result_text(const struct child_result *result, char *buffer, size_t size)
{
    double seconds = (double)result->ran_ns / (double)NS_PER_SEC;

    switch (result->outcome) {
    case CHILD_EXITED:
        snprintf(buffer, size, "exit status %d after %.3f s", result->code, seconds);
        break;
    case CHILD_SIGNALLED:
        snprintf(buffer, size, "ended by signal %d (%s) after %.3f s", result->code,
                 strsignal(result->code), seconds);
        break;
    case CHILD_TIMED_OUT:
        snprintf(buffer, size, "ended because it still ran after %.3f s", seconds);
        break;
    }
    return buffer;
}
