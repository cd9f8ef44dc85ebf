/* The details of one instance; see detail.h. */
#include "tools/status/detail.h"

#include "tools/common/drained.h"
#include "tools/common/field.h"
#include "tools/common/present.h"
#include "tools/common/table.h"
#include "tools/common/when.h"
#include "tools/status/checks.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    TEXT_SIZE = 640,
    LABEL_WIDTH = 18,
};

static void line(const char *label, const char *text)
{
    printf("  %-*s%s\n", LABEL_WIDTH, label, text);
}

static void print_head(const struct context *context, const json_t *instance)
{
    char text[TEXT_SIZE];
    char since[WHEN_SIZE];

    printf("%s%s%s\n", table_colour_start(TABLE_BOLD, context->colour),
           field_text(instance, "name"), table_colour_end(TABLE_BOLD, context->colour));
    snprintf(text, sizeof(text), "%s%s, since %s", field_text(instance, "state"),
             field_true(instance, "lingering") ? " (handing over)" : "",
             when_since(field_text(instance, "since"), time(NULL), since, sizeof(since)));
    line("state", text);
    line("now", present_text(instance, text, sizeof(text)));
    snprintf(text, sizeof(text), "%s, VRID %lld, VRRPv%lld, %s, %s MAC",
             field_text(instance, "interface"), field_number(instance, "vrid"),
             field_number(instance, "version"),
             field_true(instance, "unicast") ? "unicast" : "multicast",
             field_text(instance, "mac"));
    line("on", text);
    snprintf(text, sizeof(text), "%s (configured %lld)", field_text(instance, "priority_text"),
             field_number(instance, "base_priority"));
    line("priority", text);
    if (!field_true(instance, "preempt"))
        snprintf(text, sizeof(text), "no");
    else if (field_number(instance, "preempt_delay_ms") > 0)
        snprintf(text, sizeof(text), "%s %lld ms", field_text(instance, "preempt_mode"),
                 field_number(instance, "preempt_delay_ms"));
    else
        snprintf(text, sizeof(text), "yes");
    line("preempt", text);
    if (json_is_false(json_object_get(instance, "accept")))
        line("accept", "no: packets to the addresses are dropped");
    if (json_is_string(json_object_get(instance, "group")))
        line("group", field_text(instance, "group"));
}

static void print_last(const json_t *instance)
{
    const json_t *last = json_object_get(instance, "last_transition");
    const json_t *hold;
    char text[TEXT_SIZE];
    char at[WHEN_SIZE];
    size_t i;

    json_array_foreach (json_object_get(instance, "held_by"), i, hold)
        line(i == 0 ? "held in INIT by" : "", json_is_string(hold) ? json_string_value(hold) : "-");
    if (drained_text(instance, text, sizeof(text)) != NULL)
        line("by request", text);
    if (!json_is_object(last))
        return;
    snprintf(text, sizeof(text), "%s  %s -> %s: %s",
             when_format(field_text(last, "at"), at, sizeof(at)), field_text(last, "from"),
             field_text(last, "to"), field_text(last, "text"));
    line("last transition", text);
}

static void print_warnings(const struct context *context, const json_t *instance)
{
    const json_t *warning;
    size_t i;

    json_array_foreach (json_object_get(instance, "warnings"), i, warning) {
        char since[WHEN_SIZE];
        char seen[WHEN_SIZE + 64];

        printf("  %-*s%s%s%s (%s, since %s)\n", LABEL_WIDTH, i == 0 ? "warning" : "",
               table_colour_start(TABLE_RED, context->colour), field_text(warning, "text"),
               table_colour_end(TABLE_RED, context->colour),
               present_sightings(warning, time(NULL), seen, sizeof(seen)),
               when_since(field_text(warning, "since"), time(NULL), since, sizeof(since)));
    }
}

/* What is not as with most addresses. */
static void print_words(const json_t *instance, const json_t *address)
{
    const char *device = json_string_value(json_object_get(address, "device"));
    const char *waits = json_string_value(json_object_get(address, "waits"));

    if (device != NULL && strcmp(device, field_text(instance, "interface")) != 0)
        printf(", on %s", device);
    if (json_is_false(json_object_get(address, "listed")))
        fputs(", extra", stdout);
    if (json_is_string(json_object_get(address, "label")))
        printf(", label %s", field_text(address, "label"));
    if (json_is_string(json_object_get(address, "scope")))
        printf(", scope %s", field_text(address, "scope"));
    if (waits != NULL)
        fputs(strcmp(waits, "no-device") == 0 ? " (no such device)" : " (the device is down)",
              stdout);
}

static void print_addresses(const struct context *context, const json_t *instance)
{
    const json_t *address;
    size_t i;

    json_array_foreach (json_object_get(instance, "addresses"), i, address) {
        bool held = field_true(address, "held");
        enum table_colour colour = held ? TABLE_GREEN : TABLE_DIM;

        printf("  %-*s%s%-*s%s", LABEL_WIDTH, i == 0 ? "addresses" : "",
               table_colour_start(colour, context->colour), 44, field_text(address, "address"),
               held ? "held" : "not held");
        print_words(instance, address);
        printf("%s\n", table_colour_end(colour, context->colour));
    }
}

static void print_hooks(const struct context *context, const json_t *instance)
{
    const json_t *hook;
    size_t i;

    json_array_foreach (json_object_get(instance, "hooks"), i, hook) {
        enum table_colour colour = field_true(hook, "ok") ? TABLE_PLAIN : TABLE_RED;
        char at[WHEN_SIZE];

        printf("  %-*s%s%s, %s: %s%s\n", LABEL_WIDTH, i == 0 ? "hooks" : "",
               table_colour_start(colour, context->colour), field_text(hook, "hook"),
               when_format(field_text(hook, "at"), at, sizeof(at)), field_text(hook, "text"),
               table_colour_end(colour, context->colour));
    }
}

static void print_routes(const struct context *context, const json_t *instance, const char *list,
                         const char *name)
{
    const json_t *route;
    size_t i;

    json_array_foreach (json_object_get(instance, list), i, route) {
        bool held = field_true(route, "held");
        bool wrong = json_is_string(json_object_get(route, "problem"));
        enum table_colour colour = held ? TABLE_GREEN : wrong ? TABLE_RED : TABLE_DIM;

        printf("  %-*s%s%-*s%s%s%s%s\n", LABEL_WIDTH, i == 0 ? list : "",
               table_colour_start(colour, context->colour), 44, field_text(route, name),
               held ? " held" : " not held", wrong ? ": " : "",
               wrong ? field_text(route, "problem") : "",
               table_colour_end(colour, context->colour));
    }
}

/* One line for each counter, the zeros only when asked for. */
static void print_counters(const char *label, const json_t *counters, bool all)
{
    const char *name;
    json_t *value;
    bool first = true;

    json_object_foreach ((json_t *)(uintptr_t)counters, name, value) {
        if (json_integer_value(value) == 0 && !all)
            continue;
        printf("    %-*s%-32s%12lld\n", LABEL_WIDTH - 2, first ? label : "", name,
               (long long)json_integer_value(value));
        first = false;
    }
}

static void print_master(const json_t *router)
{
    const json_t *master = json_object_get(router, "master");
    const json_t *age = json_object_get(router, "last_advert_age_ms");

    printf("    %-*s", LABEL_WIDTH - 2, "master");
    if (!json_is_object(master))
        fputs("nobody known", stdout);
    else
        printf("%s%s, priority %lld", field_text(master, "address"),
               field_true(master, "is_us") ? " (this node)" : "", field_number(master, "priority"));
    if (json_is_integer(age))
        printf("; last advert of another router %lld ms ago", (long long)json_integer_value(age));
    putchar('\n');
}

static void print_next(const json_t *router)
{
    const json_t *next = json_object_get(router, "next_event");

    if (json_is_object(next))
        printf("    %-*s%s in %lld ms\n", LABEL_WIDTH - 2, "next", field_text(next, "event"),
               field_number(next, "in_ms"));
}

static void print_foreign(const struct context *context, const json_t *router)
{
    const json_t *foreign = json_object_get(router, "foreign_holder");

    if (!json_is_object(foreign))
        return;
    printf("    %-*s%s%s is also answered for by %s (%lld times)%s\n", LABEL_WIDTH - 2, "conflict",
           table_colour_start(TABLE_RED, context->colour), field_text(foreign, "address"),
           field_text(foreign, "mac"), field_number(foreign, "count"),
           table_colour_end(TABLE_RED, context->colour));
}

/* How claims by strangers were met; nothing when there never were any. */
static void print_conflict(const struct context *context, const json_t *router)
{
    const json_t *conflict = json_object_get(router, "conflict");

    print_foreign(context, router);
    if (!json_is_object(conflict) || field_number(conflict, "conflicts") == 0)
        return;
    printf("    %-*s%lld so far, %lld claims, defended %lld times (on-conflict = %s)\n",
           LABEL_WIDTH - 2, field_true(conflict, "active") ? "" : "conflicts",
           field_number(conflict, "conflicts"), field_number(conflict, "claims"),
           field_number(conflict, "defences"), field_text(conflict, "mode"));
    if (!field_true(conflict, "active"))
        printf("    %-*sthe last one with %s for %s\n", LABEL_WIDTH - 2, "",
               field_text(conflict, "mac"), field_text(conflict, "address"));
}

/* One line for each sender: what became of its adverts, the last one first. */
static void print_senders(const json_t *peers)
{
    const json_t *peer;
    size_t i;

    json_array_foreach ((json_t *)(uintptr_t)peers, i, peer) {
        const json_t *key = json_object_get(peer, "key_id");
        const char *name;
        json_t *count;

        printf("    %-*s%s: %s", LABEL_WIDTH - 2, "", field_text(peer, "address"),
               field_text(peer, "last"));
        if (json_is_integer(key))
            printf(", key %lld, clock %+lld s", (long long)json_integer_value(key),
                   field_number(peer, "ahead_s"));
        fputs(" (", stdout);
        const char *gap = "";
        json_object_foreach (json_object_get(peer, "outcomes"), name, count) {
            if (json_integer_value(count) == 0)
                continue;
            printf("%s%s %lld", gap, name, (long long)json_integer_value(count));
            gap = ", ";
        }
        fputs(")\n", stdout);
        if (json_is_string(json_object_get(peer, "text")))
            printf("    %-*s  it %s; %s\n", LABEL_WIDTH - 2, "", field_text(peer, "text"),
                   field_text(peer, "mend"));
    }
}

static void print_authentication(const json_t *router)
{
    const json_t *auth = json_object_get(router, "authentication");
    const json_t *ids = json_object_get(auth, "key_ids");

    if (!json_is_object(auth))
        return;
    printf("    %-*s%s, %s, keys", LABEL_WIDTH - 2, "signatures", field_text(auth, "mode"),
           field_text(auth, "replay"));
    for (size_t i = 0; i < json_array_size(ids); i++)
        printf(" %lld", (long long)json_integer_value(json_array_get(ids, i)));
    puts(field_true(auth, "signs") ? "" : ", sends unsigned");
    print_senders(json_object_get(auth, "peers"));
}

static void print_router(const struct context *context, const json_t *router, bool all)
{
    printf("\n  %s%s%s  %s\n", table_colour_start(TABLE_BOLD, context->colour),
           field_text(router, "family"), table_colour_end(TABLE_BOLD, context->colour),
           field_text(router, "state"));
    printf("    %-*s%s\n", LABEL_WIDTH - 2, "sends from", field_text(router, "source"));
    print_master(router);
    printf("    %-*sadvert %lld ms, master down after %lld ms (skew %.3f ms)\n", LABEL_WIDTH - 2,
           "intervals", field_number(router, "advert_interval_ms"),
           field_number(router, "master_down_interval_ms"),
           (double)field_number(router, "skew_time_us") / 1000);
    print_next(router);
    print_conflict(context, router);
    print_authentication(router);
    print_counters("counters", json_object_get(router, "counters"), all);
    print_counters("dropped because", json_object_get(router, "drops"), all);
    print_counters("odd but taken", json_object_get(router, "warnings"), all);
}

void status_detail_print(const struct context *context, const json_t *instance, bool all)
{
    const json_t *router;
    size_t i;

    print_head(context, instance);
    print_last(instance);
    print_warnings(context, instance);
    print_addresses(context, instance);
    print_routes(context, instance, "routes", "route");
    print_routes(context, instance, "rules", "rule");
    print_hooks(context, instance);
    status_checks_print(context, instance);
    json_array_foreach (json_object_get(instance, "routers"), i, router)
        print_router(context, router, all);
}
