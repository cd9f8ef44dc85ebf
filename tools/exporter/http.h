/*
 * The exporter's room: what vipd says of this node, told by HTTP to those who monitor it.
 *
 * http.h has the server (libmicrohttpd) and what it answers to which path; source.h asks vipd by
 * the control socket and keeps the answer for a moment; metrics.h (by metric_writer.h) and page.h
 * (by html.h) make text of it; listen.h opens the socket. vipd_exporter.c is the program. It
 * changes nothing and needs no privileges. Nobody who talks to it can make it wait, grow or stop:
 *  - one thread serves; at most HTTP_CONNECTIONS at once, HTTP_CONNECTIONS_PEER of one address, a
 *    few KiB each;
 *  - a connection is for one request, and is ended after HTTP_AGE_MAX_MS whatever it does;
 *  - vipd is asked a few times a second at most, and waited for within a bound.
 */
#ifndef TOOLS_EXPORTER_HTTP_H
#define TOOLS_EXPORTER_HTTP_H

#include "tools/exporter/source.h"

enum {
    HTTP_CONNECTIONS = 128,
    HTTP_CONNECTIONS_PEER = 32,
    HTTP_IDLE_S = 10,
    HTTP_AGE_MAX_MS = 20000,
};

struct http;

/* Serves from now on, in a thread of its own, which alone uses source (borrowed). Takes the
 * listening socket. NULL: said on stderr. */
struct http *http_start(int listen_fd, struct source *source);

/* Ends connections that are too old. To be called once a second. */
void http_sweep(struct http *http);

void http_stop(struct http *http);

#endif
