/* A moment as people type it. */
#ifndef TOOLS_STATUS_SINCE_H
#define TOOLS_STATUS_SINCE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * A span before now ("90s", "15m", "2h", "3d"), a time of the last 24 hours ("14:03", "14:03:22"),
 * a day or a time of one ("2026-11-21", "2026-11-21 14:03", seconds as well, 'T' for the space),
 * all local; or with a 'Z' behind in UTC. Milliseconds since 1970 in *out_ms. False: it is none.
 */
bool since_parse(const char *text, time_t now, int64_t *out_ms);

#endif
