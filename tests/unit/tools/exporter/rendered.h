/* What the exporter writes of the status of status_text.h. */
#ifndef TESTS_RENDERED_H
#define TESTS_RENDERED_H

#include <jansson.h>
#include <stdbool.h>

/* STATUS_TEXT; the caller owns it. */
json_t *status_new(void);

/* The metrics, or the page. status NULL: vipd is down. The caller frees the text. */
char *render_metrics(const json_t *status, bool open_metrics);
char *render_page(const json_t *status);

#endif
