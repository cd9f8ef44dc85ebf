/* vipctl drain, resume, take: asks the agent, then follows the status of the instances concerned
 * until it is decided how it went. The agent measures and words it; this waits and prints. */
#include "tools/status/cmd_handover.h"

#include "lib/config/duration.h"
#include "tools/common/client.h"
#include "tools/common/field.h"
#include "tools/common/json_print.h"
#include "tools/common/monotonic.h"
#include "tools/common/options.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    POLL_MS_MIN = 10,
    POLL_MS_MAX = 250,
    GRACE_MS = 5000, /* beyond the agent's own bound */
};

struct options {
    const char *name; /* NULL: all */
    bool all;
    bool json;
    bool force;
    uint64_t for_ns; /* 0: until resumed */
};

static bool take_span(const char *text, void *into)
{
    uint64_t *ns = into;

    if (duration_parse(text, ns) && *ns >= NS_PER_MS && *ns <= (uint64_t)DRAIN_MS_MAX * NS_PER_MS)
        return true;
    fprintf(stderr, "vipctl: found '%s', expected a time from 1ms to 365d, like 30m\n", text);
    return false;
}

static bool take_nothing(const char *text, void *into)
{
    (void)text;
    (void)into;
    return false;
}

/* What not all of the verbs have. */
enum { HAS_ALL = 1u << 0, HAS_STAY = 1u << 1 /* --for, --force */ };

static bool parse_options(int argc, char **argv, unsigned has, struct options *out)
{
    bool stay = (has & HAS_STAY) != 0;
    const struct verb_option table[] = {
        {.name = "all", .flag = (has & HAS_ALL) != 0 ? &out->all : NULL},
        {.name = "for", .take = stay ? take_span : take_nothing, .into = &out->for_ns},
        {.name = "force", .flag = stay ? &out->force : NULL},
        {.name = "json", .flag = &out->json},
    };

    *out = (struct options){0};
    int first = options_read(argc, argv, table, sizeof(table) / sizeof(table[0]));
    if (first < 0 || argc - first > 1)
        return false;
    out->name = first < argc ? argv[first] : NULL;
    return (out->name != NULL) != out->all;
}

static json_t *parameters_of(const struct options *options)
{
    json_t *parameters = json_object();

    if (options->name != NULL)
        json_object_set_new(parameters, "instance", json_string(options->name));
    else
        json_object_set_new(parameters, "all", json_true());
    if (options->force)
        json_object_set_new(parameters, "force", json_true());
    if (options->for_ns != 0)
        json_object_set_new(parameters, "for_ms",
                            json_integer((json_int_t)(options->for_ns / NS_PER_MS)));
    return parameters;
}

static bool concerned(const json_t *names, const json_t *instance)
{
    const json_t *name;
    size_t i;

    json_array_foreach (names, i, name)
        if (strcmp(json_string_value(name), field_text(instance, "name")) == 0)
            return true;
    return false;
}

/* Drain and take: what was asked is decided, or something else was asked since. */
static bool is_decided(const json_t *instance, json_int_t request)
{
    const json_t *handover = json_object_get(instance, "handover");

    return field_number(handover, "id") != request ||
           strcmp(field_text(handover, "outcome"), "pending") != 0;
}

/* Resume: somebody is known to be master. */
static bool is_settled(const json_t *instance, json_int_t request)
{
    const json_t *held = json_object_get(instance, "held_by");

    (void)request;
    return json_is_object(json_object_get(instance, "master")) || json_array_size(held) > 0;
}

typedef bool (*done_fn)(const json_t *instance, json_int_t request);

/* Keeps of the status the instances that are concerned. True: all of them are done. */
static bool look(json_t *status, const json_t *reply, done_fn done)
{
    const json_t *names = json_object_get(reply, "instances");
    json_t *all = json_object_get(status, "instances");
    bool every = true;

    for (size_t i = json_array_size(all); i-- > 0;) {
        const json_t *instance = json_array_get(all, i);

        if (!concerned(names, instance))
            json_array_remove(all, i);
        else if (!done(instance, field_number(reply, "request")))
            every = false;
    }
    return every;
}

/* What to ask the status of: the one instance, or everything. A new reference, or NULL. */
static json_t *narrow(const json_t *reply)
{
    json_t *names = json_object_get(reply, "instances");

    return json_array_size(names) == 1 ? json_pack("{s:O}", "instance", json_array_get(names, 0))
                                       : NULL;
}

/* Polls until all are done, or the agent's bound is over. *status: how they are then, a new
 * reference. 0 or an exit code. */
static int follow(const struct context *context, const json_t *reply, done_fn done, json_t **status)
{
    int64_t until_ms = monotonic_ms() + field_number(reply, "wait_ms") + GRACE_MS;
    bool every = false;
    long pause_ms = POLL_MS_MIN;

    *status = NULL;
    for (;;) {
        json_decref(*status);
        int r = client_ask(context, "io.vipd.GetStatus", narrow(reply), status);
        if (r == 0)
            r = client_expect(context, *status, "instances", JSON_ARRAY);
        if (r != 0)
            return r;
        every = look(*status, reply, done);
        if (every || monotonic_ms() >= until_ms)
            return 0;
        const struct timespec pause = {.tv_nsec = pause_ms * (long)NS_PER_MS};
        (void)nanosleep(&pause, NULL);
        pause_ms = pause_ms * 2 < POLL_MS_MAX ? pause_ms * 2 : POLL_MS_MAX;
    }
}

static void print_json(const json_t *status, const char *key)
{
    const json_t *instance;
    json_t *list = json_array();
    size_t i;

    json_array_foreach (json_object_get(status, "instances"), i, instance)
        json_array_append_new(list, json_pack("{s:O, s:O, s:O, s:O?}", "instance",
                                              json_object_get(instance, "name"), "state",
                                              json_object_get(instance, "state"), "master",
                                              json_object_get(instance, "master"), key,
                                              json_object_get(instance, key)));
    json_print(list);
    json_decref(list);
}

/* One line of an instance; returns its exit code. */
static int print_outcome(const json_t *instance, json_int_t request, bool quiet)
{
    const json_t *handover = json_object_get(instance, "handover");
    const char *outcome = field_text(handover, "outcome");
    const char *name = field_text(instance, "name");

    if (field_number(handover, "id") != request) {
        fprintf(stderr, "%s: overtaken by another request\n", name);
        return EXIT_FAILED;
    }
    if (strcmp(outcome, "done") == 0) {
        if (!quiet)
            printf("%s: %s\n", name, field_text(handover, "text"));
        return EXIT_GOOD;
    }
    if (strcmp(outcome, "failed") == 0)
        fprintf(stderr, "%s: %s\n", name, field_text(handover, "text"));
    else
        fprintf(stderr, "%s: still not decided; see 'vipctl status %s'\n", name, name);
    return EXIT_NOT_SWITCHED;
}

static int print_outcomes(const json_t *status, const json_t *reply, bool json)
{
    const json_t *instances = json_object_get(status, "instances");
    const json_t *instance;
    int code = EXIT_GOOD;
    size_t i;

    if (json)
        print_json(status, "handover");
    json_array_foreach (instances, i, instance) {
        int r = print_outcome(instance, field_number(reply, "request"), json);
        code = r != EXIT_GOOD ? r : code;
    }
    return code;
}

static int print_resumed(const json_t *status, bool json)
{
    const json_t *instance;
    size_t i;

    if (json) {
        print_json(status, "drained");
        return EXIT_GOOD;
    }
    json_array_foreach (json_object_get(status, "instances"), i, instance) {
        const json_t *master = json_object_get(instance, "master");
        const json_t *hold = json_array_get(json_object_get(instance, "held_by"), 0);

        printf("%s: takes part again, %s; ", field_text(instance, "name"),
               field_text(instance, "state"));
        if (json_is_string(hold))
            printf("held in INIT by: %s\n", json_string_value(hold));
        else if (!json_is_object(master))
            puts("no master is known");
        else
            printf("%s%s is master\n", field_text(master, "address"),
                   field_true(master, "is_us") ? " (this node)" : "");
    }
    return EXIT_GOOD;
}

static int ask(const struct context *context, const char *method, json_t *parameters,
               json_t **reply)
{
    int r = client_ask(context, method, parameters, reply);

    if (r == 0)
        r = client_expect(context, *reply, "instances", JSON_ARRAY);
    return r;
}

static int hand_over(const struct context *context, const struct options *options,
                     const char *method, json_t *parameters)
{
    json_t *status = NULL;
    json_t *reply;
    int r = ask(context, method, parameters, &reply);

    if (r == 0)
        r = follow(context, reply, is_decided, &status);
    if (r == 0)
        r = print_outcomes(status, reply, options->json);
    json_decref(status);
    json_decref(reply);
    return r;
}

int cmd_drain(const struct context *context, int argc, char **argv)
{
    struct options options;

    if (!parse_options(argc, argv, HAS_ALL | HAS_STAY, &options))
        return context_wrong_usage(context, NULL);
    return hand_over(context, &options, "io.vipd.Drain", parameters_of(&options));
}

int cmd_take(const struct context *context, int argc, char **argv)
{
    struct options options;

    if (!parse_options(argc, argv, 0, &options))
        return context_wrong_usage(context, NULL);
    return hand_over(context, &options, "io.vipd.Take", parameters_of(&options));
}

int cmd_resume(const struct context *context, int argc, char **argv)
{
    struct options options;
    json_t *status = NULL;
    json_t *reply;

    if (!parse_options(argc, argv, HAS_ALL, &options))
        return context_wrong_usage(context, NULL);
    int r = ask(context, "io.vipd.Resume", parameters_of(&options), &reply);
    if (r == 0)
        r = follow(context, reply, is_settled, &status);
    if (r == 0)
        r = print_resumed(status, options.json);
    json_decref(status);
    json_decref(reply);
    return r;
}
