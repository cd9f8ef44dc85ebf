/*
 * HTTP requests in a thread of their own, by libcurl's multi interface. A TLS handshake computes
 * for milliseconds and the certificates of the system take tens of them to read: in the event loop
 * that would delay adverts. The two sides share nothing but two pipes, so neither waits for the
 * other; the thread runs at ordinary priority.
 */
#ifndef AGENT_CHECKS_HTTP_WORKER_H
#define AGENT_CHECKS_HTTP_WORKER_H

#include "agent/checks/http_result.h"
#include "lib/config/check.h"

struct http_worker;

/* Starts the thread. 0 or a negative errno. */
int http_worker_start(struct http_worker **out);

/* Ends it; a request that keeps it busy is waited for only briefly. NULL is allowed. */
void http_worker_stop(struct http_worker *worker);

/* Makes a job that asks as the check says (copied). id: not used before.
 * These four: 0 or a negative errno (-EAGAIN: the worker is far behind). */
int http_worker_open(struct http_worker *worker, uint64_t id, const struct config_check *config);

/* One request; its result carries the serial number. */
int http_worker_run(struct http_worker *worker, uint64_t id, uint64_t serial);

/* Gives the request of a job up: there is no result. */
int http_worker_cancel(struct http_worker *worker, uint64_t id);

int http_worker_close(struct http_worker *worker, uint64_t id);

/* Readable when there are results. */
int http_worker_fd(const struct http_worker *worker);

/* The next result. False: there is none now. */
bool http_worker_take(struct http_worker *worker, struct http_result *out);

#endif
