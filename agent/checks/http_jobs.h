/* The HTTP worker's jobs, one for each check: used by its thread alone. */
#ifndef AGENT_CHECKS_HTTP_JOBS_H
#define AGENT_CHECKS_HTTP_JOBS_H

#include "agent/checks/curl_library.h"
#include "lib/config/check.h"

struct http_job;

struct http_jobs {
    struct curl_library curl;
    CURLM *multi;      /* NULL: there is no libcurl */
    char problem[128]; /* why not */
    struct http_job *list;
    int results_fd; /* where results are written: struct http_result */
};

/* Loads libcurl. Without it every run brings a result that says so. */
void http_jobs_load(struct http_jobs *jobs);

/* Closes all jobs and the multi handle. */
void http_jobs_unload(struct http_jobs *jobs);

/* Makes a job; takes config over. */
void http_jobs_add(struct http_jobs *jobs, uint64_t id, struct config_check *config);

/* NULL: there is none of that id. */
struct http_job *http_jobs_find(const struct http_jobs *jobs, uint64_t id);

/* Begins a request; one that goes on is given up. */
void http_job_run(const struct http_jobs *jobs, struct http_job *job, uint64_t serial);

/* Gives its request up, without a result. */
void http_job_cancel(const struct http_jobs *jobs, struct http_job *job);

void http_job_close(struct http_jobs *jobs, struct http_job *job);

/* Goes on with all requests and sends the results of those that have ended. */
void http_jobs_perform(const struct http_jobs *jobs);

#endif
