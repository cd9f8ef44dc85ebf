/*
 * One client of the control socket. Input gathers until a NUL ends a message; one message is taken
 * at a time, and the next only when its answer is made and nearly sent. Each source's callback does
 * one bounded thing and then settles in update() what to wait for next.
 */
#include "agent/control/client.h"

#include "agent/base/clock.h"
#include "agent/base/source.h"
#include "agent/control/answer.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    READ_BYTES = 4096,
    TIMEOUT_ACCURACY_US = 250 * 1000,
    STEPS_PER_TURN = 8,
};

/* A turn of the loop costs as much as a step of an answer. Nothing is begun after so long, for
 * adverts wait meanwhile. */
#define TURN_NS (NS_PER_MS / 2)

struct control_client {
    const struct control_client_owner *owner;
    int fd;
    uid_t uid;
    bool permitted;
    bool ended;  /* it will send nothing more */
    bool failed; /* to be dropped */
    sd_event_source *io;
    sd_event_source *work;
    sd_event_source *timeout;
    struct byte_queue input;
    struct control_answer answer;
};

/* Length of the first message in the input, or SIZE_MAX while it is not complete. */
static size_t message_length(const struct control_client *client)
{
    const char *front = byte_queue_front(&client->input);
    size_t used = byte_queue_used(&client->input);
    const char *end = used > 0 ? memchr(front, '\0', used) : NULL;

    return end != NULL ? (size_t)(end - front) : SIZE_MAX;
}

static bool has_work(const struct control_client *client)
{
    const struct control_answer *answer = &client->answer;

    if (byte_queue_used(&answer->output) >= CONTROL_QUEUE_BYTES)
        return false;
    return control_answer_pending(answer) ||
           (answer->kind == ANSWER_NONE && message_length(client) != SIZE_MAX);
}

static void restart_timeout(struct control_client *client)
{
    if (source_set_time_relative(client->timeout, CONTROL_SILENCE_MS_MAX * UINT64_C(1000)) < 0 ||
        source_set_enabled(client->timeout, SD_EVENT_ONESHOT) < 0)
        client->failed = true;
}

/* A timer that has elapsed rather than a deferred source: those stay ahead of all others of their
 * priority for as long as they are enabled, and one client's work would starve the rest. */
static int schedule_work(struct control_client *client, bool work)
{
    int armed = SD_EVENT_OFF;
    int rc = sd_event_source_get_enabled(client->work, &armed);

    if (rc < 0 || work == (armed != SD_EVENT_OFF))
        return rc < 0 ? rc : 0; /* one that waits for its turn keeps its place */
    if (!work)
        return source_set_enabled(client->work, SD_EVENT_OFF);
    rc = source_set_time(client->work, 0);
    return rc < 0 ? rc : source_set_enabled(client->work, SD_EVENT_ONESHOT);
}

/* Settles what to wait for next; drops the client when it is done or has failed. */
static void update(struct control_client *client)
{
    bool work = has_work(client);
    size_t unsent = byte_queue_used(&client->answer.output);
    bool full = byte_queue_used(&client->input) >= CONTROL_MESSAGE_BYTES_MAX;
    uint32_t events = 0;
    int armed = SD_EVENT_OFF;

    if (client->answer.failed)
        client->failed = true;
    if (client->ended && client->answer.kind == ANSWER_NONE && !work && unsent == 0)
        client->failed = true;
    if (full && message_length(client) == SIZE_MAX)
        client->failed = true;
    if (!client->ended && !full)
        events |= EPOLLIN;
    if (unsent > 0)
        events |= EPOLLOUT;
    if (sd_event_source_set_io_events(client->io, events) < 0 || schedule_work(client, work) < 0 ||
        sd_event_source_get_enabled(client->timeout, &armed) < 0)
        client->failed = true;
    /* Only it is waiting, or we are. */
    if (client->answer.kind == ANSWER_LATER ||
        (client->answer.kind == ANSWER_FOLLOW && unsent == 0))
        source_set_enabled(client->timeout, SD_EVENT_OFF);
    else if (armed == SD_EVENT_OFF)
        restart_timeout(client);
    if (client->failed)
        client->owner->drop(client->owner->userdata, client);
}

static void receive_some(struct control_client *client)
{
    size_t room = CONTROL_MESSAGE_BYTES_MAX - byte_queue_used(&client->input);

    if (room > READ_BYTES)
        room = READ_BYTES;
    if (!byte_queue_reserve(&client->input, room)) {
        client->failed = true;
        return;
    }
    ssize_t got = recv(client->fd, client->input.data + client->input.end, room, MSG_DONTWAIT);
    if (got > 0)
        client->input.end += (size_t)got;
    else if (got == 0)
        client->ended = true;
    else if (errno != EAGAIN && errno != EINTR)
        client->failed = true;
}

static void send_some(struct control_client *client)
{
    struct byte_queue *output = &client->answer.output;
    ssize_t sent = send(client->fd, byte_queue_front(output), byte_queue_used(output),
                        MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent > 0) {
        byte_queue_take(output, (size_t)sent);
        restart_timeout(client);
    } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        client->failed = true;
    }
}

/* What is ready goes out in the same turn. */
static void step_some(struct control_client *client)
{
    struct control_answer *answer = &client->answer;
    uint64_t until_ns = clock_boot_ns() + TURN_NS;

    for (int steps = 0; steps < STEPS_PER_TURN; steps++) {
        if (!control_answer_pending(answer) || answer->failed)
            break;
        control_answer_step(answer);
        if (byte_queue_used(&answer->output) >= CONTROL_QUEUE_BYTES || clock_boot_ns() >= until_ns)
            break;
    }
    if (byte_queue_used(&answer->output) > 0)
        send_some(client);
}

/* The first message of the input, if it is complete. */
static void take_message(struct control_client *client)
{
    size_t length = message_length(client);

    if (length == SIZE_MAX)
        return;
    restart_timeout(client);
    if (!control_answer_message(&client->answer, byte_queue_front(&client->input), length,
                                client->permitted))
        client->failed = true;
    byte_queue_take(&client->input, length + 1);
}

static int on_work(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct control_client *client = userdata;

    (void)source;
    (void)usec;
    client->owner->worked(client->owner->userdata);
    if (client->answer.kind == ANSWER_NONE)
        take_message(client);
    else
        step_some(client);
    update(client);
    return 0;
}

void control_client_begin(struct control_client *client)
{
    receive_some(client);
    take_message(client);
    update(client);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct control_client *client = userdata;

    (void)source;
    (void)fd;
    if ((revents & EPOLLOUT) != 0)
        send_some(client);
    else if ((revents & EPOLLIN) != 0)
        receive_some(client);
    else if (!has_work(client))
        client->failed = true; /* hung up, with nothing left to read or do */
    update(client);
    return 0;
}

/* People wait for their share of our time: then it is not the client who is silent. */
static bool waits_for_us(const struct control_client *client)
{
    struct pollfd writable = {.fd = client->fd, .events = POLLOUT};

    if (byte_queue_used(&client->answer.output) == 0)
        return has_work(client);
    return poll(&writable, 1, 0) > 0 && (writable.revents & POLLOUT) != 0;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct control_client *client = userdata;

    (void)source;
    (void)usec;
    if (waits_for_us(client))
        restart_timeout(client);
    else
        client->failed = true;
    update(client);
    return 0;
}

/* An answer has come that was waited for: it is sent in a later turn. */
static void on_written(struct control_answer *answer)
{
    struct control_client *client =
        (struct control_client *)((char *)answer - offsetof(struct control_client, answer));

    restart_timeout(client);
    if (sd_event_source_set_io_events(client->io, EPOLLIN | EPOLLOUT) < 0)
        client->failed = true;
    /* One that does not read would not be looked at. */
    if (answer->failed || client->failed)
        (void)shutdown(client->fd, SHUT_RDWR);
}

static int add_sources(struct control_client *client)
{
    sd_event *event = client->owner->event;
    int rc = sd_event_add_io(event, &client->io, client->fd, EPOLLIN, on_io, client);

    if (rc >= 0)
        rc = source_add_time(event, &client->work, CLOCK_MONOTONIC, 0, 1, on_work, client);
    if (rc >= 0)
        rc = source_set_enabled(client->work, SD_EVENT_OFF);
    if (rc >= 0)
        rc = source_add_time_relative(event, &client->timeout, CLOCK_MONOTONIC,
                                      CONTROL_SILENCE_MS_MAX * UINT64_C(1000), TIMEOUT_ACCURACY_US,
                                      on_timeout, client);
    return rc < 0 ? rc : 0;
}

int control_client_new(const struct control_client_owner *owner, int fd, uid_t uid, bool permitted,
                       struct control_client **out)
{
    struct control_client *client = calloc(1, sizeof(*client));

    if (client == NULL) {
        close(fd);
        return -ENOMEM;
    }
    client->owner = owner;
    client->fd = fd;
    client->uid = uid;
    client->permitted = permitted;
    client->input.size_max = CONTROL_MESSAGE_BYTES_MAX;
    client->answer.handlers = owner->handlers;
    client->answer.press = owner->press;
    client->answer.fd = fd;
    client->answer.uid = (uint32_t)uid;
    client->answer.on_written = on_written;
    client->answer.output.size_max = CONTROL_OUTPUT_BYTES_MAX;
    int rc = add_sources(client);
    if (rc < 0) {
        control_client_free(client);
        return rc;
    }
    *out = client;
    return 0;
}

void control_client_free(struct control_client *client)
{
    sd_event_source_disable_unref(client->io);
    sd_event_source_disable_unref(client->work);
    sd_event_source_disable_unref(client->timeout);
    if (!control_answer_leave(&client->answer))
        close(client->fd);
    byte_queue_free(&client->input);
    byte_queue_free(&client->answer.output);
    free(client);
}

void control_client_wake(struct control_client *client)
{
    if (client->answer.kind == ANSWER_FOLLOW && has_work(client))
        source_set_enabled(client->work, SD_EVENT_ON);
}

uid_t control_client_uid(const struct control_client *client)
{
    return client->uid;
}

bool control_client_idle(const struct control_client *client)
{
    return client->answer.kind == ANSWER_NONE && byte_queue_used(&client->answer.output) == 0;
}
