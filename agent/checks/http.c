/* An HTTP request: handed to the worker thread, whose results come back through the event loop. */
#include "agent/checks/check.h"

#include "agent/base/priorities.h"
#include "agent/checks/http_worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* What all http checks share. */
struct http_client {
    struct http_worker *worker;
    sd_event_source *source;
    uint64_t last_id;
    struct http_run *runs;
};

struct http_run {
    struct http_run *next;
    struct check *check;
    uint64_t id;
    uint64_t serial; /* of the request whose result is awaited */
};

static struct http_run *find(const struct http_client *client, uint64_t id)
{
    struct http_run *run = client->runs;

    while (run != NULL && run->id != id)
        run = run->next;
    return run;
}

static int on_results(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct http_client *client = userdata;
    struct http_result result;

    (void)source;
    (void)fd;
    (void)events;
    /* One in a turn: what is more urgent goes first. */
    if (!http_worker_take(client->worker, &result))
        return 0;
    struct http_run *run = find(client, result.id);
    if (run != NULL && run->check->running && run->serial == result.serial)
        check_result(run->check, result.good, "%s", result.text);
    return 0;
}

static void close_shared(void *shared)
{
    struct http_client *client = shared;

    sd_event_source_disable_unref(client->source);
    http_worker_stop(client->worker);
    free(client);
}

static int open_shared(const struct check *check, void **out)
{
    struct http_client *client = calloc(1, sizeof(*client));

    if (client == NULL)
        return -ENOMEM;
    int r = http_worker_start(&client->worker);
    if (r == 0)
        r = sd_event_add_io(check->ground->event, &client->source, http_worker_fd(client->worker),
                            EPOLLIN, on_results, client);
    if (r >= 0)
        r = sd_event_source_set_priority(client->source, AGENT_PRIORITY_CHECKS);
    if (r < 0) {
        close_shared(client);
        return r;
    }
    *out = client;
    return 0;
}

static struct http_client *client_of(const struct check *check)
{
    return check_shared(check);
}

static int open_check(struct check *check)
{
    struct http_client *client = client_of(check);
    struct http_run *run = calloc(1, sizeof(*run));

    if (run == NULL)
        return -ENOMEM;
    run->check = check;
    run->id = ++client->last_id;
    int r = http_worker_open(client->worker, run->id, &check->config);
    if (r < 0) {
        free(run);
        return r;
    }
    run->next = client->runs;
    client->runs = run;
    check->data = run;
    return 0;
}

static int run_check(struct check *check)
{
    struct http_run *run = check->data;

    run->serial++;
    return http_worker_run(client_of(check)->worker, run->id, run->serial);
}

static void give_up(struct check *check)
{
    const struct http_run *run = check->data;

    (void)http_worker_cancel(client_of(check)->worker, run->id);
}

static void close_check(struct check *check)
{
    struct http_client *client = client_of(check);
    struct http_run *run = check->data;
    struct http_run **at;

    if (run == NULL)
        return;
    for (at = &client->runs; *at != run; at = &(*at)->next)
        ;
    *at = run->next;
    (void)http_worker_close(client->worker, run->id);
    free(run);
}

const struct check_ops check_http_ops = {
    .open_shared = open_shared,
    .close_shared = close_shared,
    .open = open_check,
    .run = run_check,
    .give_up = give_up,
    .close = close_check,
};
