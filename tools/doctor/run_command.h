/* Runs another program and takes what it says, bounded in size and time. */
#ifndef TOOLS_DOCTOR_RUN_COMMAND_H
#define TOOLS_DOCTOR_RUN_COMMAND_H

#include <stddef.h>

struct command_result {
    char *output;    /* standard output, NUL-terminated; owned by the caller, free() */
    char error[256]; /* why it could not be had: the program's own first words, or ours */
};

/* argv[0] is looked for in PATH and where administrators' programs are. 0 when it ended with 0 in
 * time and said at most `max` octets; else a negative errno, with `error` set and no output. */
int run_command(char *const argv[], size_t max, int timeout_ms, struct command_result *out);

#endif
