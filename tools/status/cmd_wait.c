/* vipctl wait: looks at the status, and again whenever the history, which vipd tells as it happens,
 * has something new. What is not told there (an end of waiting, of lingering) is seen a second
 * later at most. A vipd that is being restarted is waited for, too. */
#include "tools/status/cmd_wait.h"

#include "lib/config/duration.h"
#include "lib/limits.h"
#include "tools/common/client.h"
#include "tools/common/field.h"
#include "tools/common/monotonic.h"
#include "tools/common/options.h"
#include "tools/common/unknown_instance.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    TIMEOUT_MS = 30000,
    LOOK_MS = 1000,   /* at most between two looks, */
    RETRY_MS = 200,   /* and where vipd does not answer */
    REPLY_MS = 1000,  /* for the rest of what has begun to come */
    STATES_TEXT = 32, /* as they are said */
};

static const char *const states[] = {"MASTER", "BACKUP", "INIT"};

enum { STATES = sizeof(states) / sizeof(states[0]) };

struct wait_options {
    const char *name; /* NULL: all */
    bool all;
    bool quiet;
    unsigned wanted; /* bits, as in states */
    uint64_t timeout_ns;
};

static bool take_states(const char *text, void *into)
{
    unsigned *wanted = into;

    *wanted = 0;
    for (const char *word = text; word != NULL;) {
        size_t length = strcspn(word, ",");
        unsigned bit = 0;

        for (unsigned i = 0; i < STATES; i++)
            if (strlen(states[i]) == length && strncasecmp(states[i], word, length) == 0)
                bit = 1U << i;
        if (bit == 0) {
            fprintf(stderr,
                    "vipctl: found '%s', expected MASTER, BACKUP or INIT, or several: "
                    "MASTER,BACKUP\n",
                    text);
            return false;
        }
        *wanted |= bit;
        word = word[length] == ',' ? &word[length + 1] : NULL;
    }
    return true;
}

static bool take_timeout(const char *text, void *into)
{
    uint64_t *ns = into;

    if (duration_parse(text, ns) && *ns >= NS_PER_MS && *ns <= (uint64_t)DRAIN_MS_MAX * NS_PER_MS)
        return true;
    fprintf(stderr, "vipctl: found '%s', expected a time from 1ms to 365d, like 30s\n", text);
    return false;
}

static bool parse_options(int argc, char **argv, struct wait_options *out)
{
    const struct verb_option table[] = {
        {.name = "all", .flag = &out->all},
        {.name = "quiet", .flag = &out->quiet},
        {.name = "state", .take = take_states, .into = &out->wanted},
        {.name = "timeout", .take = take_timeout, .into = &out->timeout_ns},
    };

    *out = (struct wait_options){.wanted = 1, .timeout_ns = TIMEOUT_MS * NS_PER_MS};
    int first = options_read(argc, argv, table, sizeof(table) / sizeof(table[0]));
    if (first < 0 || argc - first > 1)
        return false;
    out->name = first < argc ? argv[first] : NULL;
    return (out->name != NULL) != out->all;
}

/* ---- A look at the status */

/* A state that is not all of it yet is not what was waited for: scripts go on with it. */
static bool is_reached(const struct wait_options *options, const json_t *instance)
{
    const char *state = field_text(instance, "state");

    if (field_true(instance, "lingering") || json_is_object(json_object_get(instance, "waiting")))
        return false;
    for (unsigned i = 0; i < STATES; i++)
        if ((options->wanted & 1U << i) != 0 && strcmp(states[i], state) == 0)
            return true;
    return false;
}

static bool is_meant(const struct wait_options *options, const json_t *instance)
{
    return options->all || strcmp(field_text(instance, "name"), options->name) == 0;
}

/* How many are meant, and how many of them are not there yet. */
struct tally {
    size_t meant;
    size_t missing;
};

static struct tally count(const struct wait_options *options, const json_t *status)
{
    struct tally tally = {0};
    const json_t *instance;
    size_t i;

    json_array_foreach (json_object_get(status, "instances"), i, instance) {
        if (!is_meant(options, instance))
            continue;
        tally.meant++;
        tally.missing += is_reached(options, instance) ? 0 : 1;
    }
    return tally;
}

static void say_reached(const struct wait_options *options, const json_t *status)
{
    const json_t *instance;
    size_t i;

    json_array_foreach (json_object_get(status, "instances"), i, instance)
        if (!options->quiet && is_meant(options, instance))
            printf("%s: %s\n", field_text(instance, "name"), field_text(instance, "state"));
}

/* ---- The time is over */

static const char *wanted_text(unsigned wanted, char text[STATES_TEXT])
{
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < STATES; i++)
        if ((wanted & 1U << i) != 0)
            used += (size_t)snprintf(&text[used], STATES_TEXT - used, "%s%s",
                                     used > 0 ? " or " : "", states[i]);
    return text;
}

static const char *but(const json_t *instance)
{
    if (json_is_object(json_object_get(instance, "waiting")))
        return ", waiting for its command";
    return field_true(instance, "lingering") ? ", still answering for the addresses" : "";
}

static int say_late(const struct wait_options *options, const json_t *status)
{
    char wanted[STATES_TEXT];
    char took[DURATION_TEXT_SIZE];
    const json_t *instance;
    size_t i;

    duration_format_short(options->timeout_ns, took, sizeof(took));
    json_array_foreach (json_object_get(status, "instances"), i, instance)
        if (is_meant(options, instance) && !is_reached(options, instance))
            fprintf(stderr, "vipctl: %s is %s%s, and was not %s within %s\n",
                    field_text(instance, "name"), field_text(instance, "state"), but(instance),
                    wanted_text(options->wanted, wanted), took);
    return EXIT_FAILED;
}

static int say_nobody(const struct wait_options *options, const json_t *status)
{
    if (options->all)
        fputs("vipctl: there is no instance\n", stderr);
    else
        unknown_instance_say(json_object_get(status, "instances"), options->name);
    return EXIT_FAILED;
}

/* ---- Until something happens */

/* The news of one connection; NULL: it could not be made. */
static struct client *hear_news(const struct context *context, const struct wait_options *options)
{
    json_t *parameters = json_pack("{s:i}", "limit", 1);
    struct client *client = NULL;

    if (options->name != NULL)
        json_object_set_new(parameters, "instance", json_string(options->name));
    if (client_connect(context, &client) != 0) {
        json_decref(parameters);
        return NULL;
    }
    if (client_call(client, "io.vipd.GetHistory", parameters, true) == 0)
        return client;
    client_close(client);
    return NULL;
}

static void pause_ms(int64_t ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    if (ms > 0)
        (void)nanosleep(&pause, NULL);
}

/* Waits for news, not for long. Returns the connection as it is now. */
static struct client *wait_for_news(struct client *client, int64_t left_ms)
{
    int64_t limit_ms = client != NULL ? LOOK_MS : RETRY_MS;
    json_t *reply = NULL;

    if (left_ms < limit_ms)
        limit_ms = left_ms > 0 ? left_ms : 0;
    if (client == NULL) {
        pause_ms(limit_ms);
        return NULL;
    }
    if (!client_readable(client, (int)limit_ms))
        return client;
    int r = client_reply(client, REPLY_MS, &reply, NULL);
    json_decref(reply);
    if (r == 0)
        return client;
    /* It has ended, or is ending. */
    client_close(client);
    pause_ms(limit_ms < RETRY_MS ? limit_ms : RETRY_MS);
    return NULL;
}

/* What it comes to, or -1: not yet. Steals the status. */
static int judge(const struct context *context, const struct wait_options *options, int asked,
                 json_t *status, bool over)
{
    int r = -1;

    if (asked == 0 && client_expect(context, status, "instances", JSON_ARRAY) != 0)
        asked = EXIT_PROTOCOL;
    if (asked != 0) {
        r = over ? asked : -1;
    } else {
        const struct tally tally = count(options, status);

        if (tally.meant == 0)
            r = say_nobody(options, status);
        else if (tally.missing > 0)
            r = over ? say_late(options, status) : -1;
        else
            r = EXIT_GOOD;
        if (r == EXIT_GOOD)
            say_reached(options, status);
    }
    json_decref(status);
    return r;
}

static int wait_for(const struct context *context, const struct wait_options *options)
{
    const int64_t until_ms = monotonic_ms() + (int64_t)(options->timeout_ns / NS_PER_MS);
    struct context quiet = *context;
    struct client *client = NULL;
    int r = -1;

    quiet.silent = true;
    while (r < 0) {
        json_t *status = NULL;
        /* What is new from here on is not missed by the look that follows. */
        if (client == NULL)
            client = hear_news(&quiet, options);
        bool over = monotonic_ms() >= until_ms;
        int asked = client_ask(over ? context : &quiet, "io.vipd.GetStatus", NULL, &status);

        r = judge(context, options, asked, status, over);
        if (r < 0)
            client = wait_for_news(client, until_ms - monotonic_ms());
    }
    client_close(client);
    return r;
}

int cmd_wait(const struct context *context, int argc, char **argv)
{
    struct wait_options options;

    if (!parse_options(argc, argv, &options))
        return context_wrong_usage(context, NULL);
    return wait_for(context, &options);
}
