/*
 * The history on disk: STATE-DIR/history.jsonl, one JSON object a line as the control socket has
 * them, oldest first. When it has grown large it becomes history.jsonl.1, in the place of the one
 * before. Lines are written by a worker's thread, one write() each: a disk that is slow or hangs
 * holds up nothing but them.
 */
#ifndef AGENT_HISTORY_HISTORY_FILE_H
#define AGENT_HISTORY_HISTORY_FILE_H

#include "agent/base/worker.h"
#include "agent/history/history_disk.h"

#include <systemd/sd-event.h>

struct history_file;

/*
 * Fills an empty history with what the files have, and opens the file for what will come. Damaged
 * lines are passed over and counted in the log. max_size: octets from which on the file is put
 * aside. worker is borrowed, and closed after this. A directory that cannot be written is no
 * failure: it is said with the first entry. 0 or a negative errno.
 */
int history_file_open(sd_event *event, struct worker *worker, const char *directory,
                      size_t max_size, struct history *history, struct history_file **out);

/* What is not written yet becomes the worker's last task of it; closing the worker waits for that,
 * for a while. NULL is allowed. */
void history_file_close(struct history_file *file);

/* The history has a new entry: it will be written. NULL is allowed. */
void history_file_changed(struct history_file *file);

#endif
