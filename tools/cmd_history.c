/* vipctl history: each transition with its reason and what was seen. */
#include "tools/cmd_history.h"

#include "tools/client.h"
#include "tools/field.h"
#include "tools/table.h"
#include "tools/when.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct history_options {
    const char *name; /* NULL: all */
    long limit;       /* 0: all that is kept */
    bool json;
    bool follow;
};

static bool parse_limit(const char *text, long *out)
{
    char *end;

    *out = strtol(text, &end, 10);
    return *text != '\0' && *end == '\0' && *out > 0 && *out <= 1000000;
}

static bool parse_options(int argc, char **argv, struct history_options *out)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"follow", no_argument, NULL, 'f'},
                                            {"limit", required_argument, NULL, 'n'},
                                            {NULL, 0, NULL, 0}};
    int option;

    *out = (struct history_options){0};
    optind = 0;
    while ((option = getopt_long(argc, argv, "fn:", options, NULL)) != -1) {
        if (option == 'j')
            out->json = true;
        else if (option == 'f')
            out->follow = true;
        else if (option != 'n' || !parse_limit(optarg, &out->limit))
            return false;
    }
    if (argc - optind > 1)
        return false;
    out->name = optind < argc ? argv[optind] : NULL;
    return true;
}

static void evidence_text(const json_t *evidence, char *buffer, size_t size)
{
    const char *key;
    json_t *value;
    size_t used = 0;

    buffer[0] = '\0';
    json_object_foreach ((json_t *)(uintptr_t)evidence, key, value) {
        const char *gap = used > 0 ? ", " : "";
        int n;

        if (json_is_string(value))
            n = snprintf(buffer + used, size - used, "%s%s %s", gap, key, json_string_value(value));
        else
            n = snprintf(buffer + used, size - used, "%s%s %.10g", gap, key,
                         json_number_value(value));
        if (n < 0 || (size_t)n >= size - used)
            return;
        used += (size_t)n;
    }
}

static void print_entry(const struct context *context, const json_t *entry)
{
    char at[WHEN_SIZE];
    char evidence[256];
    const json_t *recording = json_object_get(entry, "recording");
    const char *to = field_text(entry, "to");
    enum table_colour colour = strcmp(to, "MASTER") == 0 ? TABLE_GREEN
                               : strcmp(to, "INIT") == 0 ? TABLE_RED
                                                         : TABLE_PLAIN;

    evidence_text(json_object_get(entry, "evidence"), evidence, sizeof(evidence));
    printf("%s  %-12s %6s -> %s%-6s%s  %s", when_format(field_text(entry, "at"), at, sizeof(at)),
           field_text(entry, "instance"), field_text(entry, "from"),
           table_colour_start(colour, context->colour), to,
           table_colour_end(colour, context->colour), field_text(entry, "text"));
    if (evidence[0] != '\0')
        printf("  %s[%s]%s", table_colour_start(TABLE_DIM, context->colour), evidence,
               table_colour_end(TABLE_DIM, context->colour));
    putchar('\n');
    if (json_is_string(recording))
        printf("%25srecording: %s\n", "", json_string_value(recording));
}

static json_t *parameters_of(const struct history_options *options)
{
    json_t *parameters = json_object();

    if (options->name != NULL)
        json_object_set_new(parameters, "instance", json_string(options->name));
    if (options->limit > 0)
        json_object_set_new(parameters, "limit", json_integer(options->limit));
    return parameters;
}

static int print_past(const struct context *context, const struct history_options *options)
{
    const json_t *entry;
    json_t *reply;
    size_t i;
    int r = client_ask(context, "io.vipd.GetHistory", parameters_of(options), &reply);

    if (r == 0)
        r = client_expect(context, reply, "entries", JSON_ARRAY);
    if (r == 0 && options->json) {
        json_dumpf(reply, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (r == 0) {
        json_array_foreach (json_object_get(reply, "entries"), i, entry)
            print_entry(context, entry);
    }
    json_decref(reply);
    return r;
}

/* One reply with --follow: JSON has one entry a line. */
static void print_followed(const struct context *context, const struct history_options *options,
                           const json_t *reply)
{
    const json_t *missed = json_object_get(reply, "missed");
    const json_t *entry;
    size_t i;

    if (json_integer_value(missed) > 0)
        fprintf(stderr, "vipctl: %lld entries were lost\n", (long long)json_integer_value(missed));
    json_array_foreach (json_object_get(reply, "entries"), i, entry) {
        if (!options->json) {
            print_entry(context, entry);
            continue;
        }
        json_dumpf(entry, stdout, JSON_COMPACT);
        putchar('\n');
    }
    fflush(stdout);
}

static int follow(const struct context *context, const struct history_options *options)
{
    struct client *client;
    bool continues = true;
    int r = client_open(context, &client);

    if (r != 0)
        return r;
    r = client_call(client, "io.vipd.GetHistory", parameters_of(options), true);
    while (r == 0 && continues) {
        json_t *reply;

        r = client_reply(client, -1, &reply, &continues);
        if (r == 0)
            r = client_expect(context, reply, "entries", JSON_ARRAY);
        if (r == 0)
            print_followed(context, options, reply);
        json_decref(reply);
    }
    client_close(client);
    return r;
}

int cmd_history(const struct context *context, int argc, char **argv)
{
    struct history_options options;

    if (!parse_options(argc, argv, &options)) {
        fputs("usage: vipctl history [--json] [--follow] [--limit N] [INSTANCE]\n", stderr);
        return EXIT_USAGE;
    }
    return options.follow ? follow(context, &options) : print_past(context, &options);
}
