/* What `vipctl watch` shows, as texts: made of vipd's answers, the same for every form of output.
 */
#ifndef TOOLS_WATCH_MODEL_H
#define TOOLS_WATCH_MODEL_H

#include "tools/common/table.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum watch_column {
    WATCH_NAME = 0,
    WATCH_INTERFACE,
    WATCH_VRID,
    WATCH_STATE,
    WATCH_SINCE,
    WATCH_PRIORITY,
    WATCH_MASTER,
    WATCH_ADVERT,
    WATCH_ADDRESSES,
    WATCH_COLUMNS,
};

enum { WATCH_CELL_SIZE = 96, WATCH_EVENT_SIZE = 320 };

struct watch_row {
    char cells[WATCH_COLUMNS][WATCH_CELL_SIZE]; /* printable */
    enum table_colour colour;                   /* of the state */
};

/* "INSTANCE", ... Static text. */
const char *watch_header(enum watch_column column);

/* One element of "instances". now: for ages. */
void watch_row(const json_t *instance, time_t now, struct watch_row *out);

/* True when any cell of the row has the filter in it; case does not matter; "" is in all. */
bool watch_row_matches(const struct watch_row *row, const char *filter);

/* Counts states: "3 instances: 2 MASTER, 1 BACKUP". Returns buffer. */
const char *watch_totals(const json_t *status, char *buffer, size_t size);

/* An entry of the history as one line: "web  BACKUP -> MASTER  no advert ..." for a transition, its
 * name for another event; with the time before it when asked for. name_width: of the names it has
 * to line up with, 0: with none. Returns buffer. */
const char *watch_event(const json_t *entry, bool with_time, size_t name_width, char *buffer,
                        size_t size);

/* Which vipd that is: another text after a restart. Returns buffer. */
const char *watch_identity(const json_t *status, char *buffer, size_t size);

/* The checks of all instances, each name once: {NAME: check}. A new reference. */
json_t *watch_checks(const json_t *status);
/* One of them as a line: "haproxy  http  failing  503 Service Unavailable". name_width: as above.
 * Returns buffer. */
const char *watch_check(const char *name, const json_t *check, size_t name_width, char *buffer,
                        size_t size);

/* What is odd on the LAN: {LINE: true}, such as "web  second-master  ...". name_width: as above. A
 * new reference. */
json_t *watch_warnings(const json_t *status, size_t name_width);

/* Replaces what a terminal would obey by '?'; UTF-8 stays. Returns text. */
char *watch_printable(char *text);

#endif
