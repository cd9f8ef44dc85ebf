/* The status page of a node: for a browser, without scripts; every text in it is escaped. */
#ifndef TOOLS_EXPORTER_PAGE_H
#define TOOLS_EXPORTER_PAGE_H

#include <jansson.h>
#include <stdio.h>
#include <time.h>

/* What the page says beside the status. Borrowed. */
struct page_facts {
    time_t now;
    time_t well_at;      /* when vipd answered last; 0: never */
    const char *problem; /* why there is no status */
};

/* status: of the control protocol, NULL: vipd is down. Errors of `out` are the caller's to look
 * for. */
void page_write(FILE *out, const json_t *status, const struct page_facts *facts);

#endif
