/* A TCP connection; what is said on it, and what must be in the answer. */
#include "agent/checks/check.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_SIZE = 4096,
};

struct tcp_run {
    int fd; /* -1: none */
    sd_event_source *source;
    bool connected;
    size_t sent;
    size_t taken; /* octets of the answer */
    /* The end of what was read before, in case the expected text lies across two reads. */
    uint8_t tail[CHECK_MATCH_SIZE];
    size_t tail_size;
};

static void hang_up(struct tcp_run *run)
{
    run->source = sd_event_source_disable_unref(run->source);
    if (run->fd >= 0)
        close(run->fd);
    run->fd = -1;
}

static void finish(struct check *check, bool good, const char *text, int error)
{
    hang_up(check->data);
    if (error != 0)
        check_result(check, good, "%s: %s", text, strerror(error));
    else
        check_result(check, good, "%s", text);
}

/* True when the expected octets are in the answer so far. */
static bool found(struct tcp_run *run, const struct config_octets *expect, const uint8_t *data,
                  size_t size)
{
    uint8_t joined[CHECK_MATCH_SIZE + READ_SIZE];
    size_t total = run->tail_size + size;
    size_t keep = expect->size > 0 ? expect->size - 1u : 0;

    assert(size <= READ_SIZE);
    memcpy(joined, run->tail, run->tail_size);
    memcpy(joined + run->tail_size, data, size);
    if (memmem(joined, total, expect->data, expect->size) != NULL)
        return true;
    keep = keep < total ? keep : total;
    memcpy(run->tail, joined + total - keep, keep);
    run->tail_size = keep;
    return false;
}

static void read_answer(struct check *check)
{
    struct tcp_run *run = check->data;
    uint8_t data[READ_SIZE];
    ssize_t size = recv(run->fd, data, sizeof(data), 0);

    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size < 0) {
        finish(check, false, "the connection broke", errno);
    } else if (size == 0) {
        finish(check, false, "the server hung up before the expected answer", 0);
    } else if (found(run, &check->config.expect, data, (size_t)size)) {
        finish(check, true, "connected, the answer is as expected", 0);
    } else {
        run->taken += (size_t)size;
        if (run->taken >= CHECK_OUTPUT_BYTES_MAX)
            finish(check, false, "the expected answer is not in the first 64 KiB", 0);
    }
}

static void say(struct check *check)
{
    struct tcp_run *run = check->data;
    const struct config_octets *text = &check->config.send;
    ssize_t size = send(run->fd, text->data + run->sent, text->size - run->sent, MSG_NOSIGNAL);

    if (size < 0 && errno != EAGAIN && errno != EINTR) {
        finish(check, false, "the connection broke", errno);
        return;
    }
    run->sent += size > 0 ? (size_t)size : 0;
}

/* What is left to do: say the rest, hear the answer, or nothing. */
static void go_on(struct check *check)
{
    struct tcp_run *run = check->data;

    if (run->sent < check->config.send.size)
        say(check);
    if (run->source == NULL)
        return;
    if (run->sent < check->config.send.size) {
        (void)sd_event_source_set_io_events(run->source, EPOLLOUT);
    } else if (check->config.expect.size > 0) {
        (void)sd_event_source_set_io_events(run->source, EPOLLIN);
    } else {
        finish(check, true, "connected", 0);
    }
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct check *check = userdata;
    struct tcp_run *run = check->data;
    int error = 0;
    socklen_t size = sizeof(error);

    (void)source;
    if (!run->connected) {
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
            error = errno;
        if (error != 0) {
            finish(check, false, "cannot connect", error);
            return 0;
        }
        run->connected = true;
        go_on(check);
    } else if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        read_answer(check);
    } else {
        go_on(check);
    }
    return 0;
}

static socklen_t to_sockaddr(const struct config_endpoint *endpoint, struct sockaddr_storage *out)
{
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

    memset(out, 0, sizeof(*out));
    if (endpoint->address.family == IP_FAMILY_IPV4) {
        in->sin_family = AF_INET;
        in->sin_port = htons(endpoint->port);
        memcpy(&in->sin_addr, endpoint->address.octets, sizeof(in->sin_addr));
        return sizeof(*in);
    }
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(endpoint->port);
    memcpy(&in6->sin6_addr, endpoint->address.octets, sizeof(in6->sin6_addr));
    return sizeof(*in6);
}

static int open_check(struct check *check)
{
    struct tcp_run *run = calloc(1, sizeof(*run));

    if (run == NULL)
        return -ENOMEM;
    run->fd = -1;
    check->data = run;
    return 0;
}

static int run_check(struct check *check)
{
    struct tcp_run *run = check->data;
    struct sockaddr_storage address;
    socklen_t size = to_sockaddr(&check->config.endpoint, &address);

    *run = (struct tcp_run){
        .fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (run->fd < 0)
        return -errno;
    if (connect(run->fd, (const struct sockaddr *)&address, size) < 0 && errno != EINPROGRESS) {
        finish(check, false, "cannot connect", errno);
        return 0;
    }
    int r = check_source(
        check, &run->source,
        sd_event_add_io(check->ground->event, &run->source, run->fd, EPOLLOUT, on_io, check));
    if (r < 0)
        hang_up(run);
    return r;
}

static void give_up(struct check *check)
{
    hang_up(check->data);
}

static void close_check(struct check *check)
{
    if (check->data == NULL)
        return;
    hang_up(check->data);
    free(check->data);
}

const struct check_ops check_tcp_ops = {
    .open = open_check,
    .run = run_check,
    .give_up = give_up,
    .close = close_check,
};
