/*
 * A program and its exit status. At most CHECK_CHILDREN_MAX of them run at a time (agent/base/child
 * runs them, as it does hooks). The last line of its output is kept as evidence. At the timeout,
 * and at its end, its whole process group is killed. One that does not die of that (a process in
 * the kernel's hands) keeps its place and its check failing until it is gone.
 */
#include "agent/checks/check.h"

#include "agent/base/child.h"
#include "agent/base/priorities.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_SIZE = 120,
    ARGUMENTS_MAX = 128,
};

/* What all exec checks share. Children may outlive it: the last of them frees it then. */
struct exec_shared {
    unsigned children; /* how many there are, with those of checks that are closed */
    bool closed;
};

struct exec_run {
    struct check *check;
    struct exec_shared *all;
    struct account user;
    int user_error;      /* a negative errno: the user could not be found */
    struct child *child; /* NULL: none */
    char line[LINE_SIZE];
};

static void on_line(void *userdata, const char *line)
{
    struct exec_run *run = userdata;

    snprintf(run->line, sizeof(run->line), "%s", line);
}

static void report(const struct exec_run *run, const struct child_result *result)
{
    const char *separator = run->line[0] != '\0' ? ": " : "";

    if (result->outcome == CHILD_EXITED)
        check_result(run->check, result->code == 0, "exit status %d%s%s", result->code, separator,
                     run->line);
    else
        check_result(run->check, false, "killed by %s%s%s", strsignal(result->code), separator,
                     run->line);
}

static void on_end(void *userdata, const struct child_result *result)
{
    struct exec_run *run = userdata;

    child_free(run->child);
    run->child = NULL;
    run->all->children--;
    /* After its timeout the result is known already. */
    if (run->check->running)
        report(run, result);
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

/* A child whose check was closed is dead. */
static void on_gone(void *userdata)
{
    struct exec_shared *all = userdata;

    all->children--;
    if (all->closed)
        close_shared(all);
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

static int start_program(struct check *check)
{
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const struct config_words *command = &check->config.command;
    struct exec_run *run = check->data;
    char name[NAME_SIZE + 16];
    char *environment[] = {path, name, NULL};
    char *arguments[ARGUMENTS_MAX + 1] = {0};
    const struct child_spec spec = {
        .program = {.argv = arguments,
                    .environment = environment,
                    .user = &run->user,
                    .probe = true},
        .priority = AGENT_PRIORITY_CHECKS,
        .on_line = on_line,
        .on_end = on_end,
        .userdata = run,
    };
    char *word = (char *)(uintptr_t)command->text;

    if (command->count > ARGUMENTS_MAX)
        return -E2BIG;
    for (unsigned i = 0; i < command->count; i++) {
        arguments[i] = word;
        word += strlen(word) + 1;
    }
    snprintf(name, sizeof(name), "VIPD_CHECK=%s", check->config.name);
    return child_start(check->ground->event, &spec, &run->child);
}

static int run_check(struct check *check)
{
    struct exec_run *run = check->data;

    if (run->user_error < 0) {
        check_result(check, false, "no user '%s': %s", check->config.user,
                     strerror(-run->user_error));
        return 0;
    }
    if (run->child != NULL) {
        child_kill(run->child);
        check_result(check, false, "process %d has not ended, though killed",
                     (int)child_pid(run->child));
        return 0;
    }
    if (run->all->children >= CHECK_CHILDREN_MAX)
        return -EAGAIN;
    run->line[0] = '\0';
    int r = start_program(check);
    if (r < 0)
        return r == -EAGAIN ? -ENOMEM : r; /* no process could be made: that is a result */
    run->all->children++;
    return 0;
}

static void give_up(struct check *check)
{
    const struct exec_run *run = check->data;

    if (run->child != NULL)
        child_kill(run->child);
}

static void close_check(struct check *check)
{
    struct exec_run *run = check->data;

    if (run == NULL)
        return;
    child_leave(run->child, on_gone, run->all);
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
