/* vipctl why: some sentences about one instance: how it stands, why, and what was seen when it last
 * failed over. The status says the first, the history the rest. */
#include "tools/status/cmd_why.h"

#include "tools/common/client.h"
#include "tools/common/field.h"
#include "tools/common/json_print.h"
#include "tools/common/options.h"
#include "tools/common/present.h"
#include "tools/common/when.h"
#include "tools/common/wrap.h"
#include "tools/status/evidence.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    ENTRIES = 500, /* of the history are looked at */
    SENTENCE_SIZE = 1024,
    SPAN_SIZE = 2 * WHEN_SIZE + 64,
    INDENT = 2, /* of a sentence's further lines */
    DAY_S = 86400,
};

static void say(json_t *sentences, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(json_t *sentences, const char *format, ...)
{
    char text[SENTENCE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    json_array_append_new(sentences, json_text(text));
}

static bool moved_mastership(const json_t *entry)
{
    const char *from = field_text(entry, "from");
    const char *to = field_text(entry, "to");

    return strcmp(from, to) != 0 && (strcmp(from, "MASTER") == 0 || strcmp(to, "MASTER") == 0);
}

/* The newest one; NULL: none is kept. *today: how many there were in the last day. */
static const json_t *last_failover(const json_t *entries, time_t now, size_t *today)
{
    const json_t *found = NULL;

    *today = 0;
    for (size_t i = json_array_size(entries); i-- > 0;) {
        const json_t *entry = json_array_get(entries, i);
        time_t at;
        unsigned ms;

        if (!moved_mastership(entry))
            continue;
        found = found != NULL ? found : entry;
        *today += when_parse(field_text(entry, "at"), &at, &ms) && now - at < DAY_S;
    }
    return found;
}

/* "; seen then: its priority 100" or nothing. */
static const char *seen_then(const json_t *entry, char *buffer, size_t size)
{
    char rest[EVIDENCE_REST_SIZE];

    evidence_rest(entry, rest, sizeof(rest));
    snprintf(buffer, size, "%s%s", rest[0] != '\0' ? "; seen then: " : "", rest);
    return buffer;
}

static void say_present(json_t *sentences, const json_t *instance, time_t now)
{
    const json_t *last = json_object_get(instance, "last_transition");
    char text[PRESENT_SIZE];
    char since[WHEN_SIZE];
    char seen[EVIDENCE_REST_SIZE + 16];

    say(sentences, "%s is %s.", field_text(instance, "name"),
        present_text(instance, text, sizeof(text)));
    if (!json_is_object(last)) {
        say(sentences, "It has made no transition since vipd was started.");
        return;
    }
    say(sentences, "%s since %s, %s before that: %s%s.", field_text(last, "to"),
        when_since(field_text(last, "at"), now, since, sizeof(since)), field_text(last, "from"),
        field_text(last, "text"), seen_then(last, seen, sizeof(seen)));
}

static void say_failover(json_t *sentences, const json_t *instance, const json_t *failover,
                         size_t today, time_t now)
{
    const char *at = field_text(failover, "at");
    const char *present = field_text(json_object_get(instance, "last_transition"), "at");
    const json_t *recording = json_object_get(failover, "recording");
    char since[WHEN_SIZE];
    char seen[EVIDENCE_REST_SIZE + 16];

    if (failover == NULL) {
        say(sentences, "The history has no failover of it.");
        return;
    }
    if (strcmp(at, present) != 0)
        say(sentences, "It last failed over at %s, %s -> %s: %s%s.",
            when_since(at, now, since, sizeof(since)), field_text(failover, "from"),
            field_text(failover, "to"), field_text(failover, "text"),
            seen_then(failover, seen, sizeof(seen)));
    if (json_is_string(recording))
        say(sentences, "The packets of that time: vipctl capture -r %s.",
            json_string_value(recording));
    if (today > 1)
        say(sentences, "It became or ceased to be MASTER %zu times in the last 24 hours.", today);
}

/* What led up to a failover away from here: how it had become MASTER. */
static void say_takeover(json_t *sentences, const json_t *entries, const json_t *failover,
                         time_t now)
{
    char since[WHEN_SIZE];
    char seen[EVIDENCE_REST_SIZE + 16];

    if (failover == NULL || strcmp(field_text(failover, "to"), "MASTER") == 0)
        return;
    for (size_t i = json_array_size(entries); i-- > 0;) {
        const json_t *entry = json_array_get(entries, i);
        const json_t *recording = json_object_get(entry, "recording");

        if (!moved_mastership(entry) || strcmp(field_text(entry, "to"), "MASTER") != 0)
            continue;
        say(sentences, "It had become MASTER at %s: %s%s.",
            when_since(field_text(entry, "at"), now, since, sizeof(since)),
            field_text(entry, "text"), seen_then(entry, seen, sizeof(seen)));
        if (json_is_string(recording))
            say(sentences, "The packets of that time: vipctl capture -r %s.",
                json_string_value(recording));
        return;
    }
}

/* "rival-gave-way" and "rival-stayed". */
static bool is_rivalry(const json_t *entry)
{
    return strncmp(field_text(entry, "reason"), "rival-", strlen("rival-")) == 0;
}

/* "from A to B (333 ms)", or "at A". */
static const char *span_text(const json_t *entry, char *buffer, size_t size)
{
    const char *since = field_text(entry, "since");
    const char *at = field_text(entry, "at");
    char from[WHEN_SIZE];
    char to[WHEN_SIZE];
    time_t seconds[2];
    unsigned ms[2];

    when_format(since, from, sizeof(from));
    when_format(at, to, sizeof(to));
    if (strcmp(since, at) == 0 || !when_parse(since, &seconds[0], &ms[0]) ||
        !when_parse(at, &seconds[1], &ms[1]))
        snprintf(buffer, size, "at %s", to);
    else
        snprintf(buffer, size, "from %s to %s (%lld ms)", from, to,
                 (long long)(seconds[1] - seconds[0]) * 1000 + (int)ms[1] - (int)ms[0]);
    return buffer;
}

/* When two were MASTER last. */
static void say_rivals(json_t *sentences, const json_t *entries)
{
    char span[SPAN_SIZE];

    for (size_t i = json_array_size(entries); i-- > 0;) {
        const json_t *entry = json_array_get(entries, i);

        if (!is_rivalry(entry))
            continue;
        say(sentences, "Two held the addresses %s: %s.", span_text(entry, span, sizeof(span)),
            field_text(entry, "text"));
        return;
    }
}

static void say_trouble(json_t *sentences, const json_t *instance, time_t now)
{
    const json_t *one;
    char text[WHEN_SIZE + 64];
    size_t i;

    json_array_foreach (json_object_get(instance, "checks"), i, one)
        if (strcmp(field_text(one, "state"), "failing") == 0)
            say(sentences, "Check %s fails since %s: %s.", field_text(one, "name"),
                when_since(field_text(one, "since"), now, text, sizeof(text)),
                field_text(one, "text"));
    json_array_foreach (json_object_get(instance, "warnings"), i, one)
        /* What its interface lacks is said with the state. */
        if (strcmp(field_text(one, "kind"), "unusable-interface") != 0)
            say(sentences, "On its LAN: %s (%s).", field_text(one, "text"),
                present_sightings(one, now, text, sizeof(text)));
}

/* On a terminal each on lines of its own; else one line, for whoever searches it. */
static void print(const json_t *sentences)
{
    const size_t columns = wrap_columns();
    const json_t *sentence;
    size_t i;

    json_array_foreach (sentences, i, sentence) {
        if (columns > 0) {
            wrap_print(stdout, json_string_value(sentence), 0, INDENT, columns);
            putchar('\n');
        } else {
            printf("%s%s", i > 0 ? " " : "", json_string_value(sentence));
        }
    }
    if (columns == 0)
        putchar('\n');
}

static void explain(const json_t *instance, const json_t *entries, bool json)
{
    json_t *sentences = json_array();
    time_t now = time(NULL);
    size_t today;
    const json_t *failover = last_failover(entries, now, &today);

    say_present(sentences, instance, now);
    say_failover(sentences, instance, failover, today, now);
    say_takeover(sentences, entries, failover, now);
    say_rivals(sentences, entries);
    say_trouble(sentences, instance, now);
    if (!json) {
        print(sentences);
        json_decref(sentences);
        return;
    }
    json_t *all =
        json_pack("{s:O, s:O, s:o, s:O?}", "instance", json_object_get(instance, "name"), "state",
                  json_object_get(instance, "state"), "sentences", sentences, "failover", failover);
    json_print(all);
    json_decref(all);
}

static int ask(const struct context *context, const char *method, json_t *parameters,
               const char *list, json_t **reply)
{
    int r = client_ask(context, method, parameters, reply);

    return r != 0 ? r : client_expect(context, *reply, list, JSON_ARRAY);
}

int cmd_why(const struct context *context, int argc, char **argv)
{
    json_t *status = NULL;
    json_t *history = NULL;
    bool json = false;
    const struct verb_option table[] = {{.name = "json", .flag = &json}};
    int first = options_read(argc, argv, table, sizeof(table) / sizeof(table[0]));

    if (first < 0 || argc - first != 1)
        return context_wrong_usage(context, NULL);
    const char *name = argv[first];
    int r = ask(context, "io.vipd.GetStatus", json_pack("{s:s}", "instance", name), "instances",
                &status);
    if (r == 0)
        r = ask(context, "io.vipd.GetHistory",
                json_pack("{s:s, s:i}", "instance", name, "limit", (int)ENTRIES), "entries",
                &history);
    const json_t *instance = json_array_get(json_object_get(status, "instances"), 0);
    if (r == 0 && instance == NULL)
        r = client_expect(context, status, "instance", JSON_OBJECT);
    if (r == 0)
        explain(instance, json_object_get(history, "entries"), json);
    json_decref(history);
    json_decref(status);
    return r;
}
