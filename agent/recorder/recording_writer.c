/* Recordings as a worker's tasks; see recording_writer.h. Owner: the recorder. */
#include "agent/recorder/recording_writer.h"

#include "agent/base/worker.h"

#include <errno.h>
#include <stdlib.h>

enum { WAITING_MAX = 8 };

struct recording_writer {
    struct worker *worker;
    unsigned files_max;
    recording_done_fn done_fn;
    void *userdata;
};

/* One recording on its way. */
struct errand {
    struct worker_task task;
    struct recording_writer *writer;
    struct recording *recording;
    unsigned files_max;
};

static void write_it(struct worker_task *task)
{
    const struct errand *errand = (struct errand *)task;
    struct recording *recording = errand->recording;

    recording->result = recording_write(recording);
    if (recording->result == 0)
        recording->pruned =
            recording_prune(recording->path, errand->files_max, RECORDINGS_BYTES_MAX);
}

static void written(struct worker_task *task)
{
    struct errand *errand = (struct errand *)task;
    const struct recording_writer *writer = errand->writer;

    writer->done_fn(writer->userdata, errand->recording);
    recording_free(errand->recording);
    free(errand);
}

int recording_writer_open(sd_event *event, int64_t priority, unsigned files_max,
                          recording_done_fn done, void *userdata, struct recording_writer **out)
{
    const struct worker_options options = {
        .name = "vipd-recorder", .priority = priority, .tasks_max = WAITING_MAX};
    struct recording_writer *writer = calloc(1, sizeof(*writer));

    *out = NULL;
    if (writer == NULL)
        return -ENOMEM;
    *writer =
        (struct recording_writer){.files_max = files_max, .done_fn = done, .userdata = userdata};
    int r = worker_open(event, &options, &writer->worker);
    if (r < 0) {
        free(writer);
        return r;
    }
    *out = writer;
    return 0;
}

void recording_writer_close(struct recording_writer *writer)
{
    if (writer == NULL)
        return;
    worker_close(writer->worker);
    free(writer);
}

bool recording_writer_submit(struct recording_writer *writer, struct recording *recording)
{
    struct errand *errand = calloc(1, sizeof(*errand));

    if (errand == NULL)
        return false;
    *errand = (struct errand){.task = {.run = write_it, .done = written},
                              .writer = writer,
                              .recording = recording,
                              .files_max = writer->files_max};
    if (worker_submit(writer->worker, &errand->task))
        return true;
    free(errand);
    return false;
}
