/*
 * A program and its exit status. At most CHECK_CHILDREN_MAX of them run at a time. The last line of
 * its output is kept as evidence; what floods it is read at a bounded rate and thrown away. At the
 * timeout, and at its end, its whole process group is killed. One that does not die of that (a
 * process in the kernel's hands) keeps its place and its check failing until it is gone.
 */
#include "agent/checks/check.h"

#include "agent/base/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    READ_SIZE = 4096,
    READS_PER_TURN = 4,
    /* Turns of the loop that a program's output may take: 16 KiB in 10 ms. */
    TURNS = 1,
    TURNS_US = 10 * 1000,
    LINE_SIZE = 120,
};

struct exec_run {
    struct check *check; /* NULL: closed while the child lived */
    unsigned *children;  /* how many there are of all checks */
    struct check_child_user user;
    int user_error; /* a negative errno: the user could not be found */
    bool alive;     /* there is a child */
    struct check_child child;
    sd_event_source *ended;
    sd_event_source *output;
    size_t taken; /* octets of its output */
    char line[LINE_SIZE];
    size_t line_length;
    bool line_done; /* the next octet begins another line */
};

/* Keeps the last line that is not empty. */
static void take_output(struct exec_run *run, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n') {
            run->line_done = true;
            continue;
        }
        if (run->line_done) {
            run->line_done = false;
            run->line_length = 0;
        }
        if (run->line_length + 1 < sizeof(run->line))
            run->line[run->line_length++] = text[i] != '\0' ? text[i] : ' ';
    }
    run->line[run->line_length] = '\0';
}

/* False at the end of the output. */
static bool read_output(struct exec_run *run)
{
    char text[READ_SIZE];

    for (int i = 0; i < READS_PER_TURN; i++) {
        ssize_t size = read(run->child.output, text, sizeof(text));

        if (size <= 0)
            return size < 0 && (errno == EAGAIN || errno == EINTR);
        if (run->taken < CHECK_OUTPUT_BYTES_MAX)
            take_output(run, text, (size_t)size);
        run->taken += (size_t)size;
    }
    return true;
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct exec_run *run = userdata;

    (void)source;
    (void)fd;
    (void)events;
    if (!read_output(run))
        run->output = sd_event_source_disable_unref(run->output);
    return 0;
}

static void end_child(struct exec_run *run)
{
    run->ended = sd_event_source_disable_unref(run->ended);
    run->output = sd_event_source_disable_unref(run->output);
    check_child_close(&run->child);
    run->alive = false;
    (*run->children)--;
}

static void report(struct check *check, int code)
{
    const struct exec_run *run = check->data;
    const char *separator = run->line_length > 0 ? ": " : "";

    if (code < 0)
        check_result(check, false, "killed by %s%s%s", strsignal(-code), separator, run->line);
    else
        check_result(check, code == 0, "exit status %d%s%s", code, separator, run->line);
}

static int on_ended(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct exec_run *run = userdata;
    int code = 0;

    (void)fd;
    (void)events;
    if (!check_child_collect(&run->child, &code))
        return 0;
    if (run->check == NULL) {
        (*run->children)--;
        /* From the loop's hands into ours and away: this frees the run. */
        (void)sd_event_source_ref(source);
        (void)sd_event_source_set_floating(source, false);
        sd_event_source_disable_unref(source);
        return 0;
    }
    if (run->output != NULL)
        (void)read_output(run);
    end_child(run);
    /* After its timeout the result is known already. */
    if (run->check->running)
        report(run->check, code);
    return 0;
}

static int watch_child(struct check *check)
{
    struct exec_run *run = check->data;
    sd_event *event = check_event(check);
    int r =
        check_source(check, &run->ended,
                     sd_event_add_io(event, &run->ended, run->child.pidfd, EPOLLIN, on_ended, run));

    if (r == 0)
        r = check_source(
            check, &run->output,
            sd_event_add_io(event, &run->output, run->child.output, EPOLLIN, on_output, run));
    if (r == 0)
        r = sd_event_source_set_ratelimit(run->output, TURNS_US, TURNS);
    return r < 0 ? r : 0;
}

static int open_check(struct check *check)
{
    struct exec_run *run = calloc(1, sizeof(*run));

    if (run == NULL)
        return -ENOMEM;
    check->data = run;
    run->check = check;
    run->children = check_children(check);
    if (check->config.user[0] != '\0')
        run->user_error = check_child_find_user(check->config.user, &run->user);
    return 0;
}

/* A child that lives on after its check: the event loop keeps what is needed to collect it. */
static void free_run(void *userdata)
{
    struct exec_run *run = userdata;

    check_child_close(&run->child);
    free(run);
}

static void disown(struct exec_run *run)
{
    check_child_kill(&run->child);
    run->check = NULL;
    run->output = sd_event_source_disable_unref(run->output);
    (void)sd_event_source_set_destroy_callback(run->ended, free_run);
    (void)sd_event_source_set_floating(run->ended, true);
    sd_event_source_unref(run->ended);
}

static int run_check(struct check *check)
{
    struct exec_run *run = check->data;

    if (run->user_error < 0) {
        check_result(check, false, "no user '%s': %s", check->config.user,
                     strerror(-run->user_error));
        return 0;
    }
    if (run->alive) {
        check_child_kill(&run->child);
        check_result(check, false, "process %d has not ended, though killed", (int)run->child.pid);
        return 0;
    }
    if (*run->children >= CHECK_CHILDREN_MAX)
        return -EAGAIN;
    run->taken = 0;
    run->line_length = 0;
    run->line[0] = '\0';
    run->line_done = false;
    int r = check_child_start(&check->config.command, &run->user, check->config.name, &run->child);
    if (r < 0)
        return r == -EAGAIN ? -ENOMEM : r; /* no process could be made: that is a result */
    run->alive = true;
    (*run->children)++;
    r = watch_child(check);
    if (r < 0) {
        check_child_kill(&run->child);
        end_child(run);
    }
    return r;
}

static void give_up(struct check *check)
{
    struct exec_run *run = check->data;

    if (run->alive)
        check_child_kill(&run->child);
}

static void close_check(struct check *check)
{
    struct exec_run *run = check->data;

    if (run == NULL)
        return;
    if (run->alive)
        disown(run);
    else
        free(run);
}

const struct check_ops check_exec_ops = {
    .open = open_check,
    .run = run_check,
    .give_up = give_up,
    .close = close_check,
};
