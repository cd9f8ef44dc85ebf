/* Requests by libcurl: what is asked, and what an answer is worth. Runs in the HTTP worker's
 * thread; see http_jobs.h. */
#include "agent/checks/http_jobs.h"

#include "agent/checks/http_result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct http_job {
    struct http_job *next;
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

static void send_result(const struct http_jobs *jobs, const struct http_job *job, bool good,
                        const char *text)
{
    struct http_result result = {.id = job->id, .serial = job->serial, .good = good};

    snprintf(result.text, sizeof(result.text), "%.*s", HTTP_RESULT_TEXT_SIZE - 1, text);
    /* When nobody takes results for so long, they are too late anyway. */
    (void)!write(jobs->results_fd, &result, sizeof(result));
}

static bool status_is_good(const struct config_statuses *statuses, long status)
{
    for (unsigned i = 0; i < statuses->count; i++)
        if (status >= statuses->ranges[i].low && status <= statuses->ranges[i].high)
            return true;
    return false;
}

static void judge(const struct http_jobs *jobs, const struct http_job *job, CURLcode code)
{
    char text[HTTP_RESULT_TEXT_SIZE];
    long status = 0;

    jobs->curl.easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &status);
    /* The body is cut where it has been judged. */
    bool cut = code == CURLE_WRITE_ERROR && (job->found || job->taken >= CHECK_OUTPUT_BYTES_MAX);
    bool wants_text = job->config->body[0] != '\0';
    bool good = status_is_good(&job->config->statuses, status) && (!wants_text || job->found);

    if (code != CURLE_OK && !cut) {
        send_result(jobs, job, false,
                    job->error[0] != '\0' ? job->error : jobs->curl.easy_strerror(code));
        return;
    }
    snprintf(text, sizeof(text), "status %ld%s", status,
             wants_text && !job->found ? ", the expected text is not in the answer" : "");
    send_result(jobs, job, good, text);
}

/* Part of the body. Anything but `size` ends the transfer. */
static size_t on_body(char *data, size_t unit, size_t size, void *userdata)
{
    struct http_job *job = userdata;
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

static void set_tls(const struct curl_library *curl, const struct http_job *job)
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

static void set_request(const struct curl_library *curl, struct http_job *job)
{
    const struct config_check *config = job->config;
    CURL *easy = job->easy;

    curl->easy_setopt(easy, CURLOPT_PRIVATE, job);
    curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, job->error);
    curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl->easy_setopt(easy, CURLOPT_WRITEDATA, job);
    curl->easy_setopt(easy, CURLOPT_URL, config->url);
    if (curl->easy_setopt(easy, (CURLoption)CURL_OPTION_PROTOCOLS_STR, "http,https") != CURLE_OK)
        curl->easy_setopt(easy, (CURLoption)CURL_OPTION_PROTOCOLS,
                          (long)CURL_PROTOCOLS_HTTP_AND_HTTPS);
    curl->easy_setopt(easy, CURLOPT_PROXY, "");
    curl->easy_setopt(easy, CURLOPT_USERAGENT, "vipd/" VIPD_VERSION);
    curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(config->timeout_ns / NS_PER_MS));
    /* Giving up does not wait for a name server. */
    curl->easy_setopt(easy, (CURLoption)CURL_OPTION_QUICK_EXIT, 1L);
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

struct http_job *http_jobs_find(const struct http_jobs *jobs, uint64_t id)
{
    struct http_job *job = jobs->list;

    while (job != NULL && job->id != id)
        job = job->next;
    return job;
}

void http_jobs_add(struct http_jobs *jobs, uint64_t id, struct config_check *config)
{
    struct http_job *job = calloc(1, sizeof(*job));

    if (job == NULL) {
        free(config); /* its runs bring no result: no answer within the timeout */
        return;
    }
    job->id = id;
    job->config = config;
    job->next = jobs->list;
    jobs->list = job;
    if (jobs->multi == NULL)
        return;
    job->easy = jobs->curl.easy_init();
    if (job->easy != NULL)
        set_request(&jobs->curl, job);
}

void http_job_cancel(const struct http_jobs *jobs, struct http_job *job)
{
    if (job->running)
        jobs->curl.multi_remove_handle(jobs->multi, job->easy);
    job->running = false;
}

void http_job_run(const struct http_jobs *jobs, struct http_job *job, uint64_t serial)
{
    http_job_cancel(jobs, job);
    job->serial = serial;
    job->taken = 0;
    job->found = false;
    job->tail_size = 0;
    job->error[0] = '\0';
    if (job->easy == NULL) {
        send_result(jobs, job, false, jobs->problem[0] != '\0' ? jobs->problem : "out of memory");
        return;
    }
    CURLMcode code = jobs->curl.multi_add_handle(jobs->multi, job->easy);
    job->running = code == CURLM_OK;
    if (!job->running)
        send_result(jobs, job, false, jobs->curl.multi_strerror(code));
}

void http_job_close(struct http_jobs *jobs, struct http_job *job)
{
    struct http_job **at = &jobs->list;

    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    http_job_cancel(jobs, job);
    if (job->easy != NULL)
        jobs->curl.easy_cleanup(job->easy);
    free(job->config);
    free(job);
}

void http_jobs_perform(const struct http_jobs *jobs)
{
    CURLMsg *message;
    int left;

    if (jobs->multi == NULL)
        return;
    (void)jobs->curl.multi_perform(jobs->multi, &left);
    while ((message = jobs->curl.multi_info_read(jobs->multi, &left)) != NULL) {
        struct http_job *job = NULL;
        CURLcode code = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        jobs->curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&job);
        judge(jobs, job, code);
        http_job_cancel(jobs, job);
    }
}

void http_jobs_unload(struct http_jobs *jobs)
{
    while (jobs->list != NULL)
        http_job_close(jobs, jobs->list);
    if (jobs->multi != NULL)
        jobs->curl.multi_cleanup(jobs->multi);
    jobs->multi = NULL;
}

void http_jobs_load(struct http_jobs *jobs)
{
    const char *problem = curl_library_load(&jobs->curl);

    if (problem == NULL) {
        jobs->multi = jobs->curl.multi_init();
        problem = jobs->multi == NULL ? "out of memory" : NULL;
    }
    if (problem != NULL)
        snprintf(jobs->problem, sizeof(jobs->problem), "no libcurl: %s", problem);
}
