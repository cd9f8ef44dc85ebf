/* Drain, Resume and Take of the control socket: which instances are meant, and what to answer. */
#ifndef AGENT_CONTROL_REQUESTS_H
#define AGENT_CONTROL_REQUESTS_H

#include "agent/instances/registry.h"

/* last_id is 0 to begin with. */
struct requests {
    const struct registry *registry; /* borrowed */
    uint64_t last_id;                /* of the last drain, take or resume */
};

/* One of the three requests. A new reference, or NULL when out of memory. */
json_t *requests_handover(struct requests *requests, const struct control_request *request);

#endif
