/* Checks of an instance, one paragraph; see checks.h. */
#include "tools/status/checks.h"

#include "tools/common/field.h"
#include "tools/common/table.h"
#include "tools/common/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    LABEL_WIDTH = 18,
    EFFECT_SIZE = 64,
};

static enum table_colour colour_of(const char *state)
{
    if (strcmp(state, "passing") == 0)
        return TABLE_GREEN;
    return strcmp(state, "failing") == 0 ? TABLE_RED : TABLE_DIM;
}

/* What it does to the election. */
static const char *effect_text(const json_t *check, char *buffer, size_t size)
{
    const json_t *weight = json_object_get(check, "weight");

    if (json_is_integer(weight))
        snprintf(buffer, size, "weight %+lld", (long long)json_integer_value(weight));
    else
        snprintf(buffer, size, "withdraws when failing");
    return buffer;
}

static void print_check(const struct context *context, const json_t *check, bool first)
{
    const char *state = field_text(check, "state");
    enum table_colour colour = colour_of(state);
    const json_t *run = json_object_get(check, "run_ms");
    char since[WHEN_SIZE];
    char effect[EFFECT_SIZE];

    printf("  %-*s%s%s%s  %s%s%s (%s, %s) since %s\n", LABEL_WIDTH, first ? "checks" : "",
           table_colour_start(TABLE_BOLD, context->colour), field_text(check, "name"),
           table_colour_end(TABLE_BOLD, context->colour),
           table_colour_start(colour, context->colour), state,
           table_colour_end(colour, context->colour), field_text(check, "type"),
           effect_text(check, effect, sizeof(effect)),
           when_since(field_text(check, "since"), time(NULL), since, sizeof(since)));
    printf("  %-*s  %s", LABEL_WIDTH, "", field_text(check, "text"));
    if (json_is_real(run))
        printf(" (took %.3f ms)", json_real_value(run));
    putchar('\n');
}

static void print_damping(const struct context *context, const json_t *damping)
{
    if (!json_is_object(damping))
        return;
    printf("  %-*s", LABEL_WIDTH, "flap-damping");
    if (field_true(damping, "active"))
        printf("%sheld back for another %.1f s%s, ", table_colour_start(TABLE_RED, context->colour),
               (double)field_number(damping, "remaining_ms") / 1000,
               table_colour_end(TABLE_RED, context->colour));
    printf("withdrawn %lld times lately (limit %lld)\n", field_number(damping, "withdrawals"),
           field_number(damping, "limit"));
}

void status_checks_print(const struct context *context, const json_t *instance)
{
    const json_t *check;
    size_t i;

    json_array_foreach (json_object_get(instance, "checks"), i, check)
        print_check(context, check, i == 0);
    print_damping(context, json_object_get(instance, "damping"));
}
