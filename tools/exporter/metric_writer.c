/* Families and samples; see metric_writer.h. */
#include "tools/exporter/metric_writer.h"

static const char *const TYPES[] = {"gauge", "counter", "histogram"};

void metric_family(struct metric_writer *writer, const char *name, enum metric_type type,
                   const char *help)
{
    /* A family of OpenMetrics has the name without the suffix of its samples. */
    const char *suffix = type == METRIC_COUNTER && !writer->open_metrics ? "_total" : "";

    writer->name = name;
    writer->type = type;
    fprintf(writer->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name, suffix,
            TYPES[type]);
}

static void write_value(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            fputs("\\n", out);
        else if (*text == '\\' || *text == '"')
            fprintf(out, "\\%c", *text);
        else
            putc(*text, out);
    }
}

void metric_part(struct metric_writer *writer, const char *suffix,
                 const struct metric_label labels[METRIC_LABELS_MAX], double value)
{
    const char *before = "{";

    fprintf(writer->out, "%s%s", writer->name, suffix);
    for (size_t i = 0; i < METRIC_LABELS_MAX && labels[i].name != NULL; i++) {
        if (labels[i].value == NULL)
            continue;
        fprintf(writer->out, "%s%s=\"", before, labels[i].name);
        write_value(writer->out, labels[i].value);
        putc('"', writer->out);
        before = ",";
    }
    /* Enough digits for a time in milliseconds. */
    fprintf(writer->out, "%s %.15g\n", *before == ',' ? "}" : "", value);
}

void metric_sample(struct metric_writer *writer,
                   const struct metric_label labels[METRIC_LABELS_MAX], double value)
{
    metric_part(writer, writer->type == METRIC_COUNTER ? "_total" : "", labels, value);
}

void metric_end(struct metric_writer *writer)
{
    if (writer->open_metrics)
        fputs("# EOF\n", writer->out);
}
