/*
 * The one way in which vipd runs a program: in a process group of its own, as another user where
 * one is named, with default signals, ordinary scheduling and memory pressure, stdin /dev/null, and
 * no descriptor or capability of ours; nor can it get one, as in the unit, so that it does not
 * matter how vipd was started. Only a user that is named and is root has what root has. Its owner
 * watches for its end (source_add_child(), so SIGCHLD must be blocked) and reads its output.
 */
#ifndef AGENT_BASE_PROGRAM_H
#define AGENT_BASE_PROGRAM_H

#include "agent/base/account.h"

/* Texts are borrowed until it is started. */
struct program_spec {
    char *const *argv;          /* argv[0]: a path, or looked for in PATH of `environment` */
    char *const *environment;   /* all of it */
    const struct account *user; /* NULL: ours */
    /* It is run again and again, unattended: it keeps no core and does not outlive us, little of
     * its output waits for us, and it is run as it stands, without a shell's guesses. */
    bool probe;
    /* Otherwise: it is told to end when we are gone; what it started is not. */
    bool dies_with_us;
};

struct program {
    pid_t pid;  /* leads the process group of that number; 0: none */
    int output; /* its stdout and stderr, not blocking; -1: none */
};

/*
 * Starts it. What keeps the program itself from starting (not found, not permitted) is a line of
 * its output and exit status 127 or 126. 0 or a negative errno.
 */
int program_start(const struct program_spec *spec, struct program *out);

/* A signal for its whole group; only while its leader is not reaped, or strangers may get it. */
void program_signal(const struct program *program, int signal);

/* Kills and reaps it where that has not been done (pid is not 0), and closes the output. */
void program_free(struct program *program);

#endif
