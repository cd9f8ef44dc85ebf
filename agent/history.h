/*
 * The last transitions of this node, in memory: a ring of HISTORY_ENTRIES_MAX entries, allocated
 * once. Every entry has a sequence number that only grows, so a reader keeps its place while the
 * ring turns.
 */
#ifndef AGENT_HISTORY_H
#define AGENT_HISTORY_H

#include "lib/control.h"

struct history;

/* 0 or -ENOMEM. */
int history_open(struct history **out);
void history_close(struct history *history);

/* Copies the entry in, over the oldest one when full. An empty text is filled in from the
 * transition. No allocation. */
void history_add(struct history *history, const struct history_entry *entry);

/* Takes that recording away from the entries that name it: it could not be written. */
void history_forget_recording(struct history *history, const char *path);

/* Sequence numbers: of the oldest entry still there, and of the one to be added next. */
uint64_t history_oldest(const struct history *history);
uint64_t history_end(const struct history *history);

/*
 * The first entry at or after *sequence (of that instance, unless NULL), and moves *sequence behind
 * it; the way to walk from oldest to newest. NULL at the end, with *sequence there. Valid until the
 * next history_add().
 */
const struct history_entry *history_next(const struct history *history, uint64_t *sequence,
                                         const char *instance);

/* Where to start so that history_next() gives the newest `limit` entries (of that instance). */
uint64_t history_start(const struct history *history, const char *instance, size_t limit);

/* The newest entry (of that instance), or NULL. */
const struct history_entry *history_last(const struct history *history, const char *instance);

#endif
