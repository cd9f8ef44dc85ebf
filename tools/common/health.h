/* Is it well? What `vipctl status --check` says and exits with, for monitoring. */
#ifndef TOOLS_COMMON_HEALTH_H
#define TOOLS_COMMON_HEALTH_H

#include <jansson.h>

/* In rising order; the numbers are exit codes. */
enum health {
    HEALTH_FINE = 0,
    HEALTH_WARNING = 1, /* it serves, or somebody does, and this needs a look */
    HEALTH_BAD = 2,     /* an address is not served, or by two, or this node cannot take over */
};

/* "ok", "warning", "bad". Static text. */
const char *health_name(enum health health);

/* Judges a status. A new array, the worst first, of {"instance", "health", "text", "brief",
 * "next"}; "instance" is null for what is the node's, "brief" the matter in a few words, "next" the
 * command that shows more or mends it. *worst: of all of them. */
json_t *health_judge(const json_t *status, enum health *worst);

#endif
