/* Which entries of the history are no alarm: what somebody asked for. */
#ifndef TOOLS_COMMON_PLANNED_H
#define TOOLS_COMMON_PLANNED_H

#include "tools/common/table.h"

#include <jansson.h>
#include <stdbool.h>

/* Whether the transition was asked for: a start or stop, a drain, a take, a reload. */
bool planned_entry(const json_t *entry);

/* Green into MASTER, red into INIT unless it was asked for. */
enum table_colour planned_colour(const json_t *entry);

#endif
