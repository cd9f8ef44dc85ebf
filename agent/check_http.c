/*
 * An HTTP request through libcurl: one multi handle for all of them, its sockets and its timer
 * served by the event loop. What libcurl does at a request is short; names are resolved in a thread
 * of its own, and the certificates of the system are read once and kept.
 */
#include "agent/check.h"

#include "agent/clock.h"
#include "agent/log.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

struct check_http_client {
    sd_event *event;
    CURLM *multi;
    sd_event_source *timer;
};

struct http_run {
    CURL *easy;
    bool added;
    char error[CURL_ERROR_SIZE];
    size_t taken; /* octets of the answer's body */
    bool found;   /* the expected text was in it */
    char tail[CHECK_MATCH_SIZE];
    size_t tail_size;
};

static void take_off(struct check *check)
{
    struct http_run *run = check->data;

    if (run->added)
        curl_multi_remove_handle((*check_http_client(check))->multi, run->easy);
    run->added = false;
}

static bool status_is_good(const struct config_statuses *statuses, long status)
{
    for (unsigned i = 0; i < statuses->count; i++)
        if (status >= statuses->ranges[i].low && status <= statuses->ranges[i].high)
            return true;
    return false;
}

static void judge(struct check *check, CURLcode code)
{
    struct http_run *run = check->data;
    long status = 0;

    take_off(check);
    curl_easy_getinfo(run->easy, CURLINFO_RESPONSE_CODE, &status);
    /* The body is cut where it has been judged. */
    bool cut = code == CURLE_WRITE_ERROR && (run->found || run->taken >= CHECK_OUTPUT_BYTES_MAX);
    if (code != CURLE_OK && !cut)
        check_result(check, false, "%s",
                     run->error[0] != '\0' ? run->error : curl_easy_strerror(code));
    else if (!status_is_good(&check->config.statuses, status))
        check_result(check, false, "status %ld", status);
    else if (check->config.body[0] != '\0' && !run->found)
        check_result(check, false, "status %ld, the expected text is not in the answer", status);
    else
        check_result(check, true, "status %ld", status);
}

static void take_results(struct check_http_client *client)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct check *check = NULL;
        CURLcode code = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&check);
        judge(check, code);
    }
}

static void act(struct check_http_client *client, curl_socket_t fd, int what)
{
    int running;

    (void)curl_multi_socket_action(client->multi, fd, what, &running);
    take_results(client);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    int what = 0;

    (void)source;
    if ((events & (EPOLLIN | EPOLLHUP)) != 0)
        what |= CURL_CSELECT_IN;
    if ((events & EPOLLOUT) != 0)
        what |= CURL_CSELECT_OUT;
    if ((events & EPOLLERR) != 0)
        what |= CURL_CSELECT_ERR;
    act(userdata, fd, what);
    return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    act(userdata, CURL_SOCKET_TIMEOUT, 0);
    return 0;
}

/* libcurl wants a socket watched, otherwise, or no more. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *socket_data)
{
    struct check_http_client *client = userdata;
    sd_event_source *source = socket_data;
    uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    int r;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        sd_event_source_disable_unref(source);
        return 0;
    }
    if (source != NULL) {
        r = sd_event_source_set_io_events(source, events);
    } else {
        r = sd_event_add_io(client->event, &source, fd, events, on_io, client);
        if (r >= 0)
            r = sd_event_source_set_priority(source, AGENT_PRIORITY_CHECKS);
        if (r >= 0)
            (void)curl_multi_assign(client->multi, fd, source);
        else
            sd_event_source_disable_unref(source);
    }
    return r < 0 ? -1 : 0;
}

/* libcurl wants to be called then; -1: not at all. */
static int on_timeout(CURLM *multi, long timeout_ms, void *userdata)
{
    struct check_http_client *client = userdata;
    uint64_t us = clock_boot_ns() / NS_PER_US;
    int r;

    (void)multi;
    if (timeout_ms < 0)
        return sd_event_source_set_enabled(client->timer, SD_EVENT_OFF) < 0 ? -1 : 0;
    r = sd_event_source_set_time(client->timer, us + (uint64_t)timeout_ms * 1000);
    if (r >= 0)
        r = sd_event_source_set_enabled(client->timer, SD_EVENT_ONESHOT);
    return r < 0 ? -1 : 0;
}

void check_http_client_free(struct check_http_client *client)
{
    if (client == NULL)
        return;
    if (client->multi != NULL)
        curl_multi_cleanup(client->multi);
    sd_event_source_disable_unref(client->timer);
    curl_global_cleanup();
    free(client);
}

static struct check_http_client *new_client(sd_event *event)
{
    struct check_http_client *client = calloc(1, sizeof(*client));
    int r;

    if (client == NULL)
        return NULL;
    client->event = event;
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    client->multi = curl_multi_init();
    r = sd_event_add_time(event, &client->timer, CLOCK_BOOTTIME, UINT64_MAX, 1000, on_timer,
                          client);
    if (r >= 0)
        r = sd_event_source_set_priority(client->timer, AGENT_PRIORITY_CHECKS);
    if (r >= 0)
        r = sd_event_source_set_enabled(client->timer, SD_EVENT_OFF);
    if (r < 0 || client->multi == NULL) {
        check_http_client_free(client);
        return NULL;
    }
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    return client;
}

/* Part of the body. Less than `size` as the answer ends the transfer. */
static size_t on_body(char *data, size_t unit, size_t size, void *userdata)
{
    struct check *check = userdata;
    struct http_run *run = check->data;
    const char *wanted = check->config.body;
    size_t length = strlen(wanted);
    char joined[CHECK_MATCH_SIZE * 2];

    (void)unit; /* always 1 */
    run->taken += size;
    if (length == 0)
        return run->taken >= CHECK_OUTPUT_BYTES_MAX ? 0 : size;
    /* Across the border of two parts, then within this one. */
    size_t head = size < length - 1 ? size : length - 1;
    memcpy(joined, run->tail, run->tail_size);
    memcpy(joined + run->tail_size, data, head);
    run->found = memmem(joined, run->tail_size + head, wanted, length) != NULL ||
                 memmem(data, size, wanted, length) != NULL;
    if (run->found || run->taken >= CHECK_OUTPUT_BYTES_MAX)
        return 0;
    size_t total = run->tail_size + head;
    const char *end = size >= length - 1 ? data + size : joined + total;
    size_t keep = size >= length - 1 || total >= length - 1 ? length - 1 : total;
    memmove(run->tail, end - keep, keep);
    run->tail_size = keep;
    return size;
}

static void set_tls(CURL *easy, const struct config_check *config)
{
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, config->tls_verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, config->tls_verify ? 2L : 0L);
    /* Reading the certificates of the system takes long: once is enough. */
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, -1L);
    if (config->tls_ca[0] != '\0')
        curl_easy_setopt(easy, CURLOPT_CAINFO, config->tls_ca);
    if (config->tls_cert[0] != '\0')
        curl_easy_setopt(easy, CURLOPT_SSLCERT, config->tls_cert);
    if (config->tls_key[0] != '\0')
        curl_easy_setopt(easy, CURLOPT_SSLKEY, config->tls_key);
}

static void set_request(CURL *easy, const struct config_check *config)
{
    curl_easy_setopt(easy, CURLOPT_URL, config->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "vipd/" VIPD_VERSION);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* A service that takes no new connections has failed, whatever the old ones do. */
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    if (strcmp(config->method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, config->method);
    if (config->unix_socket[0] != '\0')
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, config->unix_socket);
}

static int open_check(struct check *check)
{
    struct check_http_client **client = check_http_client(check);
    struct http_run *run = calloc(1, sizeof(*run));

    if (run == NULL)
        return -ENOMEM;
    check->data = run;
    if (*client == NULL)
        *client = new_client(check_event(check));
    if (*client == NULL)
        return -ENOMEM;
    run->easy = curl_easy_init();
    if (run->easy == NULL)
        return -ENOMEM;
    set_request(run->easy, &check->config);
    set_tls(run->easy, &check->config);
    curl_easy_setopt(run->easy, CURLOPT_PRIVATE, check);
    curl_easy_setopt(run->easy, CURLOPT_ERRORBUFFER, run->error);
    curl_easy_setopt(run->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(run->easy, CURLOPT_WRITEDATA, check);
    return 0;
}

static int run_check(struct check *check)
{
    struct http_run *run = check->data;

    run->taken = 0;
    run->found = false;
    run->tail_size = 0;
    run->error[0] = '\0';
    CURLMcode code = curl_multi_add_handle((*check_http_client(check))->multi, run->easy);
    if (code != CURLM_OK) {
        check_result(check, false, "%s", curl_multi_strerror(code));
        return 0;
    }
    run->added = true;
    return 0;
}

static void close_check(struct check *check)
{
    struct http_run *run = check->data;

    if (run == NULL)
        return;
    take_off(check);
    curl_easy_cleanup(run->easy);
    free(run);
}

const struct check_ops check_http_ops = {
    .open = open_check,
    .run = run_check,
    .give_up = take_off,
    .close = close_check,
};
