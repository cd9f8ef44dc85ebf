/* The status of a node as metrics. Names and labels are a contract: they are listed in
 * vipd-exporter(8), and only ever added. */
#ifndef TOOLS_EXPORTER_METRICS_H
#define TOOLS_EXPORTER_METRICS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* status: of the control protocol, NULL: vipd is down. Writes to `out`, whose errors are the
 * caller's to look for. */
void metrics_write(FILE *out, const json_t *status, bool open_metrics);

#endif
