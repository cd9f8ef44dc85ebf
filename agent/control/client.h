/*
 * One client of the control socket: its buffers, the request it is being answered, its timeout.
 * Owned by the control server; it closes itself through the server when it has to go.
 */
#ifndef AGENT_CONTROL_CLIENT_H
#define AGENT_CONTROL_CLIENT_H

#include "agent/control/handlers.h"
#include "agent/control/press.h"

#include <sys/types.h>
#include <systemd/sd-event.h>

struct control_client;

/* What a client needs of its server. */
struct control_client_owner {
    sd_event *event;
    const struct control_handlers *handlers;
    struct press *press; /* the status of all, for all of them */
    /* A turn was given to what a client had asked before. */
    void (*worked)(void *userdata);
    /* Takes the client off the list and frees it with control_client_free(). */
    void (*drop)(void *userdata, struct control_client *client);
    void *userdata;
};

/* Takes over fd (closes it, also on failure). permitted: may call methods that change something.
 * owner is borrowed. 0 or a negative errno. */
int control_client_new(const struct control_client_owner *owner, int fd, uid_t uid, bool permitted,
                       struct control_client **out);
void control_client_free(struct control_client *client);

/* Takes what it has sent already, in the turn in which it was accepted: those who ask at the same
 * time are to have asked before long answers are made. May drop it. */
void control_client_begin(struct control_client *client);

/* There may be new history entries. */
void control_client_wake(struct control_client *client);

uid_t control_client_uid(const struct control_client *client);

/* True when it is not being answered. */
bool control_client_idle(const struct control_client *client);

#endif
