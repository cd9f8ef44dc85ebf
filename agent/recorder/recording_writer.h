/*
 * Writes recordings in a thread of its own, so that a slow, full or hanging disk never delays the
 * loop. The thread has the ordinary scheduling policy, touches nothing but the recordings handed
 * to it, and does not log.
 */
#ifndef AGENT_RECORDER_RECORDING_WRITER_H
#define AGENT_RECORDER_RECORDING_WRITER_H

#include "agent/recorder/recording_file.h"

#include <systemd/sd-event.h>

struct recording_writer;

/* In the loop: one was written, or not (recording->result). */
typedef void (*recording_done_fn)(void *userdata, const struct recording *recording);

/* files_max: recordings kept in their directory. 0 or a negative errno. */
int recording_writer_open(sd_event *event, int64_t priority, unsigned files_max,
                          recording_done_fn done, void *userdata, struct recording_writer **out);

/* Writes what still waits, for a bounded time, and calls done() for it. */
void recording_writer_close(struct recording_writer *writer);

/* Takes the recording over. False, and it stays the caller's: too many wait already. */
bool recording_writer_submit(struct recording_writer *writer, struct recording *recording);

#endif
