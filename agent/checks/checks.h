/*
 * The room checks: runs every [check NAME] of the configuration and keeps what each counts as. All
 * of it is served after packets, deadlines, leases and links, nothing in it waits, and the programs
 * it runs are bounded: a check that hangs, forks or floods its output delays no advert.
 *
 * checks.c owns all checks: when each looks, and the configuration that they follow. It names no
 * type: those are the rows of types.c, one file each (exec.c, file.c, gateway.c, http.c, link.c,
 * process.c, tcp.c, unit.c), and use what check.h offers them. What the checks of one type share
 * (the connection to D-Bus, the HTTP worker, the count of programs) is made by the type when its
 * first check opens and freed when all are closed. The HTTP worker is a thread (http_worker.h) with
 * libcurl's requests in it (http_jobs.h).
 *
 * What follows from a verdict is the instances' affair; this room knows none. It may use kernel/,
 * base/ and lib/.
 */
#ifndef AGENT_CHECKS_CHECKS_H
#define AGENT_CHECKS_CHECKS_H

#include "agent/base/hook_users.h"
#include "agent/base/worker.h"
#include "agent/kernel/links.h"
#include "lib/config/config.h"
#include "lib/election/check_state.h"

struct checks;

/* What one check is to those who follow it. Pointers are valid until the next turn of the loop. */
struct check_view {
    const struct config_check *config;
    const struct check_state *state;
    bool withdraws;         /* the node must not serve */
    int delta;              /* what it adds to the priority now */
    const char *text;       /* what the last look brought */
    uint64_t since_wall_ns; /* last change of the verdict */
    uint64_t last_wall_ns;  /* last result; 0: none yet */
    uint64_t run_ns;        /* how long the last look took; DEADLINE_NEVER: none yet */
};

/* Called from the event loop when what a check counts as has changed. */
typedef void (*checks_fn)(void *userdata, const char *name);

/* Does what cannot wait; the checks stay as they are meanwhile, but for being looked at. */
typedef void checks_serve_fn(void *userdata);

/* 0 or a negative errno. links is borrowed. */
int checks_open(sd_event *event, const struct links *links, checks_fn on_change, void *userdata,
                struct checks **out);
void checks_close(struct checks *checks);

/* What may wait is done by that worker from now on (NULL: at once). */
void checks_set_worker(struct checks *checks, struct worker *worker);

/* Makes the checks those of the configuration (copied), with the users that were looked up for it:
 * what has not changed goes on as it is.
 * starting: the agent starts; a check that a reload brings counts as passing until its first
 * result, one that a reload changes counts as it did. on_change is not called.
 * serve_urgent: called now and then, with the userdata of checks_open(): of many, each takes a
 * while. NULL: never.
 * 0, or -ENOMEM with some checks missing. */
int checks_apply(struct checks *checks, const struct config *config, const struct hook_user *users,
                 bool starting, checks_serve_fn *serve_urgent);

/* False: there is no check of that name, or `checks` is NULL (`vipd --release` runs none). */
bool checks_look(const struct checks *checks, const char *name, struct check_view *out);

/* A link may have changed: checks of type link look again. */
void checks_links_changed(struct checks *checks);

#endif
