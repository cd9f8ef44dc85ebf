/*
 * What the server and its clients ask for when they answer a request: they know messages, and
 * nothing of instances. All are called from the event loop.
 */
#ifndef AGENT_CONTROL_HANDLERS_H
#define AGENT_CONTROL_HANDLERS_H

#include "agent/control/later.h"
#include "agent/history/history.h"

struct control_handlers {
    /* The node without instances (instance_count 0): control_status_to_json(). New reference. */
    json_t *(*node)(void *userdata);
    /* The index-th instance, 0 and up: control_instance_to_json(). NULL: there is none. A status of
     * all instances is written one instance in a turn, each as it is at that moment. */
    json_t *(*instance)(void *userdata, size_t index);
    /* The same for a thread to write: control_instance_pack(). 0: it cannot be packed into that. */
    size_t (*pack)(void *userdata, size_t index, void *room, size_t size);
    /* How many instances there are. */
    size_t (*count)(void *userdata);
    /* Another number after an instance came or went, and with that the meaning of an index. */
    uint64_t (*generation)(void *userdata);
    /* Index of the instance of that name. False: there is none. */
    bool (*find)(void *userdata, const char *name, size_t *index);
    /* Reloads, which takes its time. The answer is what control_reply_reload() or
     * control_error_reload() made; later NULL: nobody wants it. */
    void (*reload)(void *userdata, const struct control_request *request,
                   struct control_later *later);
    /* Drain, Resume or Take: a reply or an error. */
    json_t *(*handover)(void *userdata, const struct control_request *request);
    void *userdata;
    /* Borrowed; outlives the server. */
    const struct history *history;
};

#endif
