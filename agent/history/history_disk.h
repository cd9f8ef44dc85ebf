/*
 * The file of the history, as the thread that writes it has it: one line an entry, whole or not at
 * all. Nothing here logs or touches the loop. Owner: history_file.c, which hands it to a worker.
 */
#ifndef AGENT_HISTORY_HISTORY_DISK_H
#define AGENT_HISTORY_HISTORY_DISK_H

#include "agent/history/history.h"

#define HISTORY_FILE_NAME "history.jsonl"

struct history_disk {
    char *path;
    char *old_path;
    int fd; /* -1: not open (tried again with each line) */
    size_t size;
    size_t max_size; /* from then on it is put aside */
    bool torn;       /* what is in the file does not end with a whole line */
};

/* NULL: out of memory. Opens nothing yet. */
struct history_disk *history_disk_new(const char *directory, size_t max_size);

/* NULL is allowed. */
void history_disk_free(struct history_disk *disk);

/* Appends one entry. 0 or an errno. */
int history_disk_write(struct history_disk *disk, const struct history_entry *entry);

#endif
