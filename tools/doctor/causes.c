/* The table of causes; see causes.h. */
#include "tools/doctor/causes.h"

#include <string.h>

enum { DEPTH_MAX = 4 /* a cause of a cause of ... */ };

/* mention: of several reasons a symptom can have, the word for this one in its sentence. */
struct cause_row {
    const char *symptom;
    const char *cause;
    const char *mention;
};

static const struct cause_row rows[] = {
    {"held", "interface-missing", "no-interface"},
    {"held", "interface-unusable", "unusable-interface"},
    {"held", "no-route", "no-route"},
    {"held", "interface-down", "link-down"},
    {"held", "no-carrier", "link-down"},
    {"held", "no-primary-address", "no-primary-address"},
    {"held", "source-missing", "no-primary-address"},
    {"held", "foreign-holder", "conflict"},
    {"no-primary-address", "interface-down", NULL},
    {"advert-lost-here", "firewall-drops", NULL},
    {"advert-lost-here", "firewall-may-drop", NULL},
    {"advert-not-sent", "firewall-drops", NULL},
    {"advert-not-sent", "firewall-may-drop", NULL},
    {"no-advert-heard", "no-carrier", NULL},
    {"no-advert-heard", "snooping-without-querier", NULL},
    {"two-masters", "peer-version", NULL},
    {"two-masters", "peer-auth", NULL},
    {"two-masters", "peer-clock", NULL},
    {"two-masters", "advert-refused", NULL},
    {"two-masters", "peer-interval", NULL},
    {"two-masters", "firewall-drops", NULL},
    {"two-masters", "firewall-may-drop", NULL},
    {"two-masters", "advert-lost-here", NULL},
    {"foreign-holder", "peer-version", NULL},
    {"foreign-holder", "peer-auth", NULL},
    {"foreign-holder", "peer-clock", NULL},
    {"foreign-holder", "advert-refused", NULL},
    {"foreign-holder", "firewall-drops", NULL},
    {"foreign-holder", "advert-lost-here", NULL},
    {"refused-peer", "peer-version", NULL},
    {"refused-peer", "peer-auth", NULL},
    {"refused-peer", "peer-clock", NULL},
    {"refused-peer", "advert-refused", NULL},
    {"refused-peer", "peer-interval", NULL},
    {"refused-peer", "firewall-drops", NULL},
    {"refused-peer", "firewall-may-drop", NULL},
    {"refused-peer", "advert-lost-here", NULL},
    {"not-loaded", "reload-failed", NULL},
    {"not-loaded", "vipd-not-running", NULL},
};

static bool follows(const struct finding *symptom, const struct finding *cause)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].symptom, symptom->code) == 0 &&
            strcmp(rows[i].cause, cause->code) == 0 &&
            (rows[i].mention == NULL || strstr(symptom->seen, rows[i].mention) != NULL))
            return true;
    return false;
}

static bool is_bad(const struct finding *finding)
{
    return finding->severity == SEVERITY_NOTE || finding->severity >= SEVERITY_WARNING;
}

static const struct finding *cause_of(const struct findings *findings,
                                      const struct finding *symptom, causes_relate_fn relate,
                                      const void *userdata)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *cause = &findings->list[i];

        if (cause != symptom && is_bad(cause) && follows(symptom, cause) &&
            relate(userdata, cause->object, symptom->object))
            return cause;
    }
    return NULL;
}

void causes_fold(struct findings *findings, causes_relate_fn relate, const void *userdata)
{
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *symptom = &findings->list[i];
        const struct finding *cause = is_bad(symptom) ? symptom : NULL;

        for (unsigned depth = 0; cause != NULL && depth < DEPTH_MAX; depth++) {
            const struct finding *deeper = cause_of(findings, cause, relate, userdata);

            if (deeper == NULL)
                break;
            cause = deeper;
        }
        if (cause == NULL || cause == symptom)
            continue;
        struct finding *root = &findings->list[cause - findings->list];
        symptom->because = root->id;
        if (root->severity < symptom->severity)
            root->severity = symptom->severity;
    }
}
