/*
 * A control server in a real event loop, with a made-up agent behind it, and clients that the test
 * drives by hand: everything runs in one thread, turn by turn, so that tests count turns instead of
 * measuring time.
 */
#ifndef TESTS_CONTROL_BENCH_H
#define TESTS_CONTROL_BENCH_H

#include "agent/control/server.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    BENCH_PRIORITY = 100, /* of the control server in the loop */
    BENCH_PATH_SIZE = 64,
    BENCH_TURNS_MAX = 1000000, /* no answer within so many turns: none comes */
};

struct control_bench {
    char directory[BENCH_PATH_SIZE];
    char path[BENCH_PATH_SIZE];
    sd_event *event;
    struct control_server *server;
    struct history *history;
    size_t instances; /* how many the made-up agent has; their names are i0, i1, ... */
    size_t padding;   /* octets of each one's priority_text */
    uint64_t generation;
    unsigned made;      /* instances asked for, */
    unsigned written;   /* and those of them that were not packed for a thread to write */
    unsigned reloads;   /* reloads asked for */
    bool forced;        /* the last reload asked so */
    bool answers_later; /* a reload is not answered but kept in `later` */
    struct control_later *later;
    unsigned handovers;  /* drains, resumes and takes */
    void (*piece)(void); /* called whenever the server asks for something; may be NULL */
};

/* cmocka set-up and tear-down. *state is the bench. */
int bench_open(void **state);
int bench_close(void **state);

/* One turn of the loop; a pause of the server's is waited for. True: something was dispatched. */
bool bench_turn(struct control_bench *bench);

/* Turns until nothing is left to do now. Returns how many; fails beyond BENCH_TURNS_MAX. */
unsigned bench_settle(struct control_bench *bench);

/* A new client, connected and not blocking. */
int bench_dial(const struct control_bench *bench);

/* Sends what fits into the socket, returns how much. */
size_t bench_say(int fd, const void *octets, size_t size);

/* Sends a call, with its NUL; fails unless all fits. */
void bench_call(int fd, const char *text);

/* The next message to that client, new reference; fails when none comes. */
json_t *bench_hear(struct control_bench *bench, int fd);

/* Turns until the server closes this client's connection. False: it does not. */
bool bench_closes(struct control_bench *bench, int fd);

/* The text at parameters.KEY or the error's name (key NULL), compared and freed. */
void bench_expect(json_t *message, const char *key, const char *text);

/* A process of user `uid`, without groups, that runs `act` and ends with what it returns. */
pid_t bench_fork(const struct control_bench *bench, uid_t uid,
                 int (*act)(const struct control_bench *bench));

/* Turns until that process has ended; returns its exit status, -1 when it does not end. */
int bench_join(struct control_bench *bench, pid_t child);

#endif
