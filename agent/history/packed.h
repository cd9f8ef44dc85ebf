/*
 * An entry of the history in as few octets as it has something to say: 100 to 200 instead of 816.
 * For memory alone; what is written to disk is history_disk.h's.
 */
#ifndef AGENT_HISTORY_PACKED_H
#define AGENT_HISTORY_PACKED_H

#include "lib/control/control.h"

enum {
    /* No packed entry has more: nothing in it grows. */
    HISTORY_PACKED_MAX = sizeof(struct history_entry) + 2,
};

/* Writes the entry to `out` (HISTORY_PACKED_MAX octets) and returns how many it took. A text that
 * says what the transition does is left out; so is one that is empty, when `words` it is to have
 * that of the transition. */
size_t history_pack(const struct history_entry *entry, bool words, uint8_t *out);

/* Reads it back. False: its text was left out, and history_words() fills it in. */
bool history_unpack(const uint8_t *packed, struct history_entry *out);

/* Fills in the text that the transition has. */
void history_words(struct history_entry *entry);

#endif
