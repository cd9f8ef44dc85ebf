/* When what was freed in small pieces is worth giving back to the system. */
#ifndef AGENT_TRIM_H
#define AGENT_TRIM_H

#include "agent/parts.h"

/* So many instances, or watches of routers over their LAN, were freed or are about to be: some 2
 * KiB each. With what was freed before, once it is enough; who would miss an advert for it has none
 * given back. */
void trim_freed(struct parts *parts, size_t count);

/* One more: the node's on_rest; its userdata are the parts. */
void trim_on_rest(void *userdata);

#endif
