/*
 * The ring of events. What has position p lives at p modulo the ring's size, packed, in a chain of
 * blocks. All blocks that could ever be needed are there from the start, but a block that was never
 * used costs no memory, and who goes leaves his to who comes.
 */
#include "agent/history/history.h"

#include "agent/history/packed.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Most entries take two. */
    BLOCK_OCTETS = 52,
    CHAIN_MAX = (HISTORY_PACKED_MAX + BLOCK_OCTETS - 1) / BLOCK_OCTETS,
    BLOCKS = HISTORY_ENTRIES_MAX * CHAIN_MAX,
};

struct block {
    uint32_t next; /* index + 1; 0: the last */
    uint8_t octets[BLOCK_OCTETS];
};

struct history {
    uint64_t end;
    uint64_t last_sequence;
    uint32_t ring[HISTORY_ENTRIES_MAX]; /* first blocks: index + 1; 0: none yet */
    uint32_t idle;                      /* blocks that were used before, likewise */
    uint32_t used;                      /* how many blocks ever were */
    struct block *blocks;
    struct history_entry *shown; /* what was handed out last */
};

int history_open(struct history **out)
{
    struct history *history = calloc(1, sizeof(*history));

    *out = NULL;
    if (history == NULL)
        return -ENOMEM;
    history->blocks = calloc(BLOCKS, sizeof(*history->blocks));
    history->shown = calloc(1, sizeof(*history->shown));
    if (history->blocks == NULL || history->shown == NULL) {
        history_close(history);
        return -ENOMEM;
    }
    *out = history;
    return 0;
}

void history_close(struct history *history)
{
    if (history == NULL)
        return;
    free(history->blocks);
    free(history->shown);
    free(history);
}

/* ---- Blocks */

static void give_back(struct history *history, uint32_t *first)
{
    uint32_t last = *first;

    if (last == 0)
        return;
    while (history->blocks[last - 1].next != 0)
        last = history->blocks[last - 1].next;
    history->blocks[last - 1].next = history->idle;
    history->idle = *first;
    *first = 0;
}

static uint32_t take(struct history *history)
{
    uint32_t taken = history->idle;

    if (taken != 0) {
        history->idle = history->blocks[taken - 1].next;
        return taken;
    }
    assert(history->used < BLOCKS);
    return ++history->used;
}

/* In the place of what the slot had. */
static void put(struct history *history, uint32_t *slot, const struct history_entry *entry,
                bool words)
{
    uint8_t packed[HISTORY_PACKED_MAX];
    size_t left = history_pack(entry, words, packed);
    const uint8_t *from = packed;
    uint32_t *link = slot;

    give_back(history, slot);
    while (left > 0) {
        size_t part = left < BLOCK_OCTETS ? left : BLOCK_OCTETS;
        uint32_t taken = take(history);

        memcpy(history->blocks[taken - 1].octets, from, part);
        *link = taken;
        link = &history->blocks[taken - 1].next;
        from += part;
        left -= part;
    }
    *link = 0;
}

/* False: it is without its text, which the transition has. */
static bool get(const struct history *history, uint64_t position, struct history_entry *out)
{
    uint8_t packed[CHAIN_MAX * BLOCK_OCTETS];
    uint8_t *to = packed;

    for (uint32_t at = history->ring[position % HISTORY_ENTRIES_MAX]; at != 0;
         at = history->blocks[at - 1].next) {
        memcpy(to, history->blocks[at - 1].octets, BLOCK_OCTETS);
        to += BLOCK_OCTETS;
    }
    return history_unpack(packed, out);
}

/* ---- Entries */

static void append(struct history *history, const struct history_entry *entry, bool words)
{
    put(history, &history->ring[history->end % HISTORY_ENTRIES_MAX], entry, words);
    history->end++;
}

void history_restore(struct history *history, const struct history_entry *entry)
{
    append(history, entry, false);
    if (entry->sequence > history->last_sequence)
        history->last_sequence = entry->sequence;
}

void history_add(struct history *history, const struct history_entry *entry)
{
    struct history_entry numbered = *entry;

    numbered.sequence = ++history->last_sequence;
    append(history, &numbered, true);
}

void history_forget_recording(struct history *history, const char *path)
{
    for (uint64_t at = history_oldest(history); at < history->end; at++) {
        struct history_entry entry;
        bool has_text = get(history, at, &entry);

        if (strcmp(entry.recording, path) != 0)
            continue;
        entry.recording[0] = '\0';
        put(history, &history->ring[at % HISTORY_ENTRIES_MAX], &entry, !has_text);
    }
}

uint64_t history_oldest(const struct history *history)
{
    return history->end > HISTORY_ENTRIES_MAX ? history->end - HISTORY_ENTRIES_MAX : 0;
}

uint64_t history_end(const struct history *history)
{
    return history->end;
}

/* It is the one that is shown, if it is of that instance. */
static bool show(const struct history *history, uint64_t position, const char *instance)
{
    bool has_text = get(history, position, history->shown);

    if (instance != NULL && strcmp(history->shown->instance, instance) != 0)
        return false;
    if (!has_text)
        history_words(history->shown);
    return true;
}

const struct history_entry *history_next(const struct history *history, uint64_t *position,
                                         const char *instance)
{
    if (*position < history_oldest(history))
        *position = history_oldest(history);
    while (*position < history->end)
        if (show(history, (*position)++, instance))
            return history->shown;
    return NULL;
}

uint64_t history_start(const struct history *history, const char *instance, size_t limit)
{
    struct history_entry entry;
    uint64_t start = history->end;

    for (uint64_t at = history->end; at > history_oldest(history) && limit > 0; at--) {
        if (instance != NULL)
            (void)get(history, at - 1, &entry);
        if (instance == NULL || strcmp(entry.instance, instance) == 0) {
            start = at - 1;
            limit--;
        }
    }
    return start;
}

const struct history_entry *history_last(const struct history *history, const char *instance)
{
    uint64_t start = history_start(history, instance, 1);

    return history_next(history, &start, instance);
}
