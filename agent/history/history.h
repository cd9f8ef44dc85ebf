/*
 * What happened on this node: here in memory, in history_file.h on disk. Entries are made by
 * whoever knows what happened (publish/chronicle.h) and read by whoever asks (control/). This room
 * owns the entries and the file, and uses base/ and lib/ only.
 *
 * The last events, in memory: a ring of HISTORY_ENTRIES_MAX entries, packed (packed.h), allocated
 * once.
 * Every entry has a position that only grows, so a reader keeps its place while the ring turns; and
 * a sequence number, which goes on from one run of the agent to the next (history_file.h).
 */
#ifndef AGENT_HISTORY_HISTORY_H
#define AGENT_HISTORY_HISTORY_H

#include "lib/control/control.h"

struct history;

/* 0 or -ENOMEM. */
int history_open(struct history **out);
void history_close(struct history *history);

/* Copies the entry in, over the oldest one when full, and gives it the next sequence number. An
 * empty text is filled in from the transition. No allocation. */
void history_add(struct history *history, const struct history_entry *entry);

/* The same for an entry of a former run, whose sequence number stays and is counted on from. */
void history_restore(struct history *history, const struct history_entry *entry);

/* Takes that recording away from the entries that name it: it could not be written. */
void history_forget_recording(struct history *history, const char *path);

/* Positions: of the oldest entry still there, and of the one to be added next. */
uint64_t history_oldest(const struct history *history);
uint64_t history_end(const struct history *history);

/*
 * The first entry at or after *position (of that instance, unless NULL), and moves *position behind
 * it; the way to walk from oldest to newest. NULL at the end, with *position there. Valid until the
 * next call.
 */
const struct history_entry *history_next(const struct history *history, uint64_t *position,
                                         const char *instance);

/* Where to start so that history_next() gives the newest `limit` entries (of that instance). */
uint64_t history_start(const struct history *history, const char *instance, size_t limit);

/* The newest entry (of that instance), or NULL. Valid likewise. */
const struct history_entry *history_last(const struct history *history, const char *instance);

#endif
