/* A blocking varlink client; see client.h. */
#include "tools/common/client.h"

#include "lib/control/control.h"
#include "tools/common/monotonic.h"
#include "tools/common/unknown_instance.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECT_TIMEOUT_S = 2,
    ANSWER_TIMEOUT_MS = 10000,
    SLOW_ANSWERS = 12, /* as many times that for an answer that keeps coming */
    REPLY_BYTES_MAX = 64 * 1024 * 1024,
    READ_BYTES = 65536,
    RESTART_WAIT_MS = 30000, /* for an instance that a reload restarts */
    RESTART_POLL_MS = 50,
};

struct client {
    const char *path;
    bool silent; /* says nothing on stderr */
    int fd;
    char *buffer; /* what was read and not yet taken */
    size_t used;
    size_t searched; /* of those, known to hold no NUL */
    size_t room;
    bool lost; /* it was closed */
};

static int no_connection_code(int error)
{
    switch (error) {
    case ENAMETOOLONG:
        return EXIT_USAGE;
    case ENOENT:
    case ECONNREFUSED:
        return EXIT_NOT_RUNNING;
    case EACCES:
    case EPERM:
        return EXIT_NOT_PERMITTED;
    default:
        return EXIT_PROTOCOL;
    }
}

int client_say_no_connection(const struct context *context, int error)
{
    const char *path = context->control_path;
    int code = no_connection_code(error);

    if (context->silent)
        return code;
    if (code == EXIT_USAGE)
        fprintf(stderr, "vipctl: not a usable socket path: '%s'\n", path);
    else if (code == EXIT_NOT_RUNNING)
        fprintf(stderr, "vipctl: vipd is not running (nobody answers at %s)%s\n", path,
                strcmp(path, CONTROL_PATH_DEFAULT) == 0
                    ? "; 'systemctl status vipd' says why, 'vipctl history' what it did last"
                    : "");
    else if (code == EXIT_NOT_PERMITTED)
        fprintf(stderr, "vipctl: no permission to use %s\n", path);
    else if (error == EAGAIN)
        fprintf(stderr, "vipctl: vipd at %s does not take the connection\n", path);
    else
        fprintf(stderr, "vipctl: cannot connect to %s: %s\n", path, strerror(error));
    return code;
}

/* connect() and send() then fail with EAGAIN: a vipd that hangs has a full backlog in the end. */
static int set_send_limit(int fd, time_t seconds)
{
    const struct timeval limit = {.tv_sec = seconds};

    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static int connect_to(const struct sockaddr_un *to, int *fd)
{
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0 || set_send_limit(*fd, CONNECT_TIMEOUT_S) < 0 ||
        connect(*fd, (const struct sockaddr *)to, sizeof(*to)) < 0 ||
        set_send_limit(*fd, ANSWER_TIMEOUT_MS / 1000) < 0)
        return errno;
    return 0;
}

int client_connect(const struct context *context, struct client **out)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t length = strlen(context->control_path);

    *out = NULL;
    if (length == 0 || length >= sizeof(to.sun_path))
        return ENAMETOOLONG;
    memcpy(to.sun_path, context->control_path, length + 1);
    struct client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return ENOMEM;
    client->path = context->control_path;
    client->silent = context->silent;
    int error = connect_to(&to, &client->fd);
    if (error != 0) {
        client_close(client);
        return error;
    }
    *out = client;
    return 0;
}

void client_close(struct client *client)
{
    if (client == NULL)
        return;
    if (client->fd >= 0)
        close(client->fd);
    free(client->buffer);
    free(client);
}

static int lose(struct client *client)
{
    client->lost = true;
    return EXIT_PROTOCOL;
}

bool client_is_lost(const struct client *client)
{
    return client->lost;
}

static int say_silent(const struct client *client)
{
    if (!client->silent)
        fprintf(stderr, "vipctl: vipd at %s does not answer\n", client->path);
    return EXIT_PROTOCOL;
}

static int send_all(struct client *client, const char *octets, size_t size)
{
    while (size > 0) {
        ssize_t n = send(client->fd, octets, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return say_silent(client);
        if (n <= 0)
            return lose(client);
        octets += n;
        size -= (size_t)n;
    }
    return 0;
}

int client_call(struct client *client, const char *method, json_t *parameters, bool more)
{
    json_t *call = control_call(method, parameters, more);
    char *text = call != NULL ? json_dumps(call, JSON_COMPACT) : NULL;
    int r = EXIT_PROTOCOL;

    if (text != NULL)
        r = send_all(client, text, strlen(text) + 1);
    free(text);
    json_decref(call);
    return r;
}

/* Waits for more to read. */
static int wait_readable(const struct client *client, int64_t until_ms)
{
    struct pollfd wait = {.fd = client->fd, .events = POLLIN};

    for (;;) {
        int64_t left = until_ms < 0 ? -1 : until_ms - monotonic_ms();
        int n = until_ms >= 0 && left <= 0 ? 0 : poll(&wait, 1, (int)left);
        if (n > 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        return say_silent(client);
    }
}

bool client_readable(const struct client *client, int timeout_ms)
{
    return client->used > 0 || wait_readable(client, monotonic_ms() + timeout_ms) == 0;
}

bool client_wait(const struct client *client, int output)
{
    /* Of the output only that it has gone, which is always told. */
    struct pollfd wait[] = {{.fd = client->fd, .events = POLLIN}, {.fd = output}};

    while (client->used == 0) {
        int n = poll(wait, 2, -1);

        if (n < 0 && errno == EINTR)
            continue;
        return n < 0 || wait[1].revents == 0;
    }
    return true;
}

static int read_more(struct client *client, int64_t until_ms)
{
    if (client->room - client->used < READ_BYTES) {
        size_t room = client->room * 2 + READ_BYTES;
        char *buffer = room <= REPLY_BYTES_MAX ? realloc(client->buffer, room) : NULL;
        if (buffer == NULL) {
            if (!client->silent)
                fputs("vipctl: the answer is too long\n", stderr);
            return EXIT_PROTOCOL;
        }
        client->buffer = buffer;
        client->room = room;
    }
    int r = wait_readable(client, until_ms);
    if (r != 0)
        return r;
    ssize_t n = recv(client->fd, client->buffer + client->used, READ_BYTES, 0);
    if (n < 0 && errno == EINTR)
        return 0;
    if (n <= 0)
        return lose(client);
    client->used += (size_t)n;
    return 0;
}

static int say_nonsense(const char *path)
{
    fprintf(stderr, "vipctl: %s answers something else than vipd does\n", path);
    return EXIT_PROTOCOL;
}

/* The NUL that ends the first message, or NULL while it is not complete. */
static char *find_end(struct client *client)
{
    size_t from = client->searched;

    client->searched = client->used;
    return client->used > from ? memchr(client->buffer + from, '\0', client->used - from) : NULL;
}

/* Whoever goes on answering may take longer: vipd has others to answer too, and adverts first. */
static int64_t patience_until(int timeout_ms, int64_t last_ms)
{
    int64_t until_ms = monotonic_ms() + timeout_ms;

    return until_ms < last_ms ? until_ms : last_ms;
}

/* One message, an object. timeout_ms: of silence; negative: for ever. */
static int read_message(struct client *client, int timeout_ms, json_t **out)
{
    int64_t last_ms = monotonic_ms() + (int64_t)timeout_ms * SLOW_ANSWERS;
    char *end;

    while ((end = find_end(client)) == NULL) {
        int r = read_more(client, timeout_ms < 0 ? -1 : patience_until(timeout_ms, last_ms));
        if (r != 0)
            return r;
    }
    *out = json_loads(client->buffer, 0, NULL);
    size_t taken = (size_t)(end - client->buffer) + 1;
    client->used -= taken;
    client->searched = 0;
    memmove(client->buffer, end + 1, client->used);
    if (json_is_object(*out))
        return 0;
    json_decref(*out);
    *out = NULL;
    return client->silent ? EXIT_PROTOCOL : say_nonsense(client->path);
}

/* One call by a connection of its own; the parameters remain the caller's. */
static int exchange(const struct context *context, const char *method, json_t *parameters,
                    json_t **message)
{
    struct client *client;
    int error = client_connect(context, &client);

    *message = NULL;
    if (error != 0)
        return client_say_no_connection(context, error);
    int r = client_call(client, method, json_incref(parameters), false);
    if (r == 0)
        r = read_message(client, ANSWER_TIMEOUT_MS, message);
    if (r != 0 && client->lost && !client->silent)
        fprintf(stderr, "vipctl: vipd at %s closed the connection\n", client->path);
    client_close(client);
    return r;
}

/* Those who are there are asked for: the nearest is what was meant. */
static void say_no_such(const char *path, const char *name)
{
    const struct context context = {.control_path = path, .silent = true};
    json_t *status = NULL;

    (void)exchange(&context, "io.vipd.GetStatus", NULL, &status);
    unknown_instance_say(json_object_get(json_object_get(status, "parameters"), "instances"), name);
    json_decref(status);
}

static int say_error(const char *path, const char *name, const json_t *parameters)
{
    const json_t *problem;
    size_t i;

    if (strcmp(name, CONTROL_ERROR_NO_SUCH_INSTANCE) == 0) {
        const char *instance = json_string_value(json_object_get(parameters, "instance"));
        say_no_such(path, instance != NULL ? instance : "?");
        return EXIT_FAILED;
    }
    if (strcmp(name, CONTROL_ERROR_RESTARTING) == 0) {
        const char *instance = json_string_value(json_object_get(parameters, "instance"));
        fprintf(stderr, "vipctl: %s is still being restarted by a reload; nothing was done\n",
                instance != NULL ? instance : "?");
        return EXIT_FAILED;
    }
    if (strcmp(name, CONTROL_ERROR_NOT_PERMITTED) == 0) {
        fputs("vipctl: only root and group vipd may do that\n", stderr);
        return EXIT_NOT_PERMITTED;
    }
    if (strcmp(name, CONTROL_ERROR_RELOAD_FAILED) == 0) {
        json_array_foreach (json_object_get(parameters, "problems"), i, problem)
            fprintf(stderr, "%s\n", json_is_string(problem) ? json_string_value(problem) : "-");
        fputs("vipctl: the configuration was not applied; the running one stays in force\n",
              stderr);
        return EXIT_FAILED;
    }
    fprintf(stderr, "vipctl: vipd answers with the error %s\n", name);
    return EXIT_PROTOCOL;
}

/* What a message brings: parameters, or an error, which is said. path: who sent it. Steals it. */
static int take_message(const char *path, json_t *message, bool silent, json_t **parameters,
                        bool *continues)
{
    const char *error = json_string_value(json_object_get(message, "error"));
    int r = 0;

    *parameters = NULL;
    if (error != NULL) {
        json_t *found = json_object_get(message, "parameters");
        r = silent ? EXIT_FAILED : say_error(path, error, found);
        if (strcmp(error, CONTROL_ERROR_RELOAD_FAILED) == 0)
            *parameters = json_incref(found);
    } else {
        json_t *found = json_object_get(message, "parameters");
        *parameters = json_is_object(found) ? json_incref(found) : json_object();
        if (continues != NULL)
            *continues = json_is_true(json_object_get(message, "continues"));
    }
    json_decref(message);
    return r;
}

int client_reply(struct client *client, int timeout_ms, json_t **parameters, bool *continues)
{
    json_t *message = NULL;
    int r = read_message(client, timeout_ms, &message);

    *parameters = NULL;
    return r == 0 ? take_message(client->path, message, client->silent, parameters, continues) : r;
}

static bool is_restarting(const json_t *message)
{
    const char *error = json_string_value(json_object_get(message, "error"));

    return error != NULL && strcmp(error, CONTROL_ERROR_RESTARTING) == 0;
}

int client_ask(const struct context *context, const char *method, json_t *parameters,
               json_t **reply)
{
    const struct timespec pause = {.tv_nsec = RESTART_POLL_MS * 1000000L};
    int64_t until_ms = monotonic_ms() + RESTART_WAIT_MS;
    json_t *message;
    int r;

    while ((r = exchange(context, method, parameters, &message)) == 0 && is_restarting(message) &&
           monotonic_ms() < until_ms) {
        json_decref(message);
        (void)nanosleep(&pause, NULL);
    }
    json_decref(parameters);
    *reply = NULL;
    return r == 0 ? take_message(context->control_path, message, context->silent, reply, NULL) : r;
}

int client_expect(const struct context *context, const json_t *reply, const char *key,
                  json_type type)
{
    const json_t *value = json_object_get(reply, key);

    if (value != NULL && json_typeof(value) == type)
        return 0;
    return say_nonsense(context->control_path);
}
