/*
 * The control socket: an AF_UNIX stream with varlink framing (NUL-terminated JSON). Reading is open
 * to every local user; what changes something needs root, the agent's own user or group vipd.
 *
 * No client can delay an advert: everything here runs at the priority given (the lowest of the
 * loop), one bounded piece in a turn (one accept, one read, one request, one instance or history
 * entry of an answer, one write), with bounded buffers, and a bound on the number of clients. A
 * client that sends garbage is dropped at once; one that is silent, stuck in half a message or not
 * reading, after CONTROL_SILENCE_MS_MAX. When all places are taken the user with the most clients
 * loses one to the newcomer, so nobody locks the administrator out.
 */
#ifndef AGENT_CONTROL_SERVER_H
#define AGENT_CONTROL_SERVER_H

#include "agent/history/history.h"

#include <systemd/sd-event.h>

struct control_server;

/* What the server asks of the agent. All are called from the event loop. */
struct control_handlers {
    /* The node without instances (instance_count 0): control_status_to_json(). New reference. */
    json_t *(*node)(void *userdata);
    /* The index-th instance, 0 and up: control_instance_to_json(). NULL: there is none. A status of
     * all instances is written one instance in a turn, each as it is at that moment. */
    json_t *(*instance)(void *userdata, size_t index);
    /* Index of the instance of that name. False: there is none. */
    bool (*find)(void *userdata, const char *name, size_t *index);
    /* Reloads now. Returns what control_reply_reload() or control_error_reload() made. */
    json_t *(*reload)(void *userdata);
    /* Drain, Resume or Take: a reply or an error. */
    json_t *(*handover)(void *userdata, const struct control_request *request);
    void *userdata;
    /* Borrowed; outlives the server. */
    const struct history *history;
};

/*
 * Listens at `path` (its parent directory is created with mode 0755 if missing). A socket left over
 * by a dead agent is replaced. handlers are copied.
 * 0 or a negative errno, logged with the path: -EADDRINUSE when another agent answers there,
 * -EEXIST when something that is not a socket is in the way.
 */
int control_server_open(sd_event *event, int64_t priority, const char *path,
                        const struct control_handlers *handlers, struct control_server **out);

/* Drops all clients; unlinks the path if it is still ours. NULL is allowed. */
void control_server_close(struct control_server *server);

/* Call after history_add(): wakes those who follow the history. No allocation. */
void control_server_publish_history(struct control_server *server);

/* How many clients are connected, for status and tests. */
size_t control_server_clients(const struct control_server *server);

#endif
