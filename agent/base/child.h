/*
 * A program run beside the loop (program.h says how), its output handed over line by line. It ends
 * when it ends, when its time is up, or when its owner wants no more of it; nobody waits for that:
 * a process that does not die (it is in the kernel's hands) is collected whenever it does. When it
 * was ended, or is a probe, everything in its group is ended with it.
 */
#ifndef AGENT_BASE_CHILD_H
#define AGENT_BASE_CHILD_H

#include "agent/base/program.h"

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

enum {
    /* Longer lines of output are divided; a probe's are cut. */
    CHILD_LINE_SIZE = 512,
    /* Of one run; the rest is read and dropped, however much it is, and the last line says so. Of a
     * probe, whose last line counts, only the octets. */
    CHILD_LINES_MAX = 100,
    /* The same of octets; of a probe CHECK_OUTPUT_BYTES_MAX. */
    CHILD_OUTPUT_BYTES_MAX = 128 * 1024,
};

struct child;

enum child_outcome {
    CHILD_EXITED = 0, /* code: its exit status */
    CHILD_SIGNALLED,  /* code: the signal */
    CHILD_TIMED_OUT,  /* it was ended by us */
};

struct child_result {
    enum child_outcome outcome;
    int code;
    uint64_t ran_ns;
};

struct child_spec {
    struct program_spec program;
    uint64_t timeout_ns; /* 0: its owner has a clock for it */
    int64_t priority;    /* in the event loop */

    /* One line of output: printable, without its end. */
    void (*on_line)(void *userdata, const char *line);
    /* It is over; the child may be freed in there. */
    void (*on_end)(void *userdata, const struct child_result *result);
    void *userdata;
};

/*
 * Starts it. The spec's texts are not needed any longer afterwards. SIGCHLD must be blocked. 0 or a
 * negative errno.
 */
int child_start(sd_event *event, const struct child_spec *spec, struct child **out);

/* Kills it and all that it started: on_end comes when it is dead. */
void child_kill(struct child *child);

/* The number of its process. */
pid_t child_pid(const struct child *child);

/* Kills likewise, without on_end: the loop collects it when it is dead. NULL is allowed. */
void child_free(struct child *child);

/* The same, and says when: on_gone comes then, or now where it was dead already, or with the end of
 * the loop. */
void child_leave(struct child *child, void (*on_gone)(void *userdata), void *userdata);

/* "exit status 3 after 0.120 s". Returns buffer. */
const char *child_result_text(const struct child_result *result, char *buffer, size_t size);

#endif
