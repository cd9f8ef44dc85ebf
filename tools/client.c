/* A blocking varlink client; see client.h. */
#include "tools/client.h"

#include "lib/control.h"

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
    ANSWER_TIMEOUT_MS = 10000,
    REPLY_BYTES_MAX = 64 * 1024 * 1024,
    READ_BYTES = 65536,
};

struct client {
    const char *path;
    int fd;
    char *buffer; /* what was read and not yet taken */
    size_t used;
    size_t room;
};

static int say_connect_error(const char *path, int error)
{
    switch (error) {
    case ENOENT:
    case ECONNREFUSED:
        fprintf(stderr, "vipctl: vipd is not running (nobody answers at %s)\n", path);
        return EXIT_NOT_RUNNING;
    case EACCES:
    case EPERM:
        fprintf(stderr, "vipctl: no permission to use %s\n", path);
        return EXIT_NOT_PERMITTED;
    default:
        fprintf(stderr, "vipctl: cannot connect to %s: %s\n", path, strerror(error));
        return EXIT_PROTOCOL;
    }
}

int client_open(const struct context *context, struct client **out)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t length = strlen(context->control_path);

    *out = NULL;
    if (length == 0 || length >= sizeof(to.sun_path)) {
        fprintf(stderr, "vipctl: not a usable socket path: '%s'\n", context->control_path);
        return EXIT_USAGE;
    }
    memcpy(to.sun_path, context->control_path, length + 1);
    struct client *client = calloc(1, sizeof(*client));
    if (client == NULL)
        return EXIT_PROTOCOL;
    client->path = context->control_path;
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 || connect(client->fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
        int error = errno;
        client_close(client);
        return say_connect_error(context->control_path, error);
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

static int say_lost(const struct client *client)
{
    fprintf(stderr, "vipctl: vipd at %s closed the connection\n", client->path);
    return EXIT_PROTOCOL;
}

static int send_all(const struct client *client, const char *octets, size_t size)
{
    while (size > 0) {
        ssize_t n = send(client->fd, octets, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return say_lost(client);
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

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for more to read. */
static int wait_readable(const struct client *client, int64_t until_ms)
{
    struct pollfd wait = {.fd = client->fd, .events = POLLIN};

    for (;;) {
        int64_t left = until_ms < 0 ? -1 : until_ms - now_ms();
        int n = until_ms >= 0 && left <= 0 ? 0 : poll(&wait, 1, (int)left);
        if (n > 0)
            return 0;
        if (n < 0 && errno == EINTR)
            continue;
        fprintf(stderr, "vipctl: vipd at %s does not answer\n", client->path);
        return EXIT_PROTOCOL;
    }
}

static int read_more(struct client *client, int64_t until_ms)
{
    if (client->room - client->used < READ_BYTES) {
        size_t room = client->room * 2 + READ_BYTES;
        char *buffer = room <= REPLY_BYTES_MAX ? realloc(client->buffer, room) : NULL;
        if (buffer == NULL) {
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
        return say_lost(client);
    client->used += (size_t)n;
    return 0;
}

/* One message, parsed. */
static int read_message(struct client *client, int timeout_ms, json_t **out)
{
    int64_t until_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    char *end;

    while (client->used == 0 || (end = memchr(client->buffer, '\0', client->used)) == NULL) {
        int r = read_more(client, until_ms);
        if (r != 0)
            return r;
    }
    *out = json_loads(client->buffer, 0, NULL);
    size_t taken = (size_t)(end - client->buffer) + 1;
    client->used -= taken;
    memmove(client->buffer, end + 1, client->used);
    if (*out != NULL)
        return 0;
    fprintf(stderr, "vipctl: %s answers something else than vipd does\n", client->path);
    return EXIT_PROTOCOL;
}

static int say_error(const char *name, const json_t *parameters)
{
    const json_t *problem;
    size_t i;

    if (strcmp(name, CONTROL_ERROR_NO_SUCH_INSTANCE) == 0) {
        const char *instance = json_string_value(json_object_get(parameters, "instance"));
        fprintf(stderr, "vipctl: there is no instance '%s'\n", instance != NULL ? instance : "?");
        return EXIT_FAILED;
    }
    if (strcmp(name, CONTROL_ERROR_NOT_PERMITTED) == 0) {
        fputs("vipctl: only root and group vipd may do that\n", stderr);
        return EXIT_NOT_PERMITTED;
    }
    if (strcmp(name, CONTROL_ERROR_RELOAD_FAILED) == 0) {
        json_array_foreach (json_object_get(parameters, "problems"), i, problem)
            fprintf(stderr, "%s\n", json_string_value(problem));
        fputs("vipctl: the configuration was not applied; the running one stays in force\n",
              stderr);
        return EXIT_FAILED;
    }
    fprintf(stderr, "vipctl: vipd answers with the error %s\n", name);
    return EXIT_PROTOCOL;
}

int client_reply(struct client *client, int timeout_ms, json_t **parameters, bool *continues)
{
    json_t *message = NULL;
    int r = read_message(client, timeout_ms, &message);

    *parameters = NULL;
    if (r != 0)
        return r;
    const char *error = json_string_value(json_object_get(message, "error"));
    if (error != NULL) {
        r = say_error(error, json_object_get(message, "parameters"));
    } else {
        json_t *found = json_object_get(message, "parameters");
        *parameters = found != NULL ? json_incref(found) : json_object();
        if (continues != NULL)
            *continues = json_is_true(json_object_get(message, "continues"));
    }
    json_decref(message);
    return r;
}

int client_ask(const struct context *context, const char *method, json_t *parameters,
               json_t **reply)
{
    struct client *client;
    int r = client_open(context, &client);

    *reply = NULL;
    if (r != 0) {
        json_decref(parameters);
        return r;
    }
    r = client_call(client, method, parameters, false);
    if (r == 0)
        r = client_reply(client, ANSWER_TIMEOUT_MS, reply, NULL);
    client_close(client);
    return r;
}
