#include "tests/unit/tools/exporter/rendered.h"

#include "tests/unit/tools/exporter/status_text.h"
#include "tools/exporter/metrics.h"
#include "tools/exporter/page.h"

#include <stdlib.h>
#include <string.h>

json_t *status_new(void)
{
    char *text = strdup(STATUS_TEXT);
    json_error_t error;

    /* Readable in C, and JSON's here. */
    for (char *c = text; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    json_t *status = json_loads(text, 0, &error);
    free(text);
    return status;
}

char *render_metrics(const json_t *status, bool open_metrics)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    metrics_write(out, status, open_metrics);
    fclose(out);
    return text;
}

char *render_page(const json_t *status)
{
    const struct page_facts facts = {.now = 1767225700, /* 2026-01-01T00:01:40Z */
                                     .well_at = 1767225600,
                                     .problem = "nobody answers at <here>"};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    page_write(out, status, &facts);
    fclose(out);
    return text;
}
