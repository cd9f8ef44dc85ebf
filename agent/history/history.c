/* The ring of transitions. What has position p lives at p modulo the ring's size. */
#include "agent/history/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct history {
    uint64_t end;
    uint64_t last_sequence;
    struct history_entry ring[HISTORY_ENTRIES_MAX];
};

int history_open(struct history **out)
{
    *out = calloc(1, sizeof(**out));
    return *out == NULL ? -ENOMEM : 0;
}

void history_close(struct history *history)
{
    free(history);
}

void history_restore(struct history *history, const struct history_entry *entry)
{
    history->ring[history->end % HISTORY_ENTRIES_MAX] = *entry;
    history->end++;
    if (entry->sequence > history->last_sequence)
        history->last_sequence = entry->sequence;
}

void history_add(struct history *history, const struct history_entry *entry)
{
    struct history_entry *slot = &history->ring[history->end % HISTORY_ENTRIES_MAX];

    *slot = *entry;
    slot->sequence = ++history->last_sequence;
    if (slot->text[0] == '\0')
        reason_text(&slot->transition, slot->text, sizeof(slot->text));
    history->end++;
}

void history_forget_recording(struct history *history, const char *path)
{
    for (uint64_t at = history_oldest(history); at < history->end; at++) {
        struct history_entry *entry = &history->ring[at % HISTORY_ENTRIES_MAX];

        if (strcmp(entry->recording, path) == 0)
            entry->recording[0] = '\0';
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

static bool is_of(const struct history_entry *entry, const char *instance)
{
    return instance == NULL || strcmp(entry->instance, instance) == 0;
}

static const struct history_entry *entry_at(const struct history *history, uint64_t position)
{
    return &history->ring[position % HISTORY_ENTRIES_MAX];
}

const struct history_entry *history_next(const struct history *history, uint64_t *position,
                                         const char *instance)
{
    if (*position < history_oldest(history))
        *position = history_oldest(history);
    while (*position < history->end) {
        const struct history_entry *entry = entry_at(history, (*position)++);

        if (is_of(entry, instance))
            return entry;
    }
    return NULL;
}

uint64_t history_start(const struct history *history, const char *instance, size_t limit)
{
    uint64_t start = history->end;

    for (uint64_t at = history->end; at > history_oldest(history) && limit > 0; at--)
        if (is_of(entry_at(history, at - 1), instance)) {
            start = at - 1;
            limit--;
        }
    return start;
}

const struct history_entry *history_last(const struct history *history, const char *instance)
{
    uint64_t start = history_start(history, instance, 1);

    return history_next(history, &start, instance);
}
