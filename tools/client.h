/* The client's side of the control socket: one call, one or more replies, each within a time limit.
 */
#ifndef TOOLS_CLIENT_H
#define TOOLS_CLIENT_H

#include "tools/context.h"

#include <jansson.h>

struct client;

/* Connects. On failure says why on stderr and returns the exit code for it; 0 otherwise. */
int client_open(const struct context *context, struct client **out);
void client_close(struct client *client);

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
