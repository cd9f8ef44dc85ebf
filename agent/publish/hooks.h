/*
 * Commands that the configuration has run when an instance changes its state. For each instance
 * one runs at a time; when it is over the newest state is next, and states between are passed over.
 * Everything happens behind adverts, deadlines and control: a hook can be late, an advert not.
 */
#ifndef AGENT_PUBLISH_HOOKS_H
#define AGENT_PUBLISH_HOOKS_H

#include "agent/publish/hook_event.h"
#include "agent/publish/unit_hook.h"

#include <systemd/sd-event.h>

enum {
    /* Of all instances together; more wait for their turn. */
    HOOKS_RUNNING_MAX = 64,
};

struct hooks;

/* units: those that systemd runs; borrowed, closed later. on_idle: the last one is over. 0 or a
 * negative errno. */
int hooks_open(sd_event *event, struct unit_hooks *units, void (*on_idle)(void *userdata),
               void *userdata, struct hooks **out);

/* Whom to ask whether the hooks of an instance may start: for a MASTER when the kernel has its
 * addresses. hooks_go_on() is to be called when the answer may be another. */
void hooks_ask(struct hooks *hooks, bool (*may_start)(void *userdata, const char *name));
void hooks_go_on(struct hooks *hooks);

/* Who is told how a hook ended. status: its exit status; -1: it has none. text: one for people. */
typedef void hooks_end_fn(void *userdata, const char *name, enum hook hook, int status,
                          const char *text);
void hooks_on_end(struct hooks *hooks, hooks_end_fn *fn);

/* Ends what still runs. NULL is allowed. */
void hooks_close(struct hooks *hooks);

/* To be called for every change of state, whether or not it has a hook: it may make an older one
 * that waits obsolete. */
void hooks_transition(struct hooks *hooks, const struct hook_event *event);

/* As MASTER an advert was heard that loses against us: event->transition stays in that state and
 * has the sender as evidence. Run behind what waits of a change of state, and forgotten when the
 * next one comes first. How often is the caller's. */
void hooks_rival(struct hooks *hooks, const struct hook_event *event);

/* HOOK_BEFORE is to be run, ahead of what waits, as soon as none of the instance runs. Its time is
 * the caller's; one that runs already is ended. */
void hooks_prepare(struct hooks *hooks, const struct hook_event *event);

/* Nobody waits for HOOK_BEFORE of the instance any more: it is ended, or not run. What waits may
 * start. */
void hooks_prepared(struct hooks *hooks, const char *name);

/* Nothing runs, nothing waits. */
bool hooks_idle(const struct hooks *hooks);

#endif
