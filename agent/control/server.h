/*
 * The control socket: an AF_UNIX stream with varlink framing (NUL-terminated JSON). Reading is open
 * to every local user; what changes something needs root, the agent's own user or group vipd.
 *
 * No client can delay an advert: everything here runs at the priority given (the lowest of the
 * loop), one bounded piece in a turn (one accept, one read, one request, some instances or history
 * entries of an answer, one write), with bounded buffers, a bound on the number of clients, and
 * within a share of the CPU (budget.h). The status of all of many instances is made once for all
 * who had asked by then, and sent by a thread (press.h). A client that sends garbage is dropped at
 * once; one that is silent, stuck in half a message or not reading, after CONTROL_SILENCE_MS_MAX;
 * one that waits for its share of that CPU is not. When all places are taken the user with the most
 * clients loses one to the newcomer, so nobody locks the administrator out.
 */
#ifndef AGENT_CONTROL_SERVER_H
#define AGENT_CONTROL_SERVER_H

#include "agent/control/handlers.h"

#include <systemd/sd-event.h>

struct control_server;

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

/* It goes on later: its share of the CPU is used up, a pause is due, or a status of all of many is
 * being made or sent. For tests. */
bool control_server_pauses(const struct control_server *server);

#endif
