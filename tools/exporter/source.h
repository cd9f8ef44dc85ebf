/* What vipd says of this node, asked for by the control socket when somebody wants to know. */
#ifndef TOOLS_EXPORTER_SOURCE_H
#define TOOLS_EXPORTER_SOURCE_H

#include "tools/common/context.h"

#include <jansson.h>
#include <time.h>

enum { SOURCE_PROBLEM_SIZE = 256 };

/* The last answer. Many who ask within a moment get the same: however often HTTP clients come, vipd
 * is asked a few times a second, and once a second while it does not answer. */
struct source {
    struct context context;
    json_t *status;                    /* NULL: vipd is down */
    bool asked;                        /* ever */
    int64_t done_ms;                   /* monotonic: when the last answer was here, or was not */
    time_t well_at;                    /* wall clock of the last good answer; 0: never */
    char problem[SOURCE_PROBLEM_SIZE]; /* why there is no status; a sentence without a full stop */
};

/* control_path is borrowed. */
void source_init(struct source *source, const char *control_path);
void source_free(struct source *source);

/* The status, borrowed until the next call; NULL: vipd is down, source->problem says how. Takes at
 * most SOURCE_WAIT_MS, whatever vipd does. Changes between up and down are said on stderr. */
enum { SOURCE_WAIT_MS = 6000 };
const json_t *source_status(struct source *source);

#endif
