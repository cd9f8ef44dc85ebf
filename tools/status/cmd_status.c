/* vipctl status: what this node is doing, for a tired person or as JSON. The details of one
 * instance are in detail.c. */
#include "tools/status/cmd_status.h"

#include "lib/config/suggest.h"
#include "tools/common/client.h"
#include "tools/common/field.h"
#include "tools/common/json_print.h"
#include "tools/common/options.h"
#include "tools/common/table.h"
#include "tools/common/when.h"
#include "tools/status/detail.h"
#include "tools/status/drained.h"

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
};

static bool parse_options(int argc, char **argv, struct status_options *out)
{
    const struct verb_option table[] = {
        {.name = "json", .flag = &out->json},
        {.name = "all", .flag = &out->all},
    };

    *out = (struct status_options){0};
    int first = options_read(argc, argv, table, sizeof(table) / sizeof(table[0]));
    if (first < 0 || argc - first > 1)
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

static const char *master_text(const json_t *instance, char *buffer, size_t size)
{
    const json_t *master = json_object_get(instance, "master");

    if (!json_is_object(master))
        return "nobody known";
    snprintf(buffer, size, "%s%s", field_text(master, "address"),
             field_true(master, "is_us") ? " (this node)" : "");
    return buffer;
}

/* The effective priority, and why it is not the configured one or does not count now. The
 * arithmetic is in the details. */
static const char *priority_text(const json_t *instance, char *buffer, size_t size)
{
    const json_t *hold = json_array_get(json_object_get(instance, "held_by"), 0);
    long long effective = field_number(instance, "effective_priority");
    long long configured = field_number(instance, "base_priority");

    if (json_is_string(hold))
        snprintf(buffer, size, "%lld (held: %s)", effective, json_string_value(hold));
    else if (field_true(json_object_get(instance, "damping"), "active"))
        snprintf(buffer, size, "%lld (held back: flap-damping)", effective);
    else if (effective != configured)
        snprintf(buffer, size, "%lld (configured %lld)", effective, configured);
    else
        snprintf(buffer, size, "%lld", effective);
    return buffer;
}

/* One address as it is, several as a count. */
static const char *addresses_text(const json_t *instance, char *buffer, size_t size)
{
    const json_t *list = json_object_get(instance, "addresses");
    const json_t *address;
    size_t held = 0;
    size_t i;

    json_array_foreach (list, i, address)
        held += field_true(address, "held");
    if (json_array_size(list) == 1)
        snprintf(buffer, size, "%s%s", field_text(json_array_get(list, 0), "address"),
                 held == 1 ? " held" : "");
    else
        snprintf(buffer, size, "%zu of %zu held", held, json_array_size(list));
    return buffer;
}

static void add_row(struct table *table, const json_t *instance)
{
    const char *state = field_text(instance, "state");
    char text[TEXT_SIZE];

    table_cell(table, TABLE_BOLD, field_text(instance, "name"));
    table_cell(table, TABLE_PLAIN, field_text(instance, "interface"));
    snprintf(text, sizeof(text), "%lld",
             (long long)json_integer_value(json_object_get(instance, "vrid")));
    table_cell(table, TABLE_PLAIN, text);
    snprintf(text, sizeof(text), "%s%s", state,
             field_true(instance, "lingering") ? " (handing over)" : "");
    table_cell(table, state_colour(state), text);
    table_cell(table, TABLE_PLAIN,
               when_since(field_text(instance, "since"), time(NULL), text, sizeof(text)));
    table_cell(table, TABLE_PLAIN, priority_text(instance, text, sizeof(text)));
    table_cell(table, TABLE_PLAIN, master_text(instance, text, sizeof(text)));
    table_cell(table, TABLE_PLAIN, addresses_text(instance, text, sizeof(text)));
}

static void print_drained(const json_t *instance)
{
    char text[TEXT_SIZE];

    if (drained_text(instance, text, sizeof(text)) != NULL)
        printf("; %s", text);
}

/* Why it is in the state it is in. */
static void print_reason(const struct context *context, const json_t *instance)
{
    const json_t *last = json_object_get(instance, "last_transition");
    const json_t *held_by = json_object_get(instance, "held_by");
    const json_t *hold;
    size_t i;

    printf("%s%s%s: ", table_colour_start(TABLE_BOLD, context->colour),
           field_text(instance, "name"), table_colour_end(TABLE_BOLD, context->colour));
    if (json_is_object(last))
        printf("%s since %s", field_text(last, "to"), field_text(last, "text"));
    else
        fputs("no transition yet", stdout);
    json_array_foreach (held_by, i, hold)
        printf("%s%s", i == 0 ? "; held in INIT by: " : ", ",
               json_is_string(hold) ? json_string_value(hold) : "-");
    print_drained(instance);
    putchar('\n');
}

/* What the operator has to know beside the state. */
static void print_notes(const struct context *context, const json_t *instance)
{
    const json_t *warning;
    size_t i;

    json_array_foreach (json_object_get(instance, "warnings"), i, warning)
        printf("%s%s%s: %s%s%s\n", table_colour_start(TABLE_BOLD, context->colour),
               field_text(instance, "name"), table_colour_end(TABLE_BOLD, context->colour),
               table_colour_start(TABLE_RED, context->colour), field_text(warning, "text"),
               table_colour_end(TABLE_RED, context->colour));
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

static void print_all(const struct context *context, const json_t *status)
{
    static const char *const headers[] = {"INSTANCE", "INTERFACE", "VRID",   "STATE",
                                          "SINCE",    "PRIORITY",  "MASTER", "ADDRESSES"};
    const size_t columns = sizeof(headers) / sizeof(headers[0]);
    const json_t *instances = json_object_get(status, "instances");
    const json_t *instance;
    size_t i;

    print_node(context, status);
    if (json_array_size(instances) == 0) {
        puts("No instance is configured: add an [instance NAME] and run 'vipctl reload'.");
        return;
    }
    struct table *table = table_new(columns, headers);
    if (table == NULL)
        return;
    json_array_foreach (instances, i, instance)
        add_row(table, instance);
    table_print(table, stdout, context->colour);
    table_free(table);
    putchar('\n');
    json_array_foreach (instances, i, instance) {
        print_reason(context, instance);
        print_notes(context, instance);
    }
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

static int say_unknown(const json_t *instances, const char *name)
{
    const char *names[256];
    const json_t *instance;
    size_t count = 0;
    size_t i;

    json_array_foreach (instances, i, instance)
        if (count < sizeof(names) / sizeof(names[0]))
            names[count++] = field_text(instance, "name");
    const char *near = suggest(name, names, count);
    fprintf(stderr, "vipctl: there is no instance '%s'", name);
    if (near != NULL)
        fprintf(stderr, "; did you mean '%s'?", near);
    fputc('\n', stderr);
    return EXIT_FAILED;
}

/* Keeps only the one instance in the status. */
static void keep_only(json_t *status, const json_t *instance)
{
    json_t *list = json_array();

    json_array_append(list, (json_t *)(uintptr_t)instance);
    json_object_set_new(status, "instances", list);
}

static int show(const struct context *context, const struct status_options *options, json_t *status)
{
    const json_t *instances = json_object_get(status, "instances");
    const json_t *instance = NULL;

    if (options->name != NULL) {
        instance = find(instances, options->name);
        if (instance == NULL)
            return say_unknown(instances, options->name);
    }
    if (options->json) {
        if (instance != NULL)
            keep_only(status, instance);
        json_print(status);
    } else if (instance != NULL) {
        status_detail_print(context, instance, options->all);
    } else {
        print_all(context, status);
    }
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
