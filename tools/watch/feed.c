/* Asking vipd for status and history in turns: see feed.h. */
#include "tools/watch/feed.h"

#include "lib/control/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    READ_BYTES = 64 * 1024,
    REPLY_BYTES_MAX = 64 * 1024 * 1024,
    READS_MAX = 64, /* in one step, so that keys are still heard */
    HISTORY_LIMIT = 200,
    TROUBLE_SIZE = 160,
    /* A large answer is asked for less often: at most a tenth of the time goes into answers. */
    SPARING = 10,
};

#define ANSWER_LIMIT_NS (10 * NS_PER_SEC)
#define RETRY_NS        NS_PER_SEC

enum stage { STAGE_DOWN = 0, STAGE_IDLE, STAGE_STATUS, STAGE_HISTORY };

struct watch_feed {
    const char *path;
    uint64_t interval_ns;
    enum stage stage;
    int fd;
    uint64_t due_ns;   /* of the next question, attempt or give-up */
    uint64_t asked_ns; /* when this turn began */
    char *buffer;
    size_t used;
    size_t searched; /* of those, known to hold no NUL */
    size_t room;
    json_t *new_status; /* of the turn that is not complete */
    json_t *status;
    json_t *history;
    char trouble[TROUBLE_SIZE];
    uint64_t trouble_since_ns;
};

struct watch_feed *watch_feed_new(const char *path, uint64_t interval_ns)
{
    struct watch_feed *feed = calloc(1, sizeof(*feed));

    if (feed == NULL)
        return NULL;
    feed->path = path;
    feed->interval_ns = interval_ns;
    feed->fd = -1;
    return feed;
}

static void hang_up(struct watch_feed *feed)
{
    if (feed->fd >= 0)
        close(feed->fd);
    feed->fd = -1;
    feed->stage = STAGE_DOWN;
    feed->used = 0;
    feed->searched = 0;
    json_decref(feed->new_status);
    feed->new_status = NULL;
}

void watch_feed_free(struct watch_feed *feed)
{
    if (feed == NULL)
        return;
    hang_up(feed);
    json_decref(feed->status);
    json_decref(feed->history);
    free(feed->buffer);
    free(feed);
}

int watch_feed_fd(const struct watch_feed *feed)
{
    return feed->fd;
}

uint64_t watch_feed_deadline_ns(const struct watch_feed *feed)
{
    return feed->due_ns;
}

const json_t *watch_feed_status(const struct watch_feed *feed)
{
    return feed->status;
}

const json_t *watch_feed_history(const struct watch_feed *feed)
{
    return feed->history;
}

const char *watch_feed_trouble(const struct watch_feed *feed)
{
    return feed->trouble[0] != '\0' ? feed->trouble : NULL;
}

uint64_t watch_feed_trouble_since_ns(const struct watch_feed *feed)
{
    return feed->trouble_since_ns;
}

/* Ends the connection for that reason; true when the reason is a new one. */
static bool give_up(struct watch_feed *feed, uint64_t now_ns, const char *why)
{
    bool news = strcmp(feed->trouble, why) != 0;

    if (feed->trouble[0] == '\0')
        feed->trouble_since_ns = now_ns;
    snprintf(feed->trouble, sizeof(feed->trouble), "%s", why);
    hang_up(feed);
    feed->due_ns = now_ns + RETRY_NS;
    return news;
}

/* Where a vipd would be that does not answer. */
static bool give_up_connecting(struct watch_feed *feed, uint64_t now_ns, int error)
{
    char why[TROUBLE_SIZE];

    if (error == ENOENT || error == ECONNREFUSED)
        snprintf(why, sizeof(why), "vipd is not running (nobody answers at %s)", feed->path);
    else if (error == EAGAIN)
        snprintf(why, sizeof(why), "vipd does not take the connection");
    else
        snprintf(why, sizeof(why), "cannot connect to %s: %s", feed->path, strerror(error));
    return give_up(feed, now_ns, why);
}

/* Questions are small: the socket takes them whole, or vipd does not read. */
static bool ask(struct watch_feed *feed, uint64_t now_ns, const char *method, json_t *parameters)
{
    json_t *call = control_call(method, parameters, false);
    char *text = call != NULL ? json_dumps(call, JSON_COMPACT) : NULL;
    size_t size = text != NULL ? strlen(text) + 1 : 0;
    bool sent = text != NULL && send(feed->fd, text, size, MSG_NOSIGNAL) == (ssize_t)size;

    free(text);
    json_decref(call);
    feed->due_ns = now_ns + ANSWER_LIMIT_NS;
    return sent;
}

static bool ask_status(struct watch_feed *feed, uint64_t now_ns)
{
    feed->stage = STAGE_STATUS;
    feed->asked_ns = now_ns;
    if (ask(feed, now_ns, "io.vipd.GetStatus", NULL))
        return false;
    return give_up(feed, now_ns, "vipd closed the connection");
}

static bool open_connection(struct watch_feed *feed, uint64_t now_ns)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    if (strlen(feed->path) >= sizeof(to.sun_path))
        return give_up_connecting(feed, now_ns, ENAMETOOLONG);
    memcpy(to.sun_path, feed->path, strlen(feed->path) + 1);
    feed->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (feed->fd < 0 || connect(feed->fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
        return give_up_connecting(feed, now_ns, errno);
    return ask_status(feed, now_ns);
}

/* A turn is complete: both answers belong together. */
static bool take_turn(struct watch_feed *feed, uint64_t now_ns, json_t *history)
{
    uint64_t pause_ns = (now_ns - feed->asked_ns) * SPARING;

    json_decref(feed->status);
    json_decref(feed->history);
    feed->status = feed->new_status;
    feed->history = history;
    feed->new_status = NULL;
    feed->trouble[0] = '\0';
    feed->stage = STAGE_IDLE;
    feed->due_ns = now_ns + (pause_ns > feed->interval_ns ? pause_ns : feed->interval_ns);
    return true;
}

/* One reply. */
static bool take_reply(struct watch_feed *feed, uint64_t now_ns, const char *text)
{
    json_t *message = json_loads(text, 0, NULL);
    json_t *parameters = json_object_get(message, "parameters");
    const char *key = feed->stage == STAGE_STATUS ? "instances" : "entries";
    bool good = json_is_array(json_object_get(parameters, key)) && feed->stage != STAGE_IDLE;

    if (good)
        json_incref(parameters);
    json_decref(message);
    if (!good)
        return give_up(feed, now_ns, "what answers there is not a vipd that this vipctl knows");
    if (feed->stage == STAGE_HISTORY)
        return take_turn(feed, now_ns, parameters);
    feed->new_status = parameters;
    feed->stage = STAGE_HISTORY;
    if (ask(feed, now_ns, "io.vipd.GetHistory", json_pack("{s:i}", "limit", HISTORY_LIMIT)))
        return false;
    return give_up(feed, now_ns, "vipd closed the connection");
}

static bool make_room(struct watch_feed *feed)
{
    if (feed->room - feed->used >= READ_BYTES)
        return true;
    size_t room = feed->room * 2 + READ_BYTES;
    char *buffer = room <= REPLY_BYTES_MAX ? realloc(feed->buffer, room) : NULL;
    if (buffer == NULL)
        return false;
    feed->buffer = buffer;
    feed->room = room;
    return true;
}

/* Takes the replies that are complete. */
static bool take_replies(struct watch_feed *feed, uint64_t now_ns)
{
    bool news = false;

    while (feed->fd >= 0 && feed->used > feed->searched) {
        char *end = memchr(feed->buffer + feed->searched, '\0', feed->used - feed->searched);

        feed->searched = feed->used;
        if (end == NULL)
            break;
        news = take_reply(feed, now_ns, feed->buffer) || news;
        if (feed->fd < 0)
            break;
        size_t taken = (size_t)(end - feed->buffer) + 1;
        feed->used -= taken;
        memmove(feed->buffer, end + 1, feed->used);
        feed->searched = 0;
    }
    return news;
}

static bool read_some(struct watch_feed *feed, uint64_t now_ns)
{
    bool news = false;

    for (int i = 0; i < READS_MAX && feed->fd >= 0; i++) {
        if (!make_room(feed))
            return give_up(feed, now_ns, "the answer is too long");
        ssize_t got = recv(feed->fd, feed->buffer + feed->used, READ_BYTES, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            break;
        if (got <= 0)
            return give_up(feed, now_ns, "vipd closed the connection");
        feed->used += (size_t)got;
        news = take_replies(feed, now_ns) || news;
    }
    return news;
}

bool watch_feed_step(struct watch_feed *feed, uint64_t now_ns)
{
    bool news = feed->fd >= 0 && read_some(feed, now_ns);

    if (now_ns < feed->due_ns)
        return news;
    switch (feed->stage) {
    case STAGE_DOWN:
        return open_connection(feed, now_ns) || news;
    case STAGE_IDLE:
        return ask_status(feed, now_ns) || news;
    case STAGE_STATUS:
    case STAGE_HISTORY:
        break;
    }
    return give_up(feed, now_ns, "vipd does not answer") || news;
}
