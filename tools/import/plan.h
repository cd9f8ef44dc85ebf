/*
 * The migration of one keepalived.conf, step by step: what to do on which node in which order, what
 * to watch, how to go back.
 */
#ifndef TOOLS_IMPORT_PLAN_H
#define TOOLS_IMPORT_PLAN_H

#include "tools/import/output.h"

#include <jansson.h>

struct plan;

/* Makes it of a configuration that import_text() has gone over. Of its arena. */
struct plan *plan_make(const struct import_output *out);

void plan_print(const struct plan *plan);

/* [{"title", "node", "do": [], "watch": [], "back": []}, ...] */
json_t *plan_json(const struct plan *plan);

#endif
