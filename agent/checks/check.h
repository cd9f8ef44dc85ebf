/* One health check from the inside: shared by checks.c and the types (check_*.c) only. */
#ifndef AGENT_CHECKS_CHECK_H
#define AGENT_CHECKS_CHECK_H

#include "agent/base/priorities.h"
#include "agent/checks/checks.h"

struct check;

/* What a type has to offer. All functions return at once. */
struct check_ops {
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
};

enum { CHECK_TEXT_SIZE = 160 };

struct check {
    struct checks *owner;
    struct config_check config;
    const struct check_ops *ops;
    struct check_state state;
    void *data; /* the type's */
    sd_event_source *tick;
    sd_event_source *deadline;
    bool running; /* a result is to come */
    bool kept;    /* by the configuration that is being applied */
    int number;   /* of a file check: what it adds to the priority */
    bool number_changed;
    uint64_t started_ns;
    uint64_t run_ns; /* DEADLINE_NEVER: none yet */
    uint64_t since_wall_ns;
    uint64_t last_wall_ns;
    char text[CHECK_TEXT_SIZE];
};

/* What the types share. */
sd_event *check_event(const struct check *check);
const struct links *check_links(const struct check *check);
struct check_http_client **check_http_client(const struct check *check);
struct check_bus **check_bus(const struct check *check);
unsigned *check_children(const struct check *check);

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

extern const struct check_ops check_http_ops;
extern const struct check_ops check_tcp_ops;
extern const struct check_ops check_exec_ops;
extern const struct check_ops check_process_ops;
extern const struct check_ops check_file_ops;
extern const struct check_ops check_unit_ops;
extern const struct check_ops check_link_ops;
extern const struct check_ops check_gateway_ops;

/* Shared parts of two types, made when first needed. NULL is allowed. */
void check_http_client_free(struct check_http_client *client);
void check_bus_free(struct check_bus *bus);

#endif
