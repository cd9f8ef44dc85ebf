/* The thread: commands in by one pipe, results out by the other; see http_worker.h. Everything of
 * struct worker_thread belongs to the thread alone. */
#include "agent/http_worker.h"

#include "agent/curl_library.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    STACK_SIZE = 512 * 1024,
    POLL_MS = 1000,
    STOP_WAIT_S = 1,
};

enum command_kind {
    COMMAND_OPEN = 0,
    COMMAND_RUN,
    COMMAND_CANCEL,
    COMMAND_CLOSE,
    COMMAND_QUIT,
};

/* Small enough to be written whole or not at all. */
struct command {
    enum command_kind kind;
    uint64_t id;
    uint64_t serial;
    struct config_check *config; /* OPEN: owned by whoever reads it */
};

/* Both ends of both pipes. */
struct pipes {
    int commands[2];
    int results[2];
};

struct job {
    struct job *next;
    uint64_t id;
    uint64_t serial;
    struct config_check *config;
    CURL *easy; /* NULL: libcurl is not there */
    bool running;
    char error[CURL_ERROR_SIZE];
    size_t taken; /* octets of the answer's body */
    bool found;   /* the expected text was in it */
    char tail[CHECK_MATCH_SIZE];
    size_t tail_size;
};

struct worker_thread {
    const struct pipes *pipes;
    struct curl_library curl;
    char problem[HTTP_RESULT_TEXT_SIZE]; /* why there is no libcurl; empty: it is there */
    CURLM *multi;
    struct job *jobs;
    bool quit;
};

struct http_worker {
    struct pipes pipes;
    pthread_t thread;
    struct worker_thread data;
};

/* ---- Requests */

static void send_result(const struct worker_thread *worker, const struct job *job, bool good,
                        const char *text)
{
    struct http_result result = {.id = job->id, .serial = job->serial, .good = good};

    snprintf(result.text, sizeof(result.text), "%.*s", HTTP_RESULT_TEXT_SIZE - 1, text);
    /* When nobody takes results for so long, they are too late anyway. */
    (void)!write(worker->pipes->results[1], &result, sizeof(result));
}

static bool status_is_good(const struct config_statuses *statuses, long status)
{
    for (unsigned i = 0; i < statuses->count; i++)
        if (status >= statuses->ranges[i].low && status <= statuses->ranges[i].high)
            return true;
    return false;
}

static void judge(const struct worker_thread *worker, const struct job *job, CURLcode code)
{
    char text[HTTP_RESULT_TEXT_SIZE];
    long status = 0;

    worker->curl.easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
    /* The body is cut where it has been judged. */
    bool cut = code == CURLE_WRITE_ERROR && (job->found || job->taken >= CHECK_OUTPUT_BYTES_MAX);
    bool wants_text = job->config->body[0] != '\0';
    bool good = status_is_good(&job->config->statuses, status) && (!wants_text || job->found);

    if (code != CURLE_OK && !cut) {
        send_result(worker, job, false,
                    job->error[0] != '\0' ? job->error : worker->curl.easy_strerror(code));
        return;
    }
    snprintf(text, sizeof(text), "status %ld%s", status,
             wants_text && !job->found ? ", the expected text is not in the answer" : "");
    send_result(worker, job, good, text);
}

/* Part of the body. Anything but `size` ends the transfer. */
static size_t on_body(char *data, size_t unit, size_t size, void *userdata)
{
    struct job *job = userdata;
    const char *wanted = job->config->body;
    size_t length = strlen(wanted);
    char joined[CHECK_MATCH_SIZE * 2];

    (void)unit; /* always 1 */
    job->taken += size;
    if (length == 0)
        return job->taken >= CHECK_OUTPUT_BYTES_MAX ? 0 : size;
    /* Across the border of two parts, then within this one. */
    size_t head = size < length - 1 ? size : length - 1;
    size_t total = job->tail_size + head;
    memcpy(joined, job->tail, job->tail_size);
    memcpy(joined + job->tail_size, data, head);
    job->found =
        memmem(joined, total, wanted, length) != NULL || memmem(data, size, wanted, length) != NULL;
    if (job->found || job->taken >= CHECK_OUTPUT_BYTES_MAX)
        return 0;
    bool long_enough = size >= length - 1;
    size_t keep = long_enough || total >= length - 1 ? length - 1 : total;
    memcpy(job->tail, (long_enough ? data + size : joined + total) - keep, keep);
    job->tail_size = keep;
    return size;
}

static void set_tls(const struct curl_library *curl, const struct job *job)
{
    const struct config_check *config = job->config;

    curl->easy_setopt(job->easy, CURLOPT_SSL_VERIFYPEER, config->tls_verify ? 1L : 0L);
    curl->easy_setopt(job->easy, CURLOPT_SSL_VERIFYHOST, config->tls_verify ? 2L : 0L);
    if (config->tls_ca[0] != '\0') {
        curl->easy_setopt(job->easy, CURLOPT_CAINFO, config->tls_ca);
        curl->easy_setopt(job->easy, CURLOPT_CAPATH, NULL);
    }
    if (config->tls_cert[0] != '\0')
        curl->easy_setopt(job->easy, CURLOPT_SSLCERT, config->tls_cert);
    if (config->tls_key[0] != '\0')
        curl->easy_setopt(job->easy, CURLOPT_SSLKEY, config->tls_key);
}

static void set_request(const struct curl_library *curl, struct job *job)
{
    const struct config_check *config = job->config;
    CURL *easy = job->easy;

    curl->easy_setopt(easy, CURLOPT_PRIVATE, job);
    curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, job->error);
    curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl->easy_setopt(easy, CURLOPT_WRITEDATA, job);
    curl->easy_setopt(easy, CURLOPT_URL, config->url);
    curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl->easy_setopt(easy, CURLOPT_PROXY, "");
    curl->easy_setopt(easy, CURLOPT_USERAGENT, "vipd/" VIPD_VERSION);
    curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(config->timeout_ns / NS_PER_MS));
    /* Giving up does not wait for a name server. */
    curl->easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    /* A service that takes no new connections has failed, whatever the old ones do. */
    curl->easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    if (strcmp(config->method, "HEAD") == 0)
        curl->easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else
        curl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, config->method);
    if (config->unix_socket[0] != '\0')
        curl->easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, config->unix_socket);
    set_tls(curl, job);
}

/* ---- Jobs */

static struct job *find(const struct worker_thread *worker, uint64_t id)
{
    struct job *job = worker->jobs;

    while (job != NULL && job->id != id)
        job = job->next;
    return job;
}

static void open_job(struct worker_thread *worker, uint64_t id, struct config_check *config)
{
    struct job *job = calloc(1, sizeof(*job));

    if (job == NULL) {
        free(config); /* its runs bring no result: no answer within the timeout */
        return;
    }
    job->id = id;
    job->config = config;
    job->next = worker->jobs;
    worker->jobs = job;
    if (worker->multi == NULL)
        return;
    job->easy = worker->curl.easy_init();
    if (job->easy != NULL)
        set_request(&worker->curl, job);
}

static void cancel_job(const struct worker_thread *worker, struct job *job)
{
    if (job->running)
        worker->curl.multi_remove_handle(worker->multi, job->easy);
    job->running = false;
}

static void run_job(const struct worker_thread *worker, struct job *job, uint64_t serial)
{
    cancel_job(worker, job);
    job->serial = serial;
    job->taken = 0;
    job->found = false;
    job->tail_size = 0;
    job->error[0] = '\0';
    if (job->easy == NULL) {
        send_result(worker, job, false,
                    worker->problem[0] != '\0' ? worker->problem : "out of memory");
        return;
    }
    CURLMcode code = worker->curl.multi_add_handle(worker->multi, job->easy);
    job->running = code == CURLM_OK;
    if (!job->running)
        send_result(worker, job, false, worker->curl.multi_strerror(code));
}

static void close_job(struct worker_thread *worker, struct job *job)
{
    struct job **at = &worker->jobs;

    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    cancel_job(worker, job);
    if (job->easy != NULL)
        worker->curl.easy_cleanup(job->easy);
    free(job->config);
    free(job);
}

static void obey(struct worker_thread *worker, const struct command *command)
{
    struct job *job = find(worker, command->id);

    switch (command->kind) {
    case COMMAND_OPEN:
        open_job(worker, command->id, command->config);
        break;
    case COMMAND_RUN:
        if (job != NULL)
            run_job(worker, job, command->serial);
        break;
    case COMMAND_CANCEL:
        if (job != NULL)
            cancel_job(worker, job);
        break;
    case COMMAND_CLOSE:
        if (job != NULL)
            close_job(worker, job);
        break;
    case COMMAND_QUIT:
        worker->quit = true;
        break;
    }
}

/* ---- The thread */

static void take_commands(struct worker_thread *worker)
{
    struct command command;

    while (!worker->quit &&
           read(worker->pipes->commands[0], &command, sizeof(command)) == (ssize_t)sizeof(command))
        obey(worker, &command);
}

static void take_answers(const struct worker_thread *worker)
{
    CURLMsg *message;
    int left;

    (void)worker->curl.multi_perform(worker->multi, &left);
    while ((message = worker->curl.multi_info_read(worker->multi, &left)) != NULL) {
        struct job *job = NULL;
        CURLcode code = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        worker->curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&job);
        judge(worker, job, code);
        cancel_job(worker, job);
    }
}

static void wait_for_more(const struct worker_thread *worker)
{
    struct pollfd fd = {.fd = worker->pipes->commands[0], .events = POLLIN};
    struct curl_waitfd extra = {.fd = fd.fd, .events = CURL_WAIT_POLLIN};

    if (worker->multi == NULL)
        (void)poll(&fd, 1, -1);
    else
        (void)worker->curl.multi_poll(worker->multi, &extra, 1, POLL_MS, NULL);
}

static void load_curl(struct worker_thread *worker)
{
    const char *problem = curl_library_load(&worker->curl);

    if (problem == NULL) {
        worker->multi = worker->curl.multi_init();
        problem = worker->multi == NULL ? "out of memory" : NULL;
    }
    if (problem != NULL)
        snprintf(worker->problem, sizeof(worker->problem), "no libcurl: %s", problem);
}

static void close_pipes(const struct pipes *pipes)
{
    for (size_t i = 0; i < 2; i++) {
        if (pipes->commands[i] >= 0)
            close(pipes->commands[i]);
        if (pipes->results[i] >= 0)
            close(pipes->results[i]);
    }
}

static void *run_thread(void *userdata)
{
    struct worker_thread *worker = userdata;

    load_curl(worker);
    while (!worker->quit) {
        take_commands(worker);
        if (worker->multi != NULL && !worker->quit)
            take_answers(worker);
        if (!worker->quit)
            wait_for_more(worker);
    }
    while (worker->jobs != NULL)
        close_job(worker, worker->jobs);
    if (worker->multi != NULL)
        worker->curl.multi_cleanup(worker->multi);
    return NULL;
}

/* Signals are for the event loop. */
static int start_thread(pthread_t *thread, struct worker_thread *data)
{
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    int r = pthread_attr_init(&attributes);
    if (r != 0)
        return -r;
    r = pthread_attr_setstacksize(&attributes, STACK_SIZE);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    if (r == 0)
        r = pthread_create(thread, &attributes, run_thread, data);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return -r;
}

/* ---- The other side */

int http_worker_start(struct http_worker **out)
{
    struct http_worker *worker = calloc(1, sizeof(*worker));
    int r = 0;

    *out = NULL;
    if (worker == NULL)
        return -ENOMEM;
    worker->pipes = (struct pipes){.commands = {-1, -1}, .results = {-1, -1}};
    worker->data.pipes = &worker->pipes;
    if (pipe2(worker->pipes.commands, O_CLOEXEC | O_NONBLOCK) < 0 ||
        pipe2(worker->pipes.results, O_CLOEXEC | O_NONBLOCK) < 0)
        r = -errno;
    if (r == 0)
        r = start_thread(&worker->thread, &worker->data);
    if (r < 0) {
        close_pipes(&worker->pipes);
        free(worker);
        return r;
    }
    *out = worker;
    return 0;
}

static int tell(const struct http_worker *worker, const struct command *command)
{
    ssize_t n = write(worker->pipes.commands[1], command, sizeof(*command));

    return n < 0 ? -errno : 0;
}

void http_worker_stop(struct http_worker *worker)
{
    const struct command quit = {.kind = COMMAND_QUIT};
    struct timespec until;

    if (worker == NULL)
        return;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_WAIT_S;
    if (tell(worker, &quit) < 0 || pthread_timedjoin_np(worker->thread, NULL, &until) != 0) {
        /* It goes on using all of this until the process ends. */
        (void)pthread_detach(worker->thread);
        return;
    }
    close_pipes(&worker->pipes);
    free(worker);
}

int http_worker_open(struct http_worker *worker, uint64_t id, const struct config_check *config)
{
    struct command open = {.kind = COMMAND_OPEN, .id = id, .config = malloc(sizeof(*config))};

    if (open.config == NULL)
        return -ENOMEM;
    *open.config = *config;
    int r = tell(worker, &open);
    if (r < 0)
        free(open.config);
    return r;
}

int http_worker_run(struct http_worker *worker, uint64_t id, uint64_t serial)
{
    const struct command run = {.kind = COMMAND_RUN, .id = id, .serial = serial};

    return tell(worker, &run);
}

int http_worker_cancel(struct http_worker *worker, uint64_t id)
{
    const struct command cancel = {.kind = COMMAND_CANCEL, .id = id};

    return tell(worker, &cancel);
}

int http_worker_close(struct http_worker *worker, uint64_t id)
{
    const struct command close_it = {.kind = COMMAND_CLOSE, .id = id};

    return tell(worker, &close_it);
}

int http_worker_fd(const struct http_worker *worker)
{
    return worker->pipes.results[0];
}

bool http_worker_take(struct http_worker *worker, struct http_result *out)
{
    return read(worker->pipes.results[0], out, sizeof(*out)) == (ssize_t)sizeof(*out);
}
