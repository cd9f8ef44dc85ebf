/*
 * One run of a hook: a command as a child of ours, or a program that systemd runs. Its output and
 * its end go to the log; its owner is told of the end, and of what kept it from starting.
 */
#ifndef AGENT_PUBLISH_HOOK_RUN_H
#define AGENT_PUBLISH_HOOK_RUN_H

#include "agent/publish/hook_event.h"
#include "agent/publish/unit_hook.h"

#include <systemd/sd-event.h>

/* status: its exit status; -1: it has none. text: one for people. */
typedef void hook_run_end_fn(void *userdata, enum hook hook, int status, const char *text);

/* All zero but for what is marked: nothing runs. */
struct hook_run {
    char name[NAME_SIZE];    /* the caller's: of the instance */
    hook_run_end_fn *on_end; /* the caller's; the run is over, another may be started in there */
    void *userdata;          /* the caller's */
    struct child *child;     /* NULL: none runs, */
    struct unit_hook *unit;  /* nor does systemd run one */
    enum hook hook;          /* of the last start */
};

/* True between its start and its end. */
bool hook_run_active(const struct hook_run *run);

/* Starts it. What the event points to is not needed any longer. False: it could not be started,
 * which is logged, and on_end was called. */
bool hook_run_start(struct hook_run *run, sd_event *event, struct unit_hooks *units,
                    const struct hook_event *what, enum hook hook);

/* Ends it with all that it started; nobody is told. Nothing when none is active. */
void hook_run_stop(struct hook_run *run);

/* The agent ends: as hook_run_stop(), but what systemd runs goes on. */
void hook_run_free(struct hook_run *run);

#endif
