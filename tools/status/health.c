/* See health.h. */
#include "tools/status/health.h"

#include "tools/common/addresses.h"
#include "tools/common/field.h"
#include "tools/status/present.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TEXT_SIZE = PRESENT_SIZE + 128 };

struct judgement {
    json_t *list;
    enum health worst;
};

const char *health_name(enum health health)
{
    static const char *const names[] = {"ok", "warning", "bad"};

    return names[health];
}

static void note(struct judgement *judgement, const char *instance, enum health health,
                 const char *text)
{
    json_array_append_new(judgement->list,
                          json_pack("{s:o, s:s, s:o}", "instance",
                                    instance != NULL ? json_string(instance) : json_null(),
                                    "health", health_name(health), "text", json_string(text)));
    judgement->worst = health > judgement->worst ? health : judgement->worst;
}

/* Two that answer for an address: clients reach either of them. */
static enum health weight_of(const char *kind)
{
    bool two = strcmp(kind, "foreign-holder") == 0 || strcmp(kind, "second-master") == 0 ||
               strcmp(kind, "refused-peer") == 0;

    return two ? HEALTH_BAD : HEALTH_WARNING;
}

static void judge_warnings(struct judgement *judgement, const json_t *instance)
{
    const json_t *warning;
    char seen[128];
    char text[TEXT_SIZE];
    size_t i;

    json_array_foreach (json_object_get(instance, "warnings"), i, warning) {
        snprintf(text, sizeof(text), "%s (%s)", field_text(warning, "text"),
                 present_sightings(warning, time(NULL), seen, sizeof(seen)));
        note(judgement, field_text(instance, "name"), weight_of(field_text(warning, "kind")), text);
    }
}

static void judge_checks(struct judgement *judgement, const json_t *instance)
{
    const json_t *check;
    char text[TEXT_SIZE];
    size_t i;

    json_array_foreach (json_object_get(instance, "checks"), i, check) {
        if (strcmp(field_text(check, "state"), "failing") != 0)
            continue;
        snprintf(text, sizeof(text), "check %s fails: %s", field_text(check, "name"),
                 field_text(check, "text"));
        note(judgement, field_text(instance, "name"), HEALTH_WARNING, text);
    }
    if (field_true(json_object_get(instance, "damping"), "active"))
        note(judgement, field_text(instance, "name"), HEALTH_WARNING, "held back by flap-damping");
}

/* Held on purpose, while somebody serves, is a warning only. */
static void judge_state(struct judgement *judgement, const json_t *instance)
{
    bool drained = json_is_object(json_object_get(instance, "drained"));
    bool served = json_is_object(json_object_get(instance, "master"));
    char text[PRESENT_SIZE];

    present_text(instance, text, sizeof(text));
    if (json_is_object(json_object_get(instance, "waiting")))
        note(judgement, field_text(instance, "name"), HEALTH_WARNING, text);
    if (strcmp(field_text(instance, "state"), "INIT") != 0)
        return;
    note(judgement, field_text(instance, "name"), drained && served ? HEALTH_WARNING : HEALTH_BAD,
         text);
}

static void judge_addresses(struct judgement *judgement, const json_t *instance)
{
    const struct address_sum sum = address_sum(instance);
    bool master = strcmp(field_text(instance, "state"), "MASTER") == 0;
    char text[TEXT_SIZE];

    if (!sum.amiss)
        return;
    snprintf(text, sizeof(text), "%s, and %zu of %zu addresses are held",
             field_text(instance, "state"), sum.held, sum.count);
    note(judgement, field_text(instance, "name"), master ? HEALTH_BAD : HEALTH_WARNING, text);
}

/* The worst first, otherwise as they were found. A new reference. */
static json_t *sorted(const json_t *list)
{
    json_t *out = json_array();
    json_t *entry;
    size_t i;

    for (int health = HEALTH_BAD; health >= HEALTH_FINE; health--)
        json_array_foreach ((json_t *)(uintptr_t)list, i, entry)
            if (strcmp(field_text(entry, "health"), health_name((enum health)health)) == 0)
                json_array_append(out, entry);
    return out;
}

json_t *health_judge(const json_t *status, enum health *worst)
{
    struct judgement judgement = {.list = json_array()};
    const json_t *reload = json_object_get(status, "last_reload");
    const json_t *instance;
    char text[TEXT_SIZE];
    size_t i;

    json_array_foreach (json_object_get(status, "instances"), i, instance) {
        judge_state(&judgement, instance);
        judge_addresses(&judgement, instance);
        judge_warnings(&judgement, instance);
        judge_checks(&judgement, instance);
    }
    if (json_is_object(reload) && !field_true(reload, "ok")) {
        snprintf(text, sizeof(text), "the last reload was refused: %s", field_text(reload, "text"));
        note(&judgement, NULL, HEALTH_WARNING, text);
    }
    json_t *out = sorted(judgement.list);
    json_decref(judgement.list);
    *worst = judgement.worst;
    return out;
}
