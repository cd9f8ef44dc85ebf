/*
 * A program and its exit status. At most CHECK_CHILDREN_MAX of them run at a time. The last line of
 * its output is kept as evidence; the beginning is read at a bounded rate, the rest thrown away by
 * a thread (flood.h). At the timeout, and at its end, its whole process group is killed. One that
 * does not die of that (a process in the kernel's hands) keeps its place and its check failing
 * until it is gone.
 */
#include "agent/checks/check.h"

#include "agent/base/flood.h"
#include "agent/base/older.h"
#include "agent/base/program.h"

#include <errno.h>
#include <signal.h>
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
    ARGUMENTS_MAX = 128,
};

/* What all exec checks share. Children may outlive it: the last of them frees it then. */
struct exec_shared {
    unsigned children; /* how many there are, with those of checks that are closed */
    bool closed;
};

struct exec_run {
    struct check *check; /* NULL: closed while the child lived */
    struct exec_shared *all;
    struct account user;
    int user_error; /* a negative errno: the user could not be found */
    bool alive;     /* there is a child */
    struct program program;
    sd_event_source *ended;
    sd_event_source *output;
    size_t taken;        /* octets of its output */
    struct flood *flood; /* has the rest; NULL: it is still read */
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
        ssize_t size = read(run->program.output, text, sizeof(text));

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
    bool more = read_output(run);
    if (more && run->taken >= CHECK_OUTPUT_BYTES_MAX)
        run->flood = flood_begin(run->program.output);
    if (!more || run->flood != NULL)
        run->output = sd_event_source_disable_unref(run->output);
    return 0;
}

static void end_child(struct exec_run *run)
{
    run->ended = sd_event_source_disable_unref(run->ended);
    run->output = sd_event_source_disable_unref(run->output);
    flood_end(run->flood);
    run->flood = NULL;
    program_free(&run->program);
    run->alive = false;
    run->all->children--;
}

static void report(struct check *check, const siginfo_t *info)
{
    const struct exec_run *run = check->data;
    const char *separator = run->line_length > 0 ? ": " : "";

    if (info->si_code == CLD_EXITED)
        check_result(check, info->si_status == 0, "exit status %d%s%s", info->si_status, separator,
                     run->line);
    else
        check_result(check, false, "killed by %s%s%s", strsignal(info->si_status), separator,
                     run->line);
}

/* Called before the event loop reaps it: what it left behind in its group goes first. */
static int on_ended(sd_event_source *source, const siginfo_t *info, void *userdata)
{
    struct exec_run *run = userdata;

    program_signal(&run->program, SIGKILL);
    run->program.pid = 0;
    if (run->check == NULL) {
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
        report(run->check, info);
    return 0;
}

static int watch_child(struct check *check)
{
    struct exec_run *run = check->data;
    sd_event *event = check->ground->event;
    int r = check_source(
        check, &run->ended,
        sd_event_add_child(event, &run->ended, run->program.pid, WEXITED, on_ended, run));

    if (r == 0)
        r = check_source(
            check, &run->output,
            sd_event_add_io(event, &run->output, run->program.output, EPOLLIN, on_output, run));
    if (r == 0)
        r = older_set_ratelimit(run->output, TURNS_US, TURNS);
    return r < 0 ? r : 0;
}

static int open_shared(const struct check *check, void **out)
{
    (void)check;
    *out = calloc(1, sizeof(struct exec_shared));
    return *out != NULL ? 0 : -ENOMEM;
}

static void close_shared(void *shared)
{
    struct exec_shared *all = shared;

    all->closed = true;
    if (all->children == 0)
        free(all);
}

static int open_check(struct check *check)
{
    struct exec_run *run = calloc(1, sizeof(*run));

    if (run == NULL)
        return -ENOMEM;
    check->data = run;
    run->check = check;
    run->all = check_shared(check);
    if (check->config.user[0] == '\0')
        return 0;
    run->user_error = hook_users_error(check->ground->users, check->config.user);
    if (run->user_error == 0)
        run->user = *hook_users_find(check->ground->users, check->config.user);
    return 0;
}

/* A child that lives on after its check: the event loop keeps what is needed to collect it. */
static void free_run(void *userdata)
{
    struct exec_run *run = userdata;

    run->program.pid = 0; /* one that still lives is not waited for */
    program_free(&run->program);
    run->all->children--;
    if (run->all->closed)
        close_shared(run->all);
    free(run);
}

static void disown(struct exec_run *run)
{
    program_signal(&run->program, SIGKILL);
    run->check = NULL;
    run->output = sd_event_source_disable_unref(run->output);
    flood_end(run->flood);
    run->flood = NULL;
    (void)sd_event_source_set_destroy_callback(run->ended, free_run);
    (void)sd_event_source_set_floating(run->ended, true);
    sd_event_source_unref(run->ended);
}

static int start_program(struct check *check)
{
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const struct config_words *command = &check->config.command;
    struct exec_run *run = check->data;
    char name[NAME_SIZE + 16];
    char *environment[] = {path, name, NULL};
    char *arguments[ARGUMENTS_MAX + 1] = {0};
    const struct program_spec spec = {
        .argv = arguments, .environment = environment, .user = &run->user, .probe = true};
    char *word = (char *)(uintptr_t)command->text;

    if (command->count > ARGUMENTS_MAX)
        return -E2BIG;
    for (unsigned i = 0; i < command->count; i++) {
        arguments[i] = word;
        word += strlen(word) + 1;
    }
    snprintf(name, sizeof(name), "VIPD_CHECK=%s", check->config.name);
    return program_start(&spec, &run->program);
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
        program_signal(&run->program, SIGKILL);
        check_result(check, false, "process %d has not ended, though killed",
                     (int)run->program.pid);
        return 0;
    }
    if (run->all->children >= CHECK_CHILDREN_MAX)
        return -EAGAIN;
    run->taken = 0;
    run->line_length = 0;
    run->line[0] = '\0';
    run->line_done = false;
    int r = start_program(check);
    if (r < 0)
        return r == -EAGAIN ? -ENOMEM : r; /* no process could be made: that is a result */
    run->alive = true;
    run->all->children++;
    r = watch_child(check);
    if (r < 0)
        end_child(run);
    return r;
}

static void give_up(struct check *check)
{
    struct exec_run *run = check->data;

    if (run->alive)
        program_signal(&run->program, SIGKILL);
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
    .open_shared = open_shared,
    .close_shared = close_shared,
    .open = open_check,
    .run = run_check,
    .give_up = give_up,
    .close = close_check,
};
