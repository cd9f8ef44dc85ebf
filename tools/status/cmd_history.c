/* vipctl history: each event with its reason and what was seen, from vipd or from its file. */
#include "tools/status/cmd_history.h"

#include "lib/control/control.h"
#include "tools/common/client.h"
#include "tools/common/field.h"
#include "tools/common/json_print.h"
#include "tools/common/options.h"
#include "tools/common/planned.h"
#include "tools/common/table.h"
#include "tools/common/when.h"
#include "tools/status/evidence.h"
#include "tools/status/history_file.h"
#include "tools/status/since.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RECONNECT_MS = 1000 };

struct history_options {
    const char *name;      /* NULL: all */
    long limit;            /* 0: all that is kept */
    int64_t since_ms;      /* nothing before; 0: from the beginning */
    const char *state_dir; /* where to look when vipd does not run; NULL: not at all */
    bool json;
    bool follow;
};

static bool take_limit(const char *text, void *into)
{
    long *out = into;
    char *end;

    *out = strtol(text, &end, 10);
    return *text != '\0' && *end == '\0' && *out > 0 && *out <= 1000000;
}

static bool take_since(const char *text, void *into)
{
    return since_parse(text, time(NULL), into);
}

static bool parse_options(const struct context *context, int argc, char **argv,
                          struct history_options *out)
{
    const struct verb_option table[] = {
        {.name = "json", .flag = &out->json},
        {.name = "follow", .letter = 'f', .flag = &out->follow},
        {.name = "limit", .letter = 'n', .take = take_limit, .into = &out->limit},
        {.name = "count", .letter = 'n', .take = take_limit, .into = &out->limit},
        {.name = "since", .take = take_since, .into = &out->since_ms},
        {.name = "state-dir", .text = &out->state_dir},
    };

    *out = (struct history_options){0};
    /* Another vipd's history would be a wrong answer. */
    if (strcmp(context->control_path, CONTROL_PATH_DEFAULT) == 0)
        out->state_dir = HISTORY_STATE_DIR_DEFAULT;
    int first = options_read(argc, argv, table, sizeof(table) / sizeof(table[0]));
    if (first < 0 || argc - first > 1)
        return false;
    out->name = first < argc ? argv[first] : NULL;
    return true;
}

static void print_evidence(const struct context *context, const json_t *entry)
{
    char evidence[EVIDENCE_REST_SIZE];

    evidence_rest(entry, evidence, sizeof(evidence));
    if (evidence[0] != '\0')
        printf("  %s[%s]%s", table_colour_start(TABLE_DIM, context->colour), evidence,
               table_colour_end(TABLE_DIM, context->colour));
}

static void print_transition(const struct context *context, const json_t *entry)
{
    const char *to = field_text(entry, "to");
    enum table_colour colour = planned_colour(entry);

    printf("%-12s %6s -> %s%-6s%s  %s", field_text(entry, "instance"), field_text(entry, "from"),
           table_colour_start(colour, context->colour), to,
           table_colour_end(colour, context->colour), field_text(entry, "text"));
}

/* What left the instance in its state has a name; what is about vipd as a whole has none. */
static void print_other(const json_t *entry)
{
    const char *instance = json_string_value(json_object_get(entry, "instance"));
    const char *reason = json_string_value(json_object_get(entry, "reason"));

    printf("%-12s ", instance != NULL ? instance : "(vipd)");
    if (reason != NULL)
        printf("%-16s  ", reason);
    fputs(field_text(entry, "text"), stdout);
}

/* When it began, where the entry is of what took its time. */
static void print_since(const struct context *context, const json_t *entry)
{
    const char *since = json_string_value(json_object_get(entry, "since"));
    char at[WHEN_SIZE];

    if (since != NULL)
        printf("  %s[since %s]%s", table_colour_start(TABLE_DIM, context->colour),
               when_format(since, at, sizeof(at)), table_colour_end(TABLE_DIM, context->colour));
}

static bool changes_state(const json_t *entry)
{
    return json_object_get(entry, "from") != NULL &&
           strcmp(field_text(entry, "from"), field_text(entry, "to")) != 0;
}

static void print_entry(const struct context *context, const json_t *entry)
{
    const json_t *recording = json_object_get(entry, "recording");
    char at[WHEN_SIZE];

    printf("%s  ", when_format(field_text(entry, "at"), at, sizeof(at)));
    if (changes_state(entry))
        print_transition(context, entry);
    else
        print_other(entry);
    print_since(context, entry);
    print_evidence(context, entry);
    putchar('\n');
    if (json_is_string(recording))
        printf("%25srecording: %s\n", "", json_string_value(recording));
}

/* Whether it is one that was asked for, as far as the time goes. */
static bool is_recent(const struct history_options *options, const json_t *entry)
{
    time_t seconds;
    unsigned ms;

    return options->since_ms == 0 || (when_parse(field_text(entry, "at"), &seconds, &ms) &&
                                      (int64_t)seconds * 1000 + ms >= options->since_ms);
}

/* Removes what was not asked for; of a file nobody has done that yet. */
static void narrow(const struct history_options *options, json_t *entries)
{
    for (size_t i = json_array_size(entries); i-- > 0;) {
        const json_t *entry = json_array_get(entries, i);

        if (!is_recent(options, entry) ||
            (options->name != NULL && strcmp(field_text(entry, "instance"), options->name) != 0))
            json_array_remove(entries, i);
    }
    while (options->limit > 0 && json_array_size(entries) > (size_t)options->limit)
        json_array_remove(entries, 0);
}

static json_t *parameters_of(const struct history_options *options, long limit)
{
    json_t *parameters = json_object();

    if (options->name != NULL)
        json_object_set_new(parameters, "instance", json_string(options->name));
    if (limit > 0)
        json_object_set_new(parameters, "limit", json_integer(limit));
    return parameters;
}

static void print_all(const struct context *context, const struct history_options *options,
                      const json_t *reply)
{
    const json_t *entry;
    size_t i;

    if (options->json) {
        json_print(reply);
        return;
    }
    json_array_foreach (json_object_get(reply, "entries"), i, entry)
        print_entry(context, entry);
}

/* What vipd has left. Returns an exit code. */
static int print_file(const struct context *context, const struct history_options *options)
{
    json_t *entries = history_file_read(options->state_dir);
    json_t *reply;

    if (entries == NULL)
        return EXIT_NOT_RUNNING;
    fprintf(stderr, "vipctl: this is what it has left in %s\n", options->state_dir);
    narrow(options, entries);
    reply = json_pack("{s:o}", "entries", entries);
    print_all(context, options, reply);
    json_decref(reply);
    return EXIT_GOOD;
}

static int print_past(const struct context *context, const struct history_options *options)
{
    json_t *reply;
    int r =
        client_ask(context, "io.vipd.GetHistory", parameters_of(options, options->limit), &reply);

    if (r == 0)
        r = client_expect(context, reply, "entries", JSON_ARRAY);
    if (r == 0) {
        narrow(options, json_object_get(reply, "entries"));
        print_all(context, options, reply);
    }
    json_decref(reply);
    if (r == EXIT_NOT_RUNNING && options->state_dir != NULL)
        return print_file(context, options);
    return r;
}

/* What is followed over restarts of vipd, each of which tells all that is kept once more. */
struct follower {
    const struct context *context;
    const struct history_options *options;
    json_int_t sequence;    /* of the last entry; 0: none yet */
    char latest[WHEN_SIZE]; /* of the times of all entries */
};

/* Whether the entry was not there yet. A vipd that could not write its history down counts on from
 * less than was seen: such entries are later than all others. */
static bool is_new(struct follower *follower, const json_t *entry)
{
    json_int_t sequence = field_number(entry, "sequence");
    const char *at = field_text(entry, "at");
    bool later = strcmp(at, follower->latest) > 0;

    if (sequence <= follower->sequence && !later)
        return false;
    follower->sequence = sequence;
    if (later)
        snprintf(follower->latest, sizeof(follower->latest), "%s", at);
    return true;
}

/* One reply with --follow: JSON has one entry a line. */
static void print_followed(struct follower *follower, const json_t *reply)
{
    const json_t *missed = json_object_get(reply, "missed");
    const json_t *entry;
    size_t i;

    if (json_integer_value(missed) > 0)
        fprintf(stderr, "vipctl: %lld entries were lost\n", (long long)json_integer_value(missed));
    json_array_foreach (json_object_get(reply, "entries"), i, entry) {
        if (!is_new(follower, entry) || !is_recent(follower->options, entry))
            continue;
        if (!follower->options->json) {
            print_entry(follower->context, entry);
            continue;
        }
        json_print_line(entry);
    }
    fflush(stdout);
}

/* As long as the connection lasts. An exit code, 0 when nobody reads the output any more. */
static int follow_connection(struct follower *follower, struct client *client)
{
    /* After a restart all there is: how many are new is not known. */
    long limit = follower->sequence == 0 ? follower->options->limit : 0;
    bool continues = true;
    int r =
        client_call(client, "io.vipd.GetHistory", parameters_of(follower->options, limit), true);

    while (r == 0 && continues && client_wait(client, STDOUT_FILENO)) {
        json_t *reply;

        r = client_reply(client, -1, &reply, &continues);
        if (r == 0)
            r = client_expect(follower->context, reply, "entries", JSON_ARRAY);
        if (r == 0)
            print_followed(follower, reply);
        json_decref(reply);
    }
    return r;
}

/* Waits for vipd to run again. NULL: nobody reads the output any more. */
static struct client *connect_again(const struct context *context)
{
    struct pollfd output = {.fd = STDOUT_FILENO};
    struct client *client = NULL;

    do {
        if (poll(&output, 1, RECONNECT_MS) > 0)
            return NULL;
    } while (client_connect(context, &client) != 0);
    return client;
}

static int follow(const struct context *context, const struct history_options *options)
{
    struct follower follower = {.context = context, .options = options};
    struct client *client;
    int error = client_connect(context, &client);
    int r = EXIT_GOOD;

    if (error != 0)
        return client_say_no_connection(context, error);
    while (client != NULL) {
        r = follow_connection(&follower, client);
        bool lost = client_is_lost(client);
        client_close(client);
        if (!lost)
            return r;
        fprintf(stderr, "vipctl: vipd at %s closed the connection; waiting for it to be back\n",
                context->control_path);
        client = connect_again(context);
        if (client != NULL)
            fprintf(stderr, "vipctl: vipd at %s is back\n", context->control_path);
    }
    return EXIT_GOOD;
}

int cmd_history(const struct context *context, int argc, char **argv)
{
    struct history_options options;

    if (!parse_options(context, argc, argv, &options)) {
        fputs("usage: vipctl history [--since TIME] [--count N] [--follow] [--json]\n"
              "                      [--state-dir DIR] [INSTANCE]\n"
              "TIME: 15m, 2h, 14:03, 2026-11-21, \"2026-11-21 14:03:22\"\n",
              stderr);
        return EXIT_USAGE;
    }
    return options.follow ? follow(context, &options) : print_past(context, &options);
}
