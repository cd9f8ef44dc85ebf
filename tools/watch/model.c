/* From JSON to texts: see model.h. */
#include "tools/watch/model.h"

#include "tools/common/addresses.h"
#include "tools/common/field.h"
#include "tools/common/when.h"

#include <stdio.h>
#include <string.h>

/* "BACKUP -> MASTER" */
enum { HAPPENING_WIDTH = 16, CHECK_TYPE_WIDTH = 7, CHECK_STATE_WIDTH = 7 };

const char *watch_header(enum watch_column column)
{
    static const char *const headers[WATCH_COLUMNS] = {
        "INSTANCE", "INTERFACE", "VRID",   "STATE",     "SINCE",
        "PRIORITY", "MASTER",    "ADVERT", "ADDRESSES",
    };

    return headers[column];
}

char *watch_printable(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
    }
    return text;
}

/* Held on purpose is no alarm. */
static enum table_colour state_colour(const json_t *instance)
{
    const char *state = field_text(instance, "state");

    if (json_is_object(json_object_get(instance, "drained")))
        return TABLE_YELLOW;
    if (strcmp(state, "MASTER") == 0)
        return TABLE_GREEN;
    return strcmp(state, "INIT") == 0 ? TABLE_RED : TABLE_PLAIN;
}

/* "3 h", "5 min": how long ago a time of the protocol is. */
static const char *age(const char *text, time_t now, char *buffer, size_t size)
{
    time_t then = 0;
    unsigned ms = 0;

    if (!when_parse(text, &then, &ms)) {
        snprintf(buffer, size, "-");
        return buffer;
    }
    long long seconds = now > then ? (long long)(now - then) : 0;
    if (seconds < 120)
        snprintf(buffer, size, "%lld s", seconds);
    else if (seconds < 7200)
        snprintf(buffer, size, "%lld min", seconds / 60);
    else if (seconds < 172800)
        snprintf(buffer, size, "%lld h", seconds / 3600);
    else
        snprintf(buffer, size, "%lld d", seconds / 86400);
    return buffer;
}

static void state_cell(const json_t *instance, char *cell)
{
    const json_t *hold = json_array_get(json_object_get(instance, "held_by"), 0);
    const char *state = field_text(instance, "state");

    if (json_is_object(json_object_get(instance, "drained")))
        snprintf(cell, WATCH_CELL_SIZE, "%s (drained)", state);
    else if (field_true(instance, "lingering"))
        snprintf(cell, WATCH_CELL_SIZE, "%s (handing over)", state);
    else if (json_is_string(hold))
        snprintf(cell, WATCH_CELL_SIZE, "%s (%s)", state, json_string_value(hold));
    else
        snprintf(cell, WATCH_CELL_SIZE, "%s", state);
}

static void master_cell(const json_t *instance, char *cell)
{
    const json_t *master = json_object_get(instance, "master");

    if (!json_is_object(master))
        snprintf(cell, WATCH_CELL_SIZE, "nobody known");
    else if (field_true(master, "is_us"))
        snprintf(cell, WATCH_CELL_SIZE, "this node");
    else
        snprintf(cell, WATCH_CELL_SIZE, "%s (%lld)", field_text(master, "address"),
                 field_number(master, "priority"));
}

/* Of a master: how often it sends. Else: how old the last advert is, the oldest of all families. */
static void advert_cell(const json_t *instance, char *cell)
{
    const json_t *routers = json_object_get(instance, "routers");
    bool master = strcmp(field_text(instance, "state"), "MASTER") == 0;
    double oldest_ms = -1;
    const json_t *router = NULL;
    size_t i = 0;

    json_array_foreach (routers, i, router) {
        const json_t *value = json_object_get(router, "last_advert_age_ms");
        double ms = json_is_number(value) ? json_number_value(value) : -1;

        oldest_ms = ms > oldest_ms ? ms : oldest_ms;
    }
    router = json_array_get(routers, 0);
    if (master && router != NULL)
        snprintf(cell, WATCH_CELL_SIZE, "every %g s",
                 (double)field_number(router, "advert_interval_ms") / 1000);
    else if (!master && oldest_ms >= 0)
        snprintf(cell, WATCH_CELL_SIZE, "%.1f s ago", oldest_ms / 1000);
    else
        snprintf(cell, WATCH_CELL_SIZE, "-");
}

static void addresses_cell(const json_t *instance, char *cell)
{
    const struct address_sum sum = address_sum(instance);

    address_sum_text(&sum, cell, WATCH_CELL_SIZE);
}

void watch_row(const json_t *instance, time_t now, struct watch_row *out)
{
    *out = (struct watch_row){.colour = state_colour(instance)};
    snprintf(out->cells[WATCH_NAME], WATCH_CELL_SIZE, "%s", field_text(instance, "name"));
    snprintf(out->cells[WATCH_INTERFACE], WATCH_CELL_SIZE, "%s", field_text(instance, "interface"));
    snprintf(out->cells[WATCH_VRID], WATCH_CELL_SIZE, "%lld", field_number(instance, "vrid"));
    state_cell(instance, out->cells[WATCH_STATE]);
    age(field_text(instance, "since"), now, out->cells[WATCH_SINCE], WATCH_CELL_SIZE);
    snprintf(out->cells[WATCH_PRIORITY], WATCH_CELL_SIZE, "%s",
             field_text(instance, "priority_text"));
    master_cell(instance, out->cells[WATCH_MASTER]);
    advert_cell(instance, out->cells[WATCH_ADVERT]);
    addresses_cell(instance, out->cells[WATCH_ADDRESSES]);
    for (size_t i = 0; i < WATCH_COLUMNS; i++)
        watch_printable(out->cells[i]);
}

bool watch_row_matches(const struct watch_row *row, const char *filter)
{
    for (size_t i = 0; i < WATCH_COLUMNS; i++) {
        if (strcasestr(row->cells[i], filter) != NULL)
            return true;
    }
    return false;
}

const char *watch_totals(const json_t *status, char *buffer, size_t size)
{
    static const char *const states[] = {"MASTER", "BACKUP", "INIT"};
    size_t counts[3] = {0};
    const json_t *instances = json_object_get(status, "instances");
    const json_t *instance = NULL;
    size_t i = 0;

    json_array_foreach (instances, i, instance) {
        for (size_t s = 0; s < 3; s++)
            counts[s] += strcmp(field_text(instance, "state"), states[s]) == 0 ? 1 : 0;
    }
    snprintf(buffer, size, "%zu instance%s", json_array_size(instances),
             json_array_size(instances) == 1 ? "" : "s");
    const char *gap = ": ";
    for (size_t s = 0; s < 3; s++) {
        size_t used = strlen(buffer);

        if (counts[s] == 0)
            continue;
        snprintf(buffer + used, size - used, "%s%zu %s", gap, counts[s], states[s]);
        gap = ", ";
    }
    return buffer;
}

/* "BACKUP -> MASTER", or the name of what changed no state. */
static void happening(const json_t *entry, char *buffer, size_t size)
{
    const char *from = json_string_value(json_object_get(entry, "from"));
    const char *to = json_string_value(json_object_get(entry, "to"));
    const char *reason = json_string_value(json_object_get(entry, "reason"));
    bool event = strcmp(field_text(entry, "kind"), "event") == 0;

    if (from != NULL && to != NULL && strcmp(from, to) != 0 && !event)
        snprintf(buffer, size, "%s -> %s", from, to);
    else
        snprintf(buffer, size, "%s", reason != NULL ? reason : field_text(entry, "event"));
}

const char *watch_event(const json_t *entry, bool with_time, size_t name_width, char *buffer,
                        size_t size)
{
    char at[WHEN_SIZE];
    char what[WATCH_CELL_SIZE];
    char name[2 * WATCH_CELL_SIZE];
    const char *instance = json_string_value(json_object_get(entry, "instance"));
    const char *family = json_string_value(json_object_get(entry, "family"));

    when_format(field_text(entry, "at"), at, sizeof(at));
    happening(entry, what, sizeof(what));
    snprintf(name, sizeof(name), "%s%s%s", instance != NULL ? instance : "vipd",
             family != NULL ? " " : "", family != NULL ? family : "");
    snprintf(buffer, size, "%s%s%-*s  %-*s  %s", with_time ? at : "", with_time ? "  " : "",
             (int)name_width, name, name_width > 0 ? HAPPENING_WIDTH : 0, what,
             field_text(entry, "text"));
    return watch_printable(buffer);
}

const char *watch_identity(const json_t *status, char *buffer, size_t size)
{
    snprintf(buffer, size, "%lld %s", field_number(status, "pid"),
             field_text(status, "started_at"));
    return buffer;
}

json_t *watch_checks(const json_t *status)
{
    json_t *all = json_object();
    const json_t *instance = NULL;
    json_t *check = NULL;
    size_t i = 0;
    size_t n = 0;

    json_array_foreach (json_object_get(status, "instances"), i, instance) {
        json_array_foreach (json_object_get(instance, "checks"), n, check) {
            if (json_is_string(json_object_get(check, "name")))
                json_object_set(all, field_text(check, "name"), check);
        }
    }
    return all;
}

const char *watch_check(const char *name, const json_t *check, size_t name_width, char *buffer,
                        size_t size)
{
    const char *text = field_text(check, "text");
    const json_t *weight = json_object_get(check, "weight");
    char weight_text[32] = "";

    if (json_is_integer(weight))
        snprintf(weight_text, sizeof(weight_text), "  weight %+lld",
                 (long long)json_integer_value(weight));
    snprintf(buffer, size, "%-*s  %-*s  %-*s%s%s%s", (int)name_width, name,
             name_width > 0 ? CHECK_TYPE_WIDTH : 0, field_text(check, "type"),
             name_width > 0 ? CHECK_STATE_WIDTH : 0, field_text(check, "state"), weight_text,
             strcmp(text, "-") != 0 ? "  " : "", strcmp(text, "-") != 0 ? text : "");
    return watch_printable(buffer);
}

json_t *watch_warnings(const json_t *status, size_t name_width)
{
    json_t *all = json_object();
    const json_t *instance = NULL;
    const json_t *warning = NULL;
    size_t i = 0;
    size_t n = 0;
    char line[WATCH_EVENT_SIZE];

    json_array_foreach (json_object_get(status, "instances"), i, instance) {
        json_array_foreach (json_object_get(instance, "warnings"), n, warning) {
            snprintf(line, sizeof(line), "%-*s  %s  %s", (int)name_width,
                     field_text(instance, "name"), field_text(warning, "kind"),
                     field_text(warning, "text"));
            json_object_set_new(all, watch_printable(line), json_true());
        }
    }
    return all;
}
