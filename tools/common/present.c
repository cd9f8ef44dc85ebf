/* The present tense; see present.h. */
#include "tools/common/present.h"

#include "tools/common/drained.h"
#include "tools/common/field.h"
#include "tools/common/when.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What is written so far; texts that do not fit are cut off. */
struct line {
    char *buffer;
    size_t size;
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int n = vsnprintf(line->buffer + line->used, line->size - line->used, format, arguments);
    va_end(arguments);
    if (n > 0)
        line->used += (size_t)n < line->size - line->used ? (size_t)n : line->size - line->used - 1;
}

/* Its own priority, and how it came about where it is not the configured one. */
static const char *own_priority(const json_t *instance, char *buffer, size_t size)
{
    if (field_number(instance, "effective_priority") != field_number(instance, "base_priority") &&
        json_is_string(json_object_get(instance, "priority_text")))
        return field_text(instance, "priority_text");
    snprintf(buffer, size, "%lld", field_number(instance, "effective_priority"));
    return buffer;
}

/* Why a master with less is left alone. */
static void add_patience(struct line *line, const json_t *instance)
{
    long long delay_ms = field_number(instance, "preempt_delay_ms");

    if (!field_true(instance, "preempt"))
        add(line, " (preempt = no)");
    else if (delay_ms > 0)
        add(line, " (preempt = %s, %g s)", field_text(instance, "preempt_mode"),
            (double)delay_ms / 1000);
}

static void add_master(struct line *line, const json_t *instance)
{
    const json_t *master = json_object_get(instance, "master");
    char own[16];

    if (!json_is_object(master)) {
        add(line, "no master is known");
        return;
    }
    add(line, "%s is MASTER with %lld", field_text(master, "address"),
        field_number(master, "priority"));
    if (strcmp(field_text(instance, "state"), "INIT") == 0)
        return;
    add(line, ", ours is %s", own_priority(instance, own, sizeof(own)));
    if (field_number(master, "priority") < field_number(instance, "effective_priority"))
        add_patience(line, instance);
}

static bool holds(const json_t *object, const char *name)
{
    const json_t *hold;
    size_t i;

    json_array_foreach (json_object_get(object, "held_by"), i, hold)
        if (json_is_string(hold) && strcmp(json_string_value(hold), name) == 0)
            return true;
    return false;
}

/* "IPv6 " when the hold is of one family of two only; else "". */
static const char *family_of(const json_t *instance, const char *hold)
{
    const json_t *routers = json_object_get(instance, "routers");
    const char *found = "";
    const json_t *router;
    size_t held = 0;
    size_t i;

    json_array_foreach (routers, i, router) {
        if (!holds(router, hold))
            continue;
        held++;
        found = strcmp(field_text(router, "family"), "ipv6") == 0 ? "IPv6 " : "IPv4 ";
    }
    return held < json_array_size(routers) ? found : "";
}

static void add_failing(struct line *line, const json_t *instance)
{
    const json_t *check;
    bool first = true;
    size_t i;

    json_array_foreach (json_object_get(instance, "checks"), i, check) {
        if (strcmp(field_text(check, "state"), "failing") != 0)
            continue;
        add(line, "%scheck %s fails: %s", first ? "" : ", ", field_text(check, "name"),
            field_text(check, "text"));
        first = false;
    }
    if (first)
        add(line, "a health check fails");
}

static void add_unusable(struct line *line, const json_t *instance)
{
    const json_t *warning;
    size_t i;

    json_array_foreach (json_object_get(instance, "warnings"), i, warning) {
        if (strcmp(field_text(warning, "kind"), "unusable-interface") == 0) {
            add(line, "%s", field_text(warning, "text"));
            return;
        }
    }
    add(line, "%s cannot be used", field_text(instance, "interface"));
}

/* How the command ended. */
static const char *last_before(const json_t *instance)
{
    const json_t *hook;
    size_t i;

    json_array_foreach (json_object_get(instance, "hooks"), i, hook)
        if (strcmp(field_text(hook, "hook"), "before-master") == 0)
            return field_text(hook, "text");
    return "it is tried again after a while";
}

static void add_hold(struct line *line, const json_t *instance, const char *hold)
{
    const char *interface = field_text(instance, "interface");
    char text[64];

    if (strcmp(hold, "no-interface") == 0)
        add(line, "there is no interface %s", interface);
    else if (strcmp(hold, "unusable-interface") == 0)
        add_unusable(line, instance);
    else if (strcmp(hold, "no-route") == 0)
        add(line, "no route leads to its unicast-peers");
    else if (strcmp(hold, "link-down") == 0)
        add(line, "%s is down or has no carrier", interface);
    else if (strcmp(hold, "no-primary-address") == 0)
        add(line, "%s has no %saddress to send from", interface, family_of(instance, hold));
    else if (strcmp(hold, "drained") == 0)
        add(line, "%s",
            drained_text(instance, text, sizeof(text)) != NULL ? text : "drained until resumed");
    else if (strcmp(hold, "start-delay") == 0)
        add(line, "the machine was started a short while ago (start-delay)");
    else if (strcmp(hold, "check-failed") == 0)
        add_failing(line, instance);
    else if (strcmp(hold, "conflict") == 0)
        add(line, "another machine holds its address");
    else if (strcmp(hold, "group") == 0)
        add(line, "another instance of its group is held");
    else if (strcmp(hold, "stopped") == 0)
        add(line, "it is stopped");
    else if (strcmp(hold, "not-prepared") == 0)
        add(line, "before-master failed: %s", last_before(instance));
    else
        add(line, "%s", hold);
}

/* MASTER, and the addresses are not here yet. */
static void add_waiting(struct line *line, const json_t *waiting)
{
    double seconds = (double)field_number(waiting, "for_ms") / 1000;

    if (strcmp(field_text(waiting, "for"), "release") == 0)
        add(line, ", waiting for %.1f s for the old master to release the addresses", seconds);
    else
        add(line, ", waiting for %s for %.1f s", field_text(waiting, "command"), seconds);
}

static void add_holds(struct line *line, const json_t *instance)
{
    const json_t *list = json_object_get(instance, "held_by");
    const json_t *hold;
    size_t i;

    json_array_foreach (list, i, hold)
        add(line, "%s%s", i == 0 ? " (" : ", ",
            json_is_string(hold) ? json_string_value(hold) : "-");
    add(line, "%s: ", json_array_size(list) > 0 ? ")" : "");
    json_array_foreach (list, i, hold) {
        /* No interface, no address: that is said once. */
        if ((holds(instance, "no-interface") || holds(instance, "no-route")) &&
            json_is_string(hold) && strcmp(json_string_value(hold), "no-primary-address") == 0)
            continue;
        add_hold(line, instance, json_is_string(hold) ? json_string_value(hold) : "-");
        add(line, "; ");
    }
}

const char *present_text(const json_t *instance, char *buffer, size_t size)
{
    struct line line = {.buffer = buffer, .size = size};
    const char *state = field_text(instance, "state");
    char text[64];

    add(&line, "%s", state);
    if (json_is_object(json_object_get(instance, "waiting"))) {
        add_waiting(&line, json_object_get(instance, "waiting"));
    } else if (strcmp(state, "MASTER") == 0) {
        add(&line, " with %s", own_priority(instance, text, sizeof(text)));
    } else {
        if (json_array_size(json_object_get(instance, "held_by")) > 0)
            add_holds(&line, instance);
        else
            add(&line, ": ");
        add_master(&line, instance);
        if (!holds(instance, "drained") && drained_text(instance, text, sizeof(text)) != NULL)
            add(&line, "; %s", text);
    }
    if (field_true(instance, "lingering"))
        add(&line, "; handing over");
    return buffer;
}

const char *present_sightings(const json_t *warning, time_t now, char *buffer, size_t size)
{
    char age[WHEN_SIZE];
    long long count = field_number(warning, "count");

    when_age(field_text(warning, "last_seen"), now, age, sizeof(age));
    if (count > 1)
        snprintf(buffer, size, "seen %lld times, last seen %s ago", count, age);
    else
        snprintf(buffer, size, "last seen %s ago", age);
    return buffer;
}
