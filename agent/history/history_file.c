/*
 * One reader of the history: what it has not seen yet goes to the file in batches, by a worker, one
 * batch at a time. So the disk may stall: what happens meanwhile waits in the ring of the history,
 * and what has left that is counted. That lines are lost is said once, and once more when they get
 * through again.
 */
#include "agent/history/history_file.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/regular_file.h"
#include "agent/base/source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    /* Entries that are written by one task. */
    BATCH_MAX = 16,
    /* A file of more octets is not ours. */
    LOAD_SIZE_MAX = 64 * 1024 * 1024,
};

/* From then on it is said that the disk does not answer. */
#define STALL_NS (5 * NS_PER_SEC)

/* Entries on their way to the disk, copied: the ring turns meanwhile. */
struct batch {
    struct worker_task task;
    struct history_file *file; /* NULL: closed meanwhile */
    struct history_disk *disk;
    bool last;   /* nothing comes after it: the disk ends with it */
    bool well;   /* the last of them was written */
    int error;   /* an errno: of the last that could not be written */
    size_t lost; /* how many could not */
    size_t count;
    struct history_entry entries[];
};

struct history_file {
    struct history *history;
    struct worker *worker;
    struct batch *batch;   /* the one for every use; the worker's while it is submitted */
    uint64_t position;     /* of the history: what is before is written, on its way or lost */
    uint64_t submitted_ns; /* when the batch was */
    uint64_t lost;         /* since it last worked */
    bool stalled;          /* and that was said */
    sd_event_source *due;  /* there is something to write */
};

struct loading {
    struct history *history;
    unsigned long damaged;
};

static void load_line(struct loading *loading, const char *line, size_t length)
{
    json_t *json = json_loadb(line, length, 0, NULL);
    struct history_entry entry;

    if (json != NULL && control_history_from_json(json, &entry))
        history_restore(loading->history, &entry);
    else
        loading->damaged++;
    json_decref(json);
}

/* *torn: the last line has no end. 0 (also when there is no such file) or a negative errno. */
static int load(const char *path, struct loading *loading, bool *torn)
{
    int fd = regular_file_open(path, O_RDONLY, 0);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    struct stat st = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    int r = 0;

    *torn = false;
    if (fd < 0)
        return fd == -ENOENT ? 0 : fd;
    if (file == NULL) {
        close(fd);
        return -ENOMEM;
    }
    if (fstat(fileno(file), &st) < 0 || st.st_size > LOAD_SIZE_MAX) {
        fclose(file);
        return -EFBIG;
    }
    while ((length = getline(&line, &room, file)) > 0) {
        *torn = line[length - 1] != '\n';
        if (length > 1 || *torn)
            load_line(loading, line, (size_t)length);
    }
    r = ferror(file) != 0 ? -EIO : 0;
    free(line);
    fclose(file);
    return r;
}

/* ---- In the worker's thread */

static void write_batch(struct worker_task *task)
{
    struct batch *batch = (struct batch *)task;

    batch->lost = 0;
    for (size_t i = 0; i < batch->count; i++) {
        int error = history_disk_write(batch->disk, &batch->entries[i]);

        batch->well = error == 0;
        if (error != 0) {
            batch->error = error;
            batch->lost++;
        }
    }
}

/* ---- In the loop */

static void batch_done(struct worker_task *task);

static struct batch *new_batch(struct history_disk *disk, size_t room)
{
    struct batch *batch = calloc(1, sizeof(*batch) + room * sizeof(batch->entries[0]));

    if (batch != NULL)
        *batch = (struct batch){.task = {.run = write_batch, .done = batch_done}, .disk = disk};
    return batch;
}

/* How many of the history are not written yet, those that have left it already passed over. */
static size_t waiting(struct history_file *file)
{
    uint64_t oldest = history_oldest(file->history);

    if (file->position < oldest) {
        log_msg(LOG_WARNING, "history: %llu entries came too fast to be written",
                (unsigned long long)(oldest - file->position));
        file->position = oldest;
    }
    return (size_t)(history_end(file->history) - file->position);
}

static void fill(struct history_file *file, struct batch *batch, size_t room)
{
    const struct history_entry *entry;

    batch->count = 0;
    while (batch->count < room &&
           (entry = history_next(file->history, &file->position, NULL)) != NULL)
        batch->entries[batch->count++] = *entry;
}

static void say_failure(const struct batch *batch)
{
    char text[REGULAR_FILE_ERROR_SIZE];

    log_msg(LOG_WARNING, "history: cannot write %s: %s; kept in memory only", batch->disk->path,
            regular_file_error(-batch->error, 0, text));
}

static void note(struct history_file *file, const struct batch *batch)
{
    if (batch->lost > 0 && file->lost == 0)
        say_failure(batch);
    file->lost += batch->lost;
    if (batch->well && (file->lost > 0 || file->stalled)) {
        log_msg(LOG_NOTICE, "history: %s is written again, without %llu entries", batch->disk->path,
                (unsigned long long)file->lost);
        file->lost = 0;
    }
    file->stalled = false;
}

static void note_stall(struct history_file *file)
{
    if (file->stalled || clock_boot_ns() - file->submitted_ns < STALL_NS)
        return;
    file->stalled = true;
    log_msg(LOG_WARNING,
            "history: %s has not been written for %llu s, the disk does not answer; "
            "kept in memory",
            file->batch->disk->path, (unsigned long long)(STALL_NS / NS_PER_SEC));
}

/* The next batch, if there is anything to write and none is on its way. */
static void write_next(struct history_file *file)
{
    if (file->batch->task.submitted) {
        note_stall(file);
        return;
    }
    if (waiting(file) == 0)
        return;
    uint64_t position = file->position;
    fill(file, file->batch, BATCH_MAX);
    file->submitted_ns = clock_boot_ns();
    /* Others have filled the worker's queue: with the next entry. */
    if (!worker_submit(file->worker, &file->batch->task))
        file->position = position;
}

static void end_batch(struct batch *batch)
{
    if (batch->last)
        history_disk_free(batch->disk);
    free(batch);
}

static void batch_done(struct worker_task *task)
{
    struct batch *batch = (struct batch *)task;
    struct history_file *file = batch->file;

    if (file != NULL) {
        note(file, batch);
        write_next(file);
        return;
    }
    if (batch->lost > 0)
        say_failure(batch);
    end_batch(batch);
}

static int on_due(sd_event_source *source, void *userdata)
{
    (void)source;
    write_next(userdata);
    return 0;
}

static void read_files(struct history_file *file)
{
    struct loading loading = {.history = file->history};
    struct history_disk *disk = file->batch->disk;
    const char *paths[] = {disk->old_path, disk->path};
    char text[REGULAR_FILE_ERROR_SIZE];

    for (size_t i = 0; i < 2; i++) {
        int r = load(paths[i], &loading, &disk->torn);

        if (r < 0)
            log_msg(LOG_WARNING, "history: cannot read %s: %s", paths[i],
                    regular_file_error(r, LOAD_SIZE_MAX, text));
    }
    if (loading.damaged > 0)
        log_msg(LOG_WARNING, "history: %lu damaged lines of %s were passed over", loading.damaged,
                disk->path);
    file->position = history_end(file->history);
}

int history_file_open(sd_event *event, struct worker *worker, const char *directory,
                      size_t max_size, struct history *history, struct history_file **out)
{
    struct history_file *file = calloc(1, sizeof(*file));
    struct history_disk *disk = history_disk_new(directory, max_size);
    int r = -ENOMEM;

    *out = NULL;
    if (file != NULL)
        *file = (struct history_file){.history = history, .worker = worker};
    if (file == NULL || disk == NULL || (file->batch = new_batch(disk, BATCH_MAX)) == NULL)
        goto fail;
    file->batch->file = file;
    r = source_add_defer(event, &file->due, on_due, file);
    if (r >= 0)
        r = sd_event_source_set_priority(file->due, AGENT_PRIORITY_STATE);
    if (r >= 0)
        r = source_set_enabled(file->due, SD_EVENT_OFF);
    if (r < 0)
        goto fail;
    read_files(file);
    *out = file;
    return 0;
fail:
    if (file != NULL) {
        sd_event_source_disable_unref(file->due);
        free(file->batch);
    }
    history_disk_free(disk);
    free(file);
    return r;
}

/* What is not on its way yet, as one batch. NULL: nothing, or out of memory. */
static struct batch *rest_of(struct history_file *file)
{
    size_t count = waiting(file);
    struct batch *batch = count > 0 ? new_batch(file->batch->disk, count) : NULL;

    if (batch != NULL)
        fill(file, batch, count);
    return batch;
}

void history_file_close(struct history_file *file)
{
    if (file == NULL)
        return;
    struct batch *batch = file->batch;
    struct batch *rest = rest_of(file);

    batch->last = rest == NULL;
    if (rest != NULL) {
        rest->last = true;
        if (!worker_submit(file->worker, &rest->task)) {
            log_msg(LOG_WARNING, "history: %zu entries are not written to %s", rest->count,
                    batch->disk->path);
            batch->last = true;
            free(rest);
        }
    }
    batch->file = NULL;
    if (!batch->task.submitted)
        end_batch(batch);
    sd_event_source_disable_unref(file->due);
    free(file);
}

void history_file_changed(struct history_file *file)
{
    int r = 0;

    if (file != NULL)
        r = source_set_enabled(file->due, SD_EVENT_ONESHOT);
    /* When the loop has ended, closing writes what is left. */
    assert(r >= 0 || r == -ESTALE);
}
