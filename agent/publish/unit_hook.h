/*
 * Hooks that systemd runs (lib/config/hook_unit.h): what is told is written by a worker, then the
 * unit is started over D-Bus and its end awaited, all of it without waiting in the loop. systemd
 * restarts the unit, so a run that a vipd which is no more has left is ended first. Of units of one
 * name one runs at a time: whose they are makes no difference.
 */
#ifndef AGENT_PUBLISH_UNIT_HOOK_H
#define AGENT_PUBLISH_UNIT_HOOK_H

#include "agent/base/child.h"
#include "agent/base/worker.h"

struct unit_hooks;
struct unit_hook;

struct unit_hooks_options {
    sd_event *event;
    struct worker *files; /* borrowed, closed later */
    const char *run_dir;  /* has the directory of the events; NULL: that of control_path */
    const char *control_path;
};

/* 0 or a negative errno. */
int unit_hooks_open(const struct unit_hooks_options *options, struct unit_hooks **out);

/* After all that were started are freed. NULL is allowed. */
void unit_hooks_close(struct unit_hooks *hooks);

struct unit_hook_spec {
    const char *program;      /* NAME of "unit: NAME" */
    char *const *environment; /* those that hook_unit_clean() knows are told */
    uint64_t timeout_ns;
    /* It is over; the run may be freed in there. */
    void (*on_end)(void *userdata, const struct child_result *result);
    /* It could not be started, or nobody knows what came of it; it may be freed, too. */
    void (*on_failed)(void *userdata, const char *why);
    void *userdata;
};

/* Whether one of that name runs. */
bool unit_hooks_busy(const struct unit_hooks *hooks, const char *program);

/* Starts it; what the spec points to is not needed any longer. 0, -EBUSY, or another negative
 * errno. */
int unit_hook_start(struct unit_hooks *hooks, const struct unit_hook_spec *spec,
                    struct unit_hook **out);

/* Has the unit stopped, as far as it was started; nobody waits for that. */
void unit_hook_stop(const struct unit_hook *run);

/* Nobody is told any more; a unit that runs goes on. NULL is allowed. */
void unit_hook_free(struct unit_hook *run);

#endif
