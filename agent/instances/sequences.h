/*
 * What of authenticated adverts outlives the agent: how far each router may have stamped what it
 * sent, and the greatest stamp of each sender it believed. Kept in `sequences` of the state
 * directory, so that a node that comes back neither repeats a stamp nor believes an old one.
 *
 * Nobody waits for the disk: a worker writes, and what is written is ahead of what is sent. By the
 * rule of time, where the clock alone keeps stamps growing, the file matters only where the clock
 * is behind them, and is written then, at the end, and once in a minute in which anything changed;
 * by the monotonic rule an hour is reserved at a time, and marks are written each five seconds.
 *
 * With each mark stands when the sender was believed, by the boot clock: so when vipd has crashed
 * what a sender had stamped before this agent started counts as heard, however old the file is.
 * When the machine has, that clock has begun anew, and UTC after a boot is not to be trusted with
 * it: a second of it too much would shut out a peer. Then the window has to do, which most boots
 * outlast; where it is wider marks are written each five seconds, too. A file that is gone costs no
 * more than that protection.
 */
#ifndef AGENT_INSTANCES_SEQUENCES_H
#define AGENT_INSTANCES_SEQUENCES_H

#include "agent/base/worker.h"
#include "agent/instances/authentication_state.h"

struct sequences;

/* Reads the file; one that cannot be read or understood is reported and counts as empty. worker and
 * state_dir are borrowed; the worker is closed later. 0 or a negative errno. */
int sequences_open(struct worker *worker, const char *state_dir, struct sequences **out);

/* What is newest becomes the worker's last task of it. After the last sequences_end(). NULL is
 * allowed. */
void sequences_close(struct sequences *sequences);

/* A router has keys, if it has any: gives it what is known of before, and keeps it from now on.
 * Again for one that began, and without a file (NULL), it does nothing. Out of memory is logged. */
void sequences_begin(struct sequences *sequences, const char *instance, enum ip_family family,
                     struct authentication *auth);

/* It ends; what it had is kept for the next of that name. Harmless for one that did not begin. */
void sequences_end(struct authentication *auth);

/* It has sent or believed something. Cheap: looks whether that has to be written. */
void sequences_note(const struct authentication *auth, uint64_t utc_ns, uint64_t boot_ns);

#endif
