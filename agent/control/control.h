/*
 * What is asked of the agent over its control socket, and what it answers. The server (server.h)
 * has clients (client.h), each with the answer being made for it (answer.h), and the
 * status of all of many instances is made once for all who ask (press.h), and sent by a thread
 * (delivery.h); they know messages only and ask through handlers (handlers.h), which are
 * here: how things stand (snapshot.h, snapshot_router.h) and who is to hand over (requests.h).
 *
 * This owns the server and its clients. The instances, the history and everything else it looks at
 * are borrowed from the agent; a reload is the agent's own business, and is a callback here.
 */
#ifndef AGENT_CONTROL_CONTROL_H
#define AGENT_CONTROL_CONTROL_H

#include "agent/control/later.h"
#include "agent/control/snapshot.h"
#include "agent/history/history.h"

struct control;

struct control_options {
    sd_event *event;
    const char *path; /* of the socket */
    struct snapshot_sources sources;
    const struct history *history;
    /* Reloads; answers what control_reply_reload() or control_error_reload() made. force: even if
     * no instance is left. */
    void (*reload)(void *userdata, const struct control_request *request,
                   struct control_later *later);
    void *userdata;
};

/* 0 or a negative errno, logged. */
int control_open(const struct control_options *options, struct control **out);

/* NULL is allowed. */
void control_close(struct control *control);

/* The history has a new entry: tells those who follow. NULL is allowed: instances start before
 * anybody can listen, and stop after. */
void control_history_changed(struct control *control);

#endif
