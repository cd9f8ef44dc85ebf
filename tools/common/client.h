/* The client's side of the control socket: one call, one or more replies, each within a time limit.
 */
#ifndef TOOLS_COMMON_CLIENT_H
#define TOOLS_COMMON_CLIENT_H

#include "tools/common/context.h"

#include <jansson.h>

struct client;

/* Connects, for more than client_ask() does. 0, or a positive errno for client_say_no_connection(),
 * which says why on stderr and returns the exit code for it. */
int client_connect(const struct context *context, struct client **out);
int client_say_no_connection(const struct context *context, int error);
void client_close(struct client *client);

/* Whether the call or reply that failed did so because vipd closed the connection. That alone is
 * not said on stderr: the caller may connect again. */
bool client_is_lost(const struct client *client);

/* Waits until client_reply() has something to read. False: whoever reads from `output` has gone. */
bool client_wait(const struct client *client, int output);

/* Waits for as long for something to read. False: there is none (said on stderr). */
bool client_readable(const struct client *client, int timeout_ms);

/* Sends a call. Steals parameters (NULL: none). 0 or an exit code (said on stderr). */
int client_call(struct client *client, const char *method, json_t *parameters, bool more);

/* Reads one reply. *parameters is a new reference, owned by the caller. An error reply is said on
 * stderr, its parameters too, which are in *parameters only of a refused reload. timeout_ms < 0: as
 * long as it takes. *continues (may be NULL): more follow. 0 or an exit code. */
int client_reply(struct client *client, int timeout_ms, json_t **parameters, bool *continues);

/* All of it for a single reply. Connecting is given 2 s, the whole answer 10 s. While vipd answers
 * that an instance is being restarted it is asked again, for 30 s. */
int client_ask(const struct context *context, const char *method, json_t *parameters,
               json_t **reply);

/* 0 when the reply has a field of that type; else EXIT_PROTOCOL (said on stderr): whoever answered,
 * it is not a vipd that this vipctl understands. */
int client_expect(const struct context *context, const json_t *reply, const char *key,
                  json_type type);

#endif
