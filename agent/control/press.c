/* One status of all after the other; see press.h. */
#include "agent/control/press.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/source.h"
#include "lib/control/control.h"
#include "lib/control/status_pack.h"
#include "lib/limits.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum {
    REAL_DIGITS = 12,
    /* Instances that the thread gets at once, and what they may take. */
    BATCH_MAX = 32,
    BATCH_BYTES = 256 * 1024,
    /* Those who ask at the same moment are waited for before so many are made. */
    MANY = 512,
    RESTARTS_MAX = 3,
    /* A longer one is made for each who asks, while he reads. */
    TEXT_BYTES_MAX = 32 * 1024 * 1024,
    /* Those on their way, and a batch. */
    TASKS_MAX = PRESS_DELIVERIES_MAX + 1,
};

/* Nothing is begun after so long in a turn, for adverts wait meanwhile. */
#define TURN_NS (NS_PER_MS / 2)

/* A hundred programs that were started at the same moment have asked after that. */
#define GATHER_NS (100 * NS_PER_MS)

/* The readers of those before are looked at again. */
#define ROOM_NS (50 * NS_PER_MS)

/* Instances as they were at one moment, to be written. The thread's while it is submitted. */
struct batch {
    struct worker_task task; /* the first */
    struct press *press;
    struct delivery *delivery;
    bool abandoned; /* nobody wants the delivery any more: the loop's */
    bool failed;
    bool follows; /* there are instances before these */
    size_t count;
    size_t used;
    const struct status_instance *list[BATCH_MAX];
    alignas(STATUS_PACK_ALIGNMENT) char room[BATCH_BYTES];
};

struct press {
    struct press_options options;
    struct worker *worker; /* NULL: not needed yet */
    bool unable;           /* and that was said */
    sd_event_source *work;
    struct recipients waiting; /* for the next one */
    struct delivery *making;   /* NULL: none */
    struct batch *batch;       /* NULL: not needed now */
    size_t index;              /* of the instance that comes next */
    uint64_t generation;       /* of the list of instances */
    unsigned restarts;
    bool too_long;                                  /* with that list */
    struct delivery *sending[PRESS_DELIVERIES_MAX]; /* oldest first */
    size_t sending_count;
};

/* Of sources that exist none of this can fail. */
static void work_in(struct press *press, uint64_t ns)
{
    if (ns > 0)
        (void)source_set_time_relative(press->work, ns / NS_PER_US);
    else
        (void)source_set_time(press->work, 0);
    (void)source_set_enabled(press->work, SD_EVENT_ONESHOT);
}

static size_t instances(const struct press *press)
{
    return press->options.handlers->count(press->options.handlers->userdata);
}

static uint64_t generation(const struct press *press)
{
    return press->options.handlers->generation(press->options.handlers->userdata);
}

/* If anybody waits, and none is being made. */
static void work_soon(struct press *press)
{
    int armed = SD_EVENT_OFF;

    (void)sd_event_source_get_enabled(press->work, &armed);
    if (press->waiting.first == NULL || press->making != NULL || armed != SD_EVENT_OFF)
        return;
    work_in(press, instances(press) >= MANY ? GATHER_NS : 0);
}

static bool is_written(const struct press *press)
{
    return press->batch != NULL && press->batch->task.submitted;
}

/* ---- Writing */

static int write_some(const char *octets, size_t count, void *userdata)
{
    return delivery_write(userdata, octets, count) ? 0 : -1;
}

static bool write_string(struct delivery *delivery, const char *text)
{
    return delivery_write(delivery, text, strlen(text));
}

/* One of the list. Steals json. */
static bool write_instance(struct delivery *delivery, json_t *json, bool follows)
{
    bool written = json != NULL && (!follows || write_string(delivery, ",")) &&
                   json_dump_callback(json, write_some, delivery,
                                      JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS)) == 0;

    json_decref(json);
    return written;
}

static void run_batch(struct worker_task *task)
{
    struct batch *batch = (struct batch *)task;

    for (size_t i = 0; i < batch->count && !batch->failed; i++)
        batch->failed = !write_instance(batch->delivery, control_instance_to_json(batch->list[i]),
                                        batch->follows || i > 0);
}

/* {"parameters":{NODE..., "instances":[ */
static bool write_node(struct press *press)
{
    const struct control_handlers *handlers = press->options.handlers;
    json_t *node = handlers->node(handlers->userdata);
    char *text = NULL;

    (void)json_object_del(node, "instances");
    if (node != NULL)
        text = json_dumps(node, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
    json_decref(node);
    if (text == NULL)
        return false;
    bool written = write_string(press->making, "{\"parameters\":") &&
                   delivery_write(press->making, text, strlen(text) - 1) && /* without its brace */
                   write_string(press->making, ",\"instances\":[");
    free(text);
    press->index = 0;
    press->generation = generation(press);
    return written;
}

/* ---- Making one */

static void drop_batch(struct press *press)
{
    if (press->waiting.first != NULL || press->making != NULL)
        return;
    free(press->batch);
    press->batch = NULL;
}

static void turn_away(struct press *press, enum delivery_outcome outcome)
{
    struct delivery *delivery = press->making;

    press->making = NULL;
    if (delivery != NULL)
        recipients_finish(&delivery->recipients, outcome);
    if (is_written(press)) {
        press->batch->abandoned = true;
        return;
    }
    delivery_free(delivery);
    drop_batch(press);
}

static void over(struct delivery *delivery)
{
    struct press *press = delivery->userdata;
    size_t kept = 0;

    for (size_t i = 0; i < press->sending_count; i++)
        if (press->sending[i] != delivery)
            press->sending[kept++] = press->sending[i];
    press->sending_count = kept;
    delivery_free(delivery);
}

static void done_batch(struct worker_task *task)
{
    struct batch *batch = (struct batch *)task;
    struct press *press = batch->press;

    if (batch->abandoned) {
        batch->abandoned = false;
        delivery_free(batch->delivery);
        drop_batch(press);
    } else if (batch->failed) {
        turn_away(press, DELIVERY_FAILED);
    }
    work_in(press, 0);
    press->options.wake(press->options.userdata);
}

static bool has_batch(struct press *press)
{
    if (press->batch == NULL)
        press->batch = malloc(sizeof(*press->batch));
    if (press->batch == NULL)
        return false;
    press->batch->task = (struct worker_task){.run = run_batch, .done = done_batch};
    press->batch->press = press;
    press->batch->abandoned = false;
    return true;
}

static bool begin(struct press *press)
{
    press->making = delivery_new(press->worker, over, press);
    if (press->making == NULL || !has_batch(press)) {
        recipients_finish(&press->waiting, DELIVERY_FAILED);
        return false;
    }
    recipients_move(&press->waiting, &press->making->recipients);
    press->restarts = 0;
    press->too_long = false;
    return write_node(press);
}

/* It is complete. */
static bool send_off(struct press *press)
{
    struct delivery *delivery = press->making;

    if (!delivery_write(delivery, "]}}", sizeof("]}}")) || !delivery_send(delivery))
        return false;
    press->making = NULL;
    press->sending[press->sending_count++] = delivery;
    drop_batch(press);
    return true;
}

/* Notes as many instances as a turn has time for. */
static void fill_batch(struct press *press)
{
    const struct control_handlers *handlers = press->options.handlers;
    struct batch *batch = press->batch;
    const uint64_t until_ns = clock_boot_ns() + TURN_NS;
    const size_t count = instances(press);

    batch->delivery = press->making;
    batch->failed = false;
    batch->follows = press->index > 0;
    batch->count = 0;
    batch->used = 0;
    while (batch->count < BATCH_MAX && press->index < count && clock_boot_ns() < until_ns) {
        char *room = batch->room + batch->used;
        size_t used = handlers->pack(handlers->userdata, press->index, room,
                                     sizeof(batch->room) - batch->used);

        if (used == 0)
            return;
        batch->list[batch->count++] = (const struct status_instance *)(const void *)room;
        batch->used += used;
        press->index++;
    }
}

/* Some more instances, by the thread; one that cannot be packed here. False: out of memory. */
static bool make_some(struct press *press)
{
    const struct control_handlers *handlers = press->options.handlers;

    if (press->index >= instances(press))
        return send_off(press);
    fill_batch(press);
    if (press->batch->count > 0)
        return worker_submit(press->worker, &press->batch->task);
    bool follows = press->index > 0;
    return write_instance(press->making, handlers->instance(handlers->userdata, press->index++),
                          follows);
}

/* Instances came or went: the same index may be another one now. */
static bool go_on(struct press *press)
{
    if (generation(press) == press->generation || press->restarts == RESTARTS_MAX)
        return make_some(press);
    press->restarts++;
    delivery_clear(press->making);
    return write_node(press);
}

/* Where all places are taken, those who read slowly have had their time. */
static bool has_room(const struct press *press)
{
    if (press->sending_count < PRESS_DELIVERIES_MAX)
        return true;
    for (size_t i = 0; i < press->sending_count; i++)
        delivery_hurry(press->sending[i]);
    return false;
}

static void make(struct press *press)
{
    if (press->making != NULL && press->making->length > TEXT_BYTES_MAX) {
        press->too_long = true;
        turn_away(press, DELIVERY_UNMADE);
    } else if (!(press->making == NULL ? begin(press) : go_on(press))) {
        turn_away(press, DELIVERY_FAILED);
    }
}

static int on_work(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct press *press = userdata;

    (void)source;
    (void)usec;
    press->options.worked(press->options.userdata);
    if (is_written(press) || (press->making == NULL && press->waiting.first == NULL))
        return 0; /* done_batch(), or who asks next, has it go on */
    if (press->making == NULL && !has_room(press)) {
        work_in(press, ROOM_NS);
        return 0;
    }
    make(press);
    if (press->making != NULL && !is_written(press))
        work_in(press, 0);
    else
        work_soon(press);
    return 0;
}

/* ---- Those who ask */

static bool has_worker(struct press *press)
{
    const struct worker_options options = {
        .name = "vipd-status", .priority = press->options.priority, .tasks_max = TASKS_MAX};

    if (press->worker != NULL)
        return true;
    int r = worker_open(press->options.outer, &options, &press->worker);
    if (r < 0 && !press->unable)
        log_msg(LOG_WARNING, "cannot start a thread that sends long answers: %s", strerror(-r));
    press->unable = r < 0;
    return r == 0;
}

static bool is_too_long(const struct press *press)
{
    return press->too_long && generation(press) == press->generation;
}

struct recipient *press_ask(struct press *press, int fd, struct byte_queue *before,
                            delivery_fn finished, void *userdata)
{
    if (instances(press) <= PRESS_FEW || is_too_long(press) || !has_worker(press))
        return NULL;
    struct recipient *recipient = recipient_new(fd, before, finished, userdata);
    if (recipient == NULL)
        return NULL;
    recipients_add(&press->waiting, recipient);
    work_soon(press);
    return recipient;
}

void press_leave(struct press *press, struct recipient *recipient)
{
    recipient_leave(recipient);
    recipients_sweep(&press->waiting);
    if (press->making == NULL)
        return;
    recipients_sweep(&press->making->recipients);
    if (press->making->recipients.first != NULL)
        return;
    turn_away(press, DELIVERY_FAILED);
    work_soon(press);
}

bool press_busy(const struct press *press)
{
    return press->waiting.first != NULL || press->making != NULL || press->sending_count > 0;
}

int press_open(const struct press_options *options, struct press **out)
{
    struct press *press = calloc(1, sizeof(*press));

    *out = NULL;
    if (press == NULL)
        return -ENOMEM;
    press->options = *options;
    int r = source_add_time(options->inner, &press->work, CLOCK_MONOTONIC, 0, 1, on_work, press);
    if (r >= 0)
        r = source_set_enabled(press->work, SD_EVENT_OFF);
    if (r < 0) {
        press_close(press);
        return r;
    }
    *out = press;
    return 0;
}

void press_close(struct press *press)
{
    if (press == NULL)
        return;
    turn_away(press, DELIVERY_FAILED);
    worker_close(press->worker);
    sd_event_source_disable_unref(press->work);
    if (is_written(press))
        return; /* a thread that hangs is left what it has */
    free(press->batch);
    free(press);
}
