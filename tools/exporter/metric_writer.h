/* Writes metrics as text: the format of Prometheus, or OpenMetrics, which differ in a few words. */
#ifndef TOOLS_EXPORTER_METRIC_WRITER_H
#define TOOLS_EXPORTER_METRIC_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define METRICS_TYPE_PLAIN "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_TYPE_OPEN  "application/openmetrics-text; version=1.0.0; charset=utf-8"

enum metric_type { METRIC_GAUGE = 0, METRIC_COUNTER, METRIC_HISTOGRAM };

struct metric_label {
    const char *name;
    const char *value; /* UTF-8; NULL: this one is left out */
};

enum { METRIC_LABELS_MAX = 6 };

struct metric_writer {
    FILE *out;
    bool open_metrics;
    const char *name; /* of the family being written */
    enum metric_type type;
};

/* Begins a family. The name of a counter is without "_total". Static texts. */
void metric_family(struct metric_writer *writer, const char *name, enum metric_type type,
                   const char *help);

/* One sample of it, with the labels up to the first without a name. */
void metric_sample(struct metric_writer *writer,
                   const struct metric_label labels[METRIC_LABELS_MAX], double value);

/* One sample of a histogram: suffix is "_bucket", "_sum" or "_count". */
void metric_part(struct metric_writer *writer, const char *suffix,
                 const struct metric_label labels[METRIC_LABELS_MAX], double value);

/* After the last family. */
void metric_end(struct metric_writer *writer);

#endif
