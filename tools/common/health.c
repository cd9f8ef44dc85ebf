/* See health.h. */
#include "tools/common/health.h"

#include "tools/common/addresses.h"
#include "tools/common/field.h"
#include "tools/common/present.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TEXT_SIZE = PRESENT_SIZE + 128, COMMAND_SIZE = 128, BRIEF_SIZE = 128 };

struct judgement {
    json_t *list;
    enum health worst;
};

const char *health_name(enum health health)
{
    static const char *const names[] = {"ok", "warning", "bad"};

    return names[health];
}

/* What an administrator types next. */
struct next {
    const char *brief;   /* why, in a few words */
    const char *command; /* with "%s" where the instance's name goes */
};

static const struct next DOCTOR = {"what keeps it in INIT", "vipctl doctor"};

static const struct next WAITING = {"before-master runs", "vipctl history %s"};

/* instance NULL: it is the node's. */
static void note(struct judgement *judgement, const char *instance, enum health health,
                 const char *text, const struct next *next)
{
    const char *gap = strstr(next->command, "%s");
    const size_t length = gap != NULL ? (size_t)(gap - next->command) : strlen(next->command);
    char command[COMMAND_SIZE];

    snprintf(command, sizeof(command), "%.*s%s", (int)length, next->command,
             gap != NULL && instance != NULL ? instance : "");
    json_array_append_new(judgement->list,
                          json_pack("{s:o, s:s, s:o, s:s, s:s}", "instance",
                                    instance != NULL ? json_string(instance) : json_null(),
                                    "health", health_name(health), "text", json_string(text),
                                    "brief", next->brief, "next", command));
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
        note(judgement, field_text(instance, "name"), weight_of(field_text(warning, "kind")), text,
             &(struct next){field_text(warning, "kind"), DOCTOR.command});
    }
}

static void judge_checks(struct judgement *judgement, const json_t *instance)
{
    static const struct next held = {"held back by flap-damping", "vipctl history %s"};
    const json_t *check;
    char brief[BRIEF_SIZE];
    char text[TEXT_SIZE];
    size_t i;

    json_array_foreach (json_object_get(instance, "checks"), i, check) {
        if (strcmp(field_text(check, "state"), "failing") != 0)
            continue;
        snprintf(text, sizeof(text), "check %s fails: %s", field_text(check, "name"),
                 field_text(check, "text"));
        snprintf(brief, sizeof(brief), "check %s fails", field_text(check, "name"));
        note(judgement, field_text(instance, "name"), HEALTH_WARNING, text,
             &(struct next){brief, "vipctl status %s"});
    }
    if (field_true(json_object_get(instance, "damping"), "active"))
        note(judgement, field_text(instance, "name"), HEALTH_WARNING, "held back by flap-damping",
             &held);
}

static bool is_held_by(const json_t *instance, const char *name)
{
    const json_t *hold;
    size_t i;

    json_array_foreach (json_object_get(instance, "held_by"), i, hold)
        if (json_is_string(hold) && strcmp(json_string_value(hold), name) == 0)
            return true;
    return false;
}

/* What brings it out of INIT, or tells why it is there. */
static const struct next *next_of_init(const json_t *instance)
{
    static const struct {
        const char *hold;
        struct next next;
    } nexts[] = {
        {"drained", {"drained", "vipctl resume %s"}},
        {"not-prepared", {"before-master failed", "vipctl history %s"}},
        {"check-failed", {"a check fails", "vipctl status %s"}},
        {"group", {"held by its group", "vipctl why %s"}},
        {"start-delay", {"the machine was started a short while ago", "vipctl why %s"}},
        {"conflict", {"another machine holds its address", "vipctl why %s"}},
    };

    for (size_t i = 0; i < sizeof(nexts) / sizeof(nexts[0]); i++)
        if (is_held_by(instance, nexts[i].hold))
            return &nexts[i].next;
    return &DOCTOR;
}

/* Held on purpose, while somebody serves, is a warning only. */
static void judge_state(struct judgement *judgement, const json_t *instance)
{
    bool drained = json_is_object(json_object_get(instance, "drained"));
    bool served = json_is_object(json_object_get(instance, "master"));
    char text[PRESENT_SIZE];

    present_text(instance, text, sizeof(text));
    if (json_is_object(json_object_get(instance, "waiting")))
        note(judgement, field_text(instance, "name"), HEALTH_WARNING, text, &WAITING);
    if (strcmp(field_text(instance, "state"), "INIT") != 0)
        return;
    note(judgement, field_text(instance, "name"), drained && served ? HEALTH_WARNING : HEALTH_BAD,
         text, next_of_init(instance));
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
    note(judgement, field_text(instance, "name"), master ? HEALTH_BAD : HEALTH_WARNING, text,
         &(struct next){"addresses are not as they should be", DOCTOR.command});
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
    static const struct next refused = {"the last reload was refused", "vipctl check"};
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
        note(&judgement, NULL, HEALTH_WARNING, text, &refused);
    }
    json_t *out = sorted(judgement.list);
    json_decref(judgement.list);
    *worst = judgement.worst;
    return out;
}
