/*
 * Lines of what changed: an instance when its state, priority, master, addresses or the verdicts of
 * its checks differ from those of its last line, each new transition, the loss and return of vipd.
 */
#include "tools/watch/lines.h"

#include "tools/common/field.h"
#include "tools/common/when.h"
#include "tools/watch/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE_SIZE = WATCH_COLUMNS * WATCH_CELL_SIZE };

struct watch_lines {
    const char *filter;
    json_t *shown;    /* {key: the line that was printed last} */
    json_t *warnings; /* {the line of one: true} */
    char *last_event; /* of the history that was printed */
    char *trouble;
    char *vipd; /* which vipd was seen last: its pid and when it was started */
};

struct watch_lines *watch_lines_new(const char *filter)
{
    struct watch_lines *lines = calloc(1, sizeof(*lines));

    if (lines == NULL)
        return NULL;
    lines->filter = filter;
    lines->shown = json_object();
    return lines;
}

void watch_lines_free(struct watch_lines *lines)
{
    if (lines == NULL)
        return;
    json_decref(lines->shown);
    json_decref(lines->warnings);
    free(lines->last_event);
    free(lines->trouble);
    free(lines->vipd);
    free(lines);
}

/* Every line begins with the time it was printed at. */
static void put(const char *text)
{
    char at[WHEN_SIZE] = "";
    struct tm tm;
    time_t now = time(NULL);

    if (localtime_r(&now, &tm) != NULL)
        strftime(at, sizeof(at), "%F %T", &tm);
    printf("%s  %s\n", at, text);
}

/* True, and remembered, when the text is not that of the last call. NULL is a text as well. */
static bool differs(char **last, const char *text)
{
    if ((*last == NULL && text == NULL) ||
        (*last != NULL && text != NULL && strcmp(*last, text) == 0))
        return false;
    free(*last);
    *last = text != NULL ? strdup(text) : NULL;
    return true;
}

static void show_if_new(struct watch_lines *lines, const char *kind, const char *name,
                        const char *text)
{
    char key[WATCH_EVENT_SIZE];

    snprintf(key, sizeof(key), "%s %s", kind, name);
    const char *before = json_string_value(json_object_get(lines->shown, key));
    if (before != NULL && strcmp(before, text) == 0)
        return;
    json_object_set_new(lines->shown, key, json_string(text));
    put(text);
}

/* The instances that the filter lets through, {name: true}. A new reference. */
static json_t *chosen(const struct watch_lines *lines, const json_t *status)
{
    json_t *names = json_object();
    const json_t *instance = NULL;
    size_t i = 0;
    struct watch_row row;

    json_array_foreach (json_object_get(status, "instances"), i, instance) {
        watch_row(instance, time(NULL), &row);
        if (watch_row_matches(&row, lines->filter))
            json_object_set_new(names, field_text(instance, "name"), json_true());
    }
    return names;
}

static void show_instances(struct watch_lines *lines, const json_t *status, const json_t *names)
{
    const json_t *instance = NULL;
    size_t i = 0;
    struct watch_row row;
    char text[LINE_SIZE];

    json_array_foreach (json_object_get(status, "instances"), i, instance) {
        if (json_object_get(names, field_text(instance, "name")) == NULL)
            continue;
        watch_row(instance, time(NULL), &row);
        snprintf(text, sizeof(text), "%s  %s  priority %s  master %s  %s", row.cells[WATCH_NAME],
                 row.cells[WATCH_STATE], row.cells[WATCH_PRIORITY], row.cells[WATCH_MASTER],
                 row.cells[WATCH_ADDRESSES]);
        show_if_new(lines, "instance", row.cells[WATCH_NAME], text);
    }
}

static void show_checks(struct watch_lines *lines, const json_t *status)
{
    json_t *checks = watch_checks(status);
    const char *name = NULL;
    json_t *check = NULL;
    char text[WATCH_EVENT_SIZE];

    json_object_foreach (checks, name, check) {
        snprintf(text, sizeof(text), "check %s  %s", name, field_text(check, "state"));
        show_if_new(lines, "check", name, watch_printable(text));
    }
    json_decref(checks);
}

/* Warnings that came and those that are over. */
static void show_warnings(struct watch_lines *lines, const json_t *status)
{
    json_t *warnings = watch_warnings(status, 0);
    const char *line = NULL;
    json_t *unused = NULL;
    char text[WATCH_EVENT_SIZE + 16];

    json_object_foreach (warnings, line, unused) {
        snprintf(text, sizeof(text), "warning %s", line);
        if (json_object_get(lines->warnings, line) == NULL)
            put(text);
    }
    json_object_foreach (lines->warnings, line, unused) {
        snprintf(text, sizeof(text), "over: %s", line);
        if (json_object_get(warnings, line) == NULL)
            put(text);
    }
    json_decref(lines->warnings);
    lines->warnings = warnings;
}

/* Where in the history what was not printed yet begins. */
static size_t first_new(const struct watch_lines *lines, const json_t *entries)
{
    char text[WATCH_EVENT_SIZE];

    for (size_t i = json_array_size(entries); i-- > 0;) {
        watch_event(json_array_get(entries, i), true, 0, text, sizeof(text));
        if (strcmp(text, lines->last_event) == 0)
            return i + 1;
    }
    return 0;
}

/* Transitions; those from before the first look are left to `vipctl history`. */
static void show_events(struct watch_lines *lines, const json_t *history, const json_t *names)
{
    const json_t *entries = json_object_get(history, "entries");
    size_t count = json_array_size(entries);
    char text[WATCH_EVENT_SIZE];
    size_t i = lines->last_event != NULL ? first_new(lines, entries) : count;

    for (; i < count; i++) {
        const json_t *entry = json_array_get(entries, i);

        if (!json_is_string(json_object_get(entry, "instance")) ||
            json_object_get(names, field_text(entry, "instance")) != NULL)
            put(watch_event(entry, false, 0, text, sizeof(text)));
    }
    text[0] = '\0';
    if (count > 0)
        watch_event(json_array_get(entries, count - 1), true, 0, text, sizeof(text));
    if (count > 0 || lines->last_event == NULL)
        differs(&lines->last_event, text);
}

static void show_vipd(struct watch_lines *lines, const json_t *status)
{
    char identity[WATCH_EVENT_SIZE];
    char text[WATCH_EVENT_SIZE];
    bool first = lines->vipd == NULL;
    bool other = differs(&lines->vipd, watch_identity(status, identity, sizeof(identity)));
    bool back = differs(&lines->trouble, NULL);

    if (!first && !other && !back)
        return;
    snprintf(text, sizeof(text), "vipd %s on %s (pid %lld)%s", field_text(status, "software"),
             field_text(status, "node"), field_number(status, "pid"),
             first   ? ""
             : other ? " was started"
                     : " answers again");
    put(watch_printable(text));
}

bool watch_lines_show(struct watch_lines *lines, const struct watch_feed *feed)
{
    const json_t *status = watch_feed_status(feed);

    if (watch_feed_trouble(feed) != NULL) {
        if (differs(&lines->trouble, watch_feed_trouble(feed)))
            put(lines->trouble != NULL ? lines->trouble : "vipd does not answer");
    } else if (status != NULL) {
        json_t *names = chosen(lines, status);

        show_vipd(lines, status);
        show_events(lines, watch_feed_history(feed), names);
        show_instances(lines, status, names);
        show_checks(lines, status);
        show_warnings(lines, status);
        json_decref(names);
    }
    return fflush(stdout) == 0 && !ferror(stdout);
}
