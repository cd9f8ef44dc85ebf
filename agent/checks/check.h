/*
 * One health check, and what it offers to the one that knows how to look, its type: a place for the
 * result, event sources at its priority, the part that all checks of the type share. Below the
 * types, which are below types.c and checks.c. Owner of every check: checks.c.
 */
#ifndef AGENT_CHECKS_CHECK_H
#define AGENT_CHECKS_CHECK_H

#include "agent/base/hook_users.h"
#include "agent/base/worker.h"
#include "agent/kernel/links.h"
#include "lib/config/config.h"
#include "lib/election/check_state.h"

struct check;

/* What a type has to offer. All functions return at once. */
struct check_ops {
    /* Makes what all checks of the type share, when the first of them is opened. 0 or a negative
     * errno. NULL: they share nothing. */
    int (*open_shared)(const struct check *check, void **out);
    /* Frees it when all of them have been closed and none will come. NULL: nothing to free. */
    void (*close_shared)(void *shared);
    /* Makes check->data and begins to watch. 0 or a negative errno. NULL: nothing to make. */
    int (*open)(struct check *check);
    /* Looks, at each interval. The result comes by check_result(), now or later.
     * -EAGAIN: not possible now, ask again soon. */
    int (*run)(struct check *check);
    /* The timeout is up: gives the run up; the result is reported by the caller.
     * NULL: run() never leaves a result for later. */
    void (*give_up)(struct check *check);
    /* Ends it and frees check->data. NULL: nothing to end. */
    void (*close)(struct check *check);
    /* run() looks at our view of the links: it is also called when that changes. */
    bool sees_links;
};

/* What all checks stand on. */
struct check_ground {
    sd_event *event;
    const struct links *links;
    /* What a check counts as has changed. */
    void (*on_change)(void *userdata, const char *name);
    void *userdata;
    const struct hook_user *users; /* who programs run as, while a configuration is applied */
    struct worker *worker;         /* for what may wait; NULL: at once */
    bool quiet;                    /* the configuration is being applied: nobody is told */
    void *shared[CHECK_TYPES];     /* by the checks of one type; the type's. NULL: none yet */
};

enum { CHECK_TEXT_SIZE = 160 };

struct check {
    struct check_ground *ground;
    struct config_check config;
    const struct check_ops *ops;
    struct check_state state;
    void *data; /* the type's */
    sd_event_source *tick;
    sd_event_source *deadline;
    bool running; /* a result is to come */
    int number;   /* of a file check: what it adds to the priority */
    bool number_changed;
    uint64_t started_ns;
    uint64_t run_ns; /* DEADLINE_NEVER: none yet */
    uint64_t since_wall_ns;
    uint64_t last_wall_ns;
    char text[CHECK_TEXT_SIZE];
};

/* What its type's open_shared() made. */
void *check_shared(const struct check *check);

/* A look is over, without a result of its own. */
void check_end_run(struct check *check);

/* A result, and what it rests on in words. Ends the run. */
void check_result(struct check *check, bool good, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What it adds to the priority while it passes; told of with the next result. */
void check_set_number(struct check *check, int number);

/* No result: why there is none, in words. */
void check_note(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An event source for a check: at its priority, described by its name. Takes r, the result of the
 * sd_event_add_* call, and returns it or what went wrong; then *source is freed. */
int check_source(const struct check *check, sd_event_source **source, int r);

/* The types, each in the file of its name: a new one is declared here and is a row of types.c. */
extern const struct check_ops check_http_ops;
extern const struct check_ops check_tcp_ops;
extern const struct check_ops check_exec_ops;
extern const struct check_ops check_process_ops;
extern const struct check_ops check_file_ops;
extern const struct check_ops check_unit_ops;
extern const struct check_ops check_link_ops;
extern const struct check_ops check_gateway_ops;

#endif
