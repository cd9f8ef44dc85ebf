/* A program run for a check: in a process group of its own, without anything of vipd's. */
#ifndef AGENT_BASE_CHECK_CHILD_H
#define AGENT_BASE_CHECK_CHILD_H

#include "lib/config/check.h"

#include <sys/types.h>

enum {
    CHILD_ARGUMENTS_MAX = 128,
    CHILD_GROUPS_MAX = 64,
};

/* Who runs it. */
struct check_child_user {
    bool other; /* than vipd's own */
    uid_t uid;
    gid_t gid;
    gid_t groups[CHILD_GROUPS_MAX];
    int group_count;
};

struct check_child {
    pid_t pid;  /* leads the process group of that number */
    int pidfd;  /* readable when it has ended */
    int output; /* its stdout and stderr, not blocking */
};

/* Looks the user up; this may ask a directory service, so not while adverts are due in moments.
 * 0, or a negative errno (-ENOENT: there is no such user). */
int check_child_find_user(const char *name, struct check_child_user *out);

/* In a new process, between fork() and execve(): becomes that user. False: errno says why. */
bool check_child_become(const struct check_child_user *user);

/*
 * Starts the program. The child has default signals, ordinary scheduling and no capability that its
 * user does not have by itself, stdin is /dev/null, no other descriptor is open. When it cannot be
 * run the child says why on its output and exits with 126 or 127. check_name goes into its
 * environment as VIPD_CHECK. 0 or a negative errno.
 */
int check_child_start(const struct config_words *command, const struct check_child_user *user,
                      const char *check_name, struct check_child *out);

/* Kills the whole process group. */
void check_child_kill(const struct check_child *child);

/* Collects a child that has ended. True with *code the exit status, or -signal; false: it has not
 * ended. */
bool check_child_collect(const struct check_child *child, int *code);

/* Closes the descriptors. */
void check_child_close(struct check_child *child);

#endif
