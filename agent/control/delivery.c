/* The text in blocks, the thread's rounds through its readers; see delivery.h. */
#include "agent/control/delivery.h"

#include "agent/base/clock.h"
#include "lib/limits.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* Memory of its own, which goes back to the system at once. */
    BLOCK_BYTES = 256 * 1024,
    /* Those that the server has dropped are still there for a run. */
    POLLED_MAX = 2 * CONTROL_CLIENTS_MAX,
};

/* How long the loop does not see what the thread does. */
#define RUN_NS (20 * NS_PER_MS)

#define SILENCE_NS (CONTROL_SILENCE_MS_MAX * NS_PER_MS)

struct block {
    struct block *next;
    size_t used;
    char text[BLOCK_BYTES - 2 * sizeof(void *)];
};

/* ---- Recipients: the loop's */

struct recipient *recipient_new(int fd, struct byte_queue *before, delivery_fn finished,
                                void *userdata)
{
    struct recipient *recipient = malloc(sizeof(*recipient));

    if (recipient == NULL)
        return NULL;
    *recipient =
        (struct recipient){.finished = finished, .userdata = userdata, .fd = fd, .before = *before};
    *before = (struct byte_queue){.size_max = before->size_max};
    return recipient;
}

void recipient_leave(struct recipient *recipient)
{
    /* The thread has nothing to wait for any more. */
    (void)shutdown(recipient->fd, SHUT_RDWR);
    recipient->finished = NULL;
    recipient->leaving = true;
}

static void free_recipient(struct recipient *recipient)
{
    if (recipient->leaving)
        close(recipient->fd);
    byte_queue_free(&recipient->before);
    free(recipient);
}

void recipients_add(struct recipients *list, struct recipient *recipient)
{
    if (list->end == NULL)
        list->end = &list->first;
    recipient->next = NULL;
    *list->end = recipient;
    list->end = &recipient->next;
    list->count++;
}

/* All of them, for the caller to put back those who stay. */
static struct recipient *take_all(struct recipients *list)
{
    struct recipient *first = list->first;

    *list = (struct recipients){0};
    return first;
}

void recipients_move(struct recipients *from, struct recipients *to)
{
    for (struct recipient *next, *one = take_all(from); one != NULL; one = next) {
        next = one->next;
        recipients_add(to, one);
    }
}

void recipients_sweep(struct recipients *list)
{
    for (struct recipient *next, *one = take_all(list); one != NULL; one = next) {
        next = one->next;
        if (one->leaving)
            free_recipient(one);
        else
            recipients_add(list, one);
    }
}

static void finish(struct recipient *recipient, enum delivery_outcome outcome)
{
    if (recipient->finished != NULL)
        recipient->finished(recipient->userdata, outcome, &recipient->before);
    free_recipient(recipient);
}

void recipients_finish(struct recipients *list, enum delivery_outcome outcome)
{
    for (struct recipient *next, *one = take_all(list); one != NULL; one = next) {
        next = one->next;
        finish(one, outcome);
    }
}

/* ---- The thread's */

/* What is to be sent next, at most so much in one piece. 0: nothing, it has all. */
static size_t next_piece(struct recipient *recipient, const char **text)
{
    if (byte_queue_used(&recipient->before) > 0) {
        *text = byte_queue_front(&recipient->before);
        return byte_queue_used(&recipient->before);
    }
    while (recipient->block != NULL && recipient->offset == recipient->block->used) {
        recipient->block = recipient->block->next;
        recipient->offset = 0;
    }
    if (recipient->block == NULL)
        return 0;
    *text = recipient->block->text + recipient->offset;
    return recipient->block->used - recipient->offset;
}

static void note_sent(struct recipient *recipient, size_t sent)
{
    recipient->moved_ns = clock_boot_ns();
    if (byte_queue_used(&recipient->before) > 0)
        byte_queue_take(&recipient->before, sent);
    else
        recipient->offset += sent;
}

/* One piece: the others wait. */
static void send_piece(struct recipient *recipient, bool hurried)
{
    const char *text = NULL;
    size_t length = next_piece(recipient, &text);
    ssize_t sent = length > 0 ? send(recipient->fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;

    if (sent > 0)
        note_sent(recipient, (size_t)sent);
    else if (sent == 0)
        recipient->whole = true;
    recipient->ended = sent == 0 || (sent < 0 && errno != EAGAIN && errno != EINTR) ||
                       (sent < 0 && hurried) || clock_boot_ns() - recipient->moved_ns >= SILENCE_NS;
}

/* How many are not at the end. */
static size_t send_round(const struct delivery *delivery)
{
    size_t left = 0;

    for (struct recipient *one = delivery->recipients.first; one != NULL; one = one->next) {
        if (!one->ended)
            send_piece(one, delivery->hurried);
        left += one->ended ? 0 : 1;
    }
    return left;
}

static void wait_for_readers(const struct delivery *delivery, uint64_t until_ns)
{
    struct pollfd polled[POLLED_MAX];
    nfds_t count = 0;
    uint64_t now_ns = clock_boot_ns();

    for (const struct recipient *one = delivery->recipients.first;
         one != NULL && count < POLLED_MAX; one = one->next)
        if (!one->ended)
            polled[count++] = (struct pollfd){.fd = one->fd, .events = POLLOUT};
    if (now_ns < until_ns)
        (void)poll(polled, count, (int)((until_ns - now_ns) / NS_PER_MS) + 1);
}

static void free_blocks(struct delivery *delivery)
{
    for (struct block *next, *block = delivery->first; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    delivery->first = NULL;
    delivery->last = NULL;
    delivery->length = 0;
}

static void run(struct worker_task *task)
{
    struct delivery *delivery = (struct delivery *)task;
    const uint64_t until_ns = clock_boot_ns() + RUN_NS;
    size_t left = send_round(delivery);

    while (left > 0 && clock_boot_ns() < until_ns) {
        wait_for_readers(delivery, until_ns);
        left = send_round(delivery);
    }
    /* Tens of megabytes: that takes its time too. */
    if (left == 0)
        free_blocks(delivery);
}

/* ---- The delivery: the loop's */

static void sweep_ended(struct recipients *list)
{
    for (struct recipient *next, *one = take_all(list); one != NULL; one = next) {
        next = one->next;
        if (one->ended)
            finish(one, one->whole ? DELIVERY_WHOLE : DELIVERY_FAILED);
        else
            recipients_add(list, one);
    }
}

static void done(struct worker_task *task)
{
    struct delivery *delivery = (struct delivery *)task;

    sweep_ended(&delivery->recipients);
    delivery->hurried = delivery->wanted && clock_boot_ns() - delivery->sent_from_ns >= SILENCE_NS;
    if (delivery->first != NULL && worker_submit(delivery->worker, task))
        return;
    recipients_finish(&delivery->recipients, DELIVERY_FAILED);
    delivery->over(delivery);
}

struct delivery *delivery_new(struct worker *worker, void (*over)(struct delivery *delivery),
                              void *userdata)
{
    struct delivery *delivery = malloc(sizeof(*delivery));

    if (delivery != NULL)
        *delivery = (struct delivery){.task = {.run = run, .done = done},
                                      .worker = worker,
                                      .over = over,
                                      .userdata = userdata};
    return delivery;
}

static bool add_block(struct delivery *delivery)
{
    struct block *block = malloc(sizeof(*block));

    if (block == NULL)
        return false;
    block->next = NULL;
    block->used = 0;
    if (delivery->last == NULL)
        delivery->first = block;
    else
        delivery->last->next = block;
    delivery->last = block;
    return true;
}

bool delivery_write(struct delivery *delivery, const char *text, size_t length)
{
    while (length > 0) {
        struct block *block = delivery->last;
        const size_t room = block != NULL ? sizeof(block->text) - block->used : 0;
        const size_t some = length < room ? length : room;

        if (room == 0) {
            if (!add_block(delivery))
                return false;
            continue;
        }
        memcpy(block->text + block->used, text, some);
        block->used += some;
        delivery->length += some;
        text += some;
        length -= some;
    }
    return true;
}

void delivery_clear(struct delivery *delivery)
{
    free_blocks(delivery);
}

bool delivery_send(struct delivery *delivery)
{
    delivery->sent_from_ns = clock_boot_ns();
    for (struct recipient *one = delivery->recipients.first; one != NULL; one = one->next) {
        one->block = delivery->first;
        one->offset = 0;
        one->moved_ns = delivery->sent_from_ns;
    }
    return worker_submit(delivery->worker, &delivery->task);
}

void delivery_hurry(struct delivery *delivery)
{
    delivery->wanted = true;
}

void delivery_free(struct delivery *delivery)
{
    if (delivery == NULL)
        return;
    recipients_finish(&delivery->recipients, DELIVERY_FAILED);
    free_blocks(delivery);
    free(delivery);
}
