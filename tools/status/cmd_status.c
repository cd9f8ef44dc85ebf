/* vipctl status: what this node is doing, for a tired person or as JSON. The details of one
 * instance are in detail.c. */
#include "tools/status/cmd_status.h"

#include "tools/common/addresses.h"
#include "tools/common/client.h"
#include "tools/common/field.h"
#include "tools/common/health.h"
#include "tools/common/json_print.h"
#include "tools/common/options.h"
#include "tools/common/present.h"
#include "tools/common/table.h"
#include "tools/common/unknown_instance.h"
#include "tools/common/when.h"
#include "tools/common/wrap.h"
#include "tools/status/detail.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    TEXT_SIZE = 256,
};

struct status_options {
    const char *name; /* NULL: all */
    bool json;
    bool all;
    bool check;
    bool state;
};

static bool parse_options(int argc, char **argv, struct status_options *out)
{
    const struct verb_option table[] = {
        {.name = "json", .flag = &out->json},
        {.name = "all", .flag = &out->all},
        {.name = "check", .flag = &out->check},
        {.name = "state", .flag = &out->state},
    };

    *out = (struct status_options){0};
    int first = options_read(argc, argv, table, sizeof(table) / sizeof(table[0]));
    if (first < 0 || argc - first > 1 || (out->state && (out->check || out->json)))
        return false;
    out->name = first < argc ? argv[first] : NULL;
    return true;
}

static enum table_colour state_colour(const char *state)
{
    if (strcmp(state, "MASTER") == 0)
        return TABLE_GREEN;
    return strcmp(state, "INIT") == 0 ? TABLE_RED : TABLE_PLAIN;
}

static const char *master_text(const json_t *instance)
{
    const json_t *master = json_object_get(instance, "master");

    if (!json_is_object(master))
        return "nobody known";
    return field_true(master, "is_us") ? "this node" : field_text(master, "address");
}

/* The effective priority, and the configured one where that is another. The sentence below the
 * table has the arithmetic. */
static const char *priority_text(const json_t *instance, char *buffer, size_t size)
{
    long long effective = field_number(instance, "effective_priority");
    long long configured = field_number(instance, "base_priority");

    if (effective != configured)
        snprintf(buffer, size, "%lld of %lld", effective, configured);
    else
        snprintf(buffer, size, "%lld", effective);
    return buffer;
}

static void add_addresses(struct table *table, const json_t *instance)
{
    const struct address_sum sum = address_sum(instance);
    char text[TEXT_SIZE];

    table_cell(table, sum.amiss ? TABLE_RED : TABLE_PLAIN,
               address_sum_text(&sum, text, sizeof(text)));
}

static void add_row(struct table *table, const json_t *instance)
{
    const char *state = field_text(instance, "state");
    bool drained = json_is_object(json_object_get(instance, "drained"));
    char text[TEXT_SIZE];

    table_cell(table, TABLE_BOLD, field_text(instance, "name"));
    table_cell(table, TABLE_PLAIN, field_text(instance, "interface"));
    snprintf(text, sizeof(text), "%lld", field_number(instance, "vrid"));
    table_cell(table, TABLE_PLAIN, text);
    table_cell(table, drained ? TABLE_YELLOW : state_colour(state), state);
    table_cell(table, TABLE_PLAIN,
               when_age(field_text(instance, "since"), time(NULL), text, sizeof(text)));
    table_cell(table, TABLE_PLAIN, priority_text(instance, text, sizeof(text)));
    table_cell(table, TABLE_PLAIN, master_text(instance));
    add_addresses(table, instance);
}

/* A sentence about an instance, broken where a terminal ends. */
static void print_about(const struct context *context, const json_t *instance,
                        enum table_colour colour, const char *text)
{
    const char *name = field_text(instance, "name");

    printf("%s%s%s: %s", table_colour_start(TABLE_BOLD, context->colour), name,
           table_colour_end(TABLE_BOLD, context->colour),
           table_colour_start(colour, context->colour));
    wrap_print(stdout, text, table_width(name) + 2, 2, wrap_columns());
    printf("%s\n", table_colour_end(colour, context->colour));
}

/* How it stands, and for a MASTER why. */
static void print_present(const struct context *context, const json_t *instance)
{
    const json_t *last = json_object_get(instance, "last_transition");
    char present[PRESENT_SIZE];
    char text[PRESENT_SIZE + TEXT_SIZE];

    present_text(instance, present, sizeof(present));
    if (strcmp(field_text(instance, "state"), "MASTER") == 0 && json_is_object(last))
        snprintf(text, sizeof(text), "%s: %s", present, field_text(last, "text"));
    else
        snprintf(text, sizeof(text), "%s", present);
    print_about(context, instance, TABLE_PLAIN, text);
}

/* What the operator has to know beside the state. */
static void print_notes(const struct context *context, const json_t *instance)
{
    const json_t *warning;
    char seen[WHEN_SIZE + 64];
    char text[PRESENT_SIZE];
    size_t i;

    if (field_true(json_object_get(instance, "damping"), "active"))
        print_about(context, instance, TABLE_RED, "held back by flap-damping");
    json_array_foreach (json_object_get(instance, "warnings"), i, warning) {
        snprintf(text, sizeof(text), "%s (%s)", field_text(warning, "text"),
                 present_sightings(warning, time(NULL), seen, sizeof(seen)));
        print_about(context, instance, TABLE_RED, text);
    }
}

static void print_node(const struct context *context, const json_t *status)
{
    const json_t *reload = json_object_get(status, "last_reload");
    size_t count = json_array_size(json_object_get(status, "instances"));

    printf("%s%s%s: vipd %s, %zu instance%s\n", table_colour_start(TABLE_BOLD, context->colour),
           field_text(status, "node"), table_colour_end(TABLE_BOLD, context->colour),
           field_text(status, "software"), count, count == 1 ? "" : "s");
    if (json_is_object(reload) && !field_true(reload, "ok"))
        printf("%sThe last reload failed; the configuration before it is in force:%s %s\n",
               table_colour_start(TABLE_RED, context->colour),
               table_colour_end(TABLE_RED, context->colour), field_text(reload, "text"));
    putchar('\n');
}

/* Whether an entry before the end-th has the same command. */
static bool is_said(const json_t *problems, size_t end, const char *next)
{
    for (size_t i = 0; i < end; i++)
        if (strcmp(field_text(json_array_get(problems, i), "next"), next) == 0)
            return true;
    return false;
}

/* Where something is wrong: what to type now, each command once, and why. name NULL: of all. */
static void print_next(const struct context *context, const json_t *status, const char *name)
{
    enum health worst;
    json_t *problems = health_judge(status, &worst);
    const json_t *problem;
    size_t i;

    json_array_foreach (problems, i, problem) {
        const char *of = json_string_value(json_object_get(problem, "instance"));
        const char *next = field_text(problem, "next");

        /* Its details are what is being shown. */
        bool shown = name != NULL && strncmp(next, "vipctl status", strlen("vipctl status")) == 0;
        if (shown || is_said(problems, i, next))
            continue;
        printf("\n%snext:%s %s  %s# %s%s%s%s", table_colour_start(TABLE_BOLD, context->colour),
               table_colour_end(TABLE_BOLD, context->colour), next,
               table_colour_start(TABLE_DIM, context->colour), of != NULL ? of : "",
               of != NULL ? ": " : "", field_text(problem, "brief"),
               table_colour_end(TABLE_DIM, context->colour));
    }
    if (json_array_size(problems) > 0)
        putchar('\n');
    json_decref(problems);
}

static void print_all(const struct context *context, const json_t *status)
{
    enum { NAME, LINK, VRID, STATE, FOR, PRIORITY, MASTER, ADDRESSES, COLUMNS };
    static const char *const headers[COLUMNS] = {"INSTANCE", "LINK", "VRID",   "STATE",
                                                 "FOR",      "PRIO", "MASTER", "ADDRESSES"};
    /* `vipctl status NAME` has them as well. */
    static const size_t dispensable[] = {VRID, LINK, PRIORITY, FOR};
    const size_t width = wrap_columns();
    const json_t *instances = json_object_get(status, "instances");
    const json_t *instance;
    size_t i;

    print_node(context, status);
    if (json_array_size(instances) == 0) {
        puts("No instance is configured: add an [instance NAME] and run 'vipctl reload'.");
        return;
    }
    struct table *table = table_new(COLUMNS, headers);
    if (table == NULL)
        return;
    json_array_foreach (instances, i, instance)
        add_row(table, instance);
    table_fit(table, width > 0 ? width : WRAP_COLUMNS, dispensable,
              sizeof(dispensable) / sizeof(dispensable[0]));
    table_print(table, stdout, context->colour);
    table_free(table);
    putchar('\n');
    json_array_foreach (instances, i, instance) {
        print_present(context, instance);
        print_notes(context, instance);
    }
    print_next(context, status, NULL);
}

static void print_one(const struct context *context, const json_t *status, bool all)
{
    const json_t *instance = json_array_get(json_object_get(status, "instances"), 0);

    status_detail_print(context, instance, all);
    print_next(context, status, field_text(instance, "name"));
}

static const json_t *find(const json_t *instances, const char *name)
{
    const json_t *instance;
    size_t i;

    json_array_foreach (instances, i, instance)
        if (strcmp(field_text(instance, "name"), name) == 0)
            return instance;
    return NULL;
}

/* Keeps only the one instance in the status. */
static void keep_only(json_t *status, const json_t *instance)
{
    json_t *list = json_array();

    json_array_append(list, (json_t *)(uintptr_t)instance);
    json_object_set_new(status, "instances", list);
}

/* For scripts: one word for one instance, else a name and a word a line. */
static void print_states(const json_t *instances, bool one)
{
    const json_t *instance;
    size_t i;

    json_array_foreach (instances, i, instance)
        printf("%s%s%s\n", one ? "" : field_text(instance, "name"), one ? "" : " ",
               field_text(instance, "state"));
}

/* As monitoring wants it: the worst first, a line each. The exit code is the worst one. */
static int print_health(const json_t *status, bool json)
{
    static const char *const labels[] = {"OK", "WARNING", "BAD"};
    enum health worst;
    json_t *problems = health_judge(status, &worst);
    const size_t count = json_array_size(json_object_get(status, "instances"));
    const json_t *problem;
    size_t i;

    if (json) {
        json_t *entry;

        json_array_foreach (problems, i, entry) {
            json_object_del(entry, "brief");
            json_object_del(entry, "next");
        }
        json_t *all = json_pack("{s:i, s:s, s:O}", "version", 1, "health", health_name(worst),
                                "problems", problems);
        json_print(all);
        json_decref(all);
    } else if (worst == HEALTH_FINE) {
        printf("%s: %zu instance%s\n", labels[worst], count, count == 1 ? "" : "s");
    } else {
        json_array_foreach (problems, i, problem) {
            bool bad = strcmp(field_text(problem, "health"), health_name(HEALTH_BAD)) == 0;
            const char *name = json_string_value(json_object_get(problem, "instance"));

            printf("%s: %s%s%s\n", labels[bad ? HEALTH_BAD : HEALTH_WARNING],
                   name != NULL ? name : "", name != NULL ? ": " : "", field_text(problem, "text"));
        }
    }
    json_decref(problems);
    return (int)worst;
}

static int show(const struct context *context, const struct status_options *options, json_t *status)
{
    const json_t *instances = json_object_get(status, "instances");
    const json_t *instance = NULL;

    if (options->name != NULL) {
        instance = find(instances, options->name);
        if (instance == NULL) {
            unknown_instance_say(instances, options->name);
            return EXIT_FAILED;
        }
        keep_only(status, instance);
        instances = json_object_get(status, "instances");
    }
    if (options->check)
        return print_health(status, options->json);
    if (options->state)
        print_states(instances, options->name != NULL);
    else if (options->json)
        json_print(status);
    else if (options->name != NULL)
        print_one(context, status, options->all);
    else
        print_all(context, status);
    return EXIT_GOOD;
}

int cmd_status(const struct context *context, int argc, char **argv)
{
    struct status_options options;
    json_t *status;

    if (!parse_options(argc, argv, &options))
        return context_wrong_usage(context, NULL);
    int r = client_ask(context, "io.vipd.GetStatus", NULL, &status);
    if (r == 0)
        r = client_expect(context, status, "instances", JSON_ARRAY);
    if (r == 0)
        r = show(context, &options, status);
    json_decref(status);
    return r;
}
