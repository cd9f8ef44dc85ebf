/*
 * All rooms of the node, and the wiring between them: what one tells by a callback is passed on to
 * those that it concerns. Instances tell of transitions, links of what the kernel does, checks of
 * verdicts; the history, hooks, the recorder and the control socket hear of it. For the composition
 * only: nothing below this folder knows of it.
 */
#ifndef AGENT_PARTS_H
#define AGENT_PARTS_H

#include "agent/base/memory_trim.h"
#include "agent/control/control.h"
#include "agent/instances/attach.h"
#include "agent/instances/events.h"
#include "agent/options.h"
#include "agent/publish/publish.h"

/* Fields above `node` are filled in first. */
struct parts {
    struct agent_options options;
    struct snapshot_facts facts; /* owns a reference to the configuration */
    /* What the control socket's Reload calls: see control.h. */
    void (*reload)(void *userdata, const struct control_request *request,
                   struct control_later *later);
    void *reload_userdata;

    struct node node;
    struct worker
        *links_worker;     /* opens and closes sockets, captures and macvlans; NULL: not yet */
    struct worker *kernel; /* writes to the kernel, for node.reconciler */
    struct worker *files;  /* writes state, history and drains */
    struct worker *config; /* reads a new configuration */
    struct memory_trim *trim;
    size_t freed; /* of what trim.h counts, since it was used last */
    struct registry *registry;
    struct attach *attach;
    struct recorder *recorder; /* NULL: off */
    struct chronicle *chronicle;
    struct publish *publish;
    struct control *control; /* NULL: not opened yet */
};

/* 0 or a negative errno, logged; to be closed also then. */
int parts_open(struct parts *parts);

/* Once everything is started: what can wait is done by threads from now on, not by the loop. */
void parts_wait_for_nobody(struct parts *parts);

/* Waits, not for long, until the kernel has taken away what was released: 0, or a negative errno.
 */
int parts_finish(struct parts *parts);

/* What instances still hold is released at once. */
void parts_close(struct parts *parts);

/* What cannot wait: received adverts, then what is due. For whoever keeps the event loop waiting.
 */
void parts_serve_due(struct parts *parts);

#endif
