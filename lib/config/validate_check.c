/* Checks over the [check NAME] sections: keys that the type has and needs, times that fit together,
 * and that what is followed exists. */
#include "lib/config/draft.h"
#include "lib/config/schema.h"
#include "lib/config/suggest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SECTION_TEXT_SIZE = NAME_SIZE + 16 };

struct subject {
    const struct config_draft *draft;
    const struct config_check *check;
    const struct section_draft *section;
};

static struct config_place place_of(const struct section_draft *section, const char *section_text,
                                    const struct config_key *key, size_t index)
{
    unsigned line = section->key_line[index];

    return (struct config_place){
        .file = section->file,
        .line = line != 0 ? line : section->line,
        .section = section_text,
        .key = key->name,
    };
}

/* Adds a problem at `key` of the check: where it is written, else at the section's header. */
#define PROBLEM(subject, index, ...)                                                               \
    do {                                                                                           \
        char section_text[SECTION_TEXT_SIZE];                                                      \
        snprintf(section_text, sizeof(section_text), "check %s", (subject)->check->name);          \
        const struct config_place place =                                                          \
            place_of((subject)->section, section_text, &config_check_keys[index], (index));        \
        config_problem_add((subject)->draft->problems, &place, __VA_ARGS__);                       \
    } while (0)

static bool given(const struct subject *subject, enum check_key index)
{
    return subject->section->key_line[index] != 0;
}

static bool good(const struct subject *subject, enum check_key index)
{
    return !subject->section->bad[index];
}

/* "http", "http or tcp", "http, tcp or exec" */
static const char *types_text(uint32_t types, char *buffer, size_t size)
{
    size_t used = 0;
    int left = __builtin_popcount(types);

    buffer[0] = '\0';
    for (unsigned type = 0; type < CHECK_TYPES; type++) {
        if ((types & (1u << type)) == 0)
            continue;
        left--;
        const char *behind = left == 0 ? "" : left == 1 ? " or " : ", ";
        used += (size_t)snprintf(buffer + used, size - used, "%s%s",
                                 check_type_name((enum check_type)type), behind);
    }
    return buffer;
}

/* A key that the type does not have would do nothing, in silence. */
static void check_types(const struct subject *subject)
{
    char types[128];

    for (unsigned i = 0; i < CHECK_KEYS; i++) {
        const struct config_key *key = &config_check_keys[i];

        if (!given(subject, i) || key->types == 0 || (key->types & (1u << subject->check->type)))
            continue;
        PROBLEM(subject, i, "a key of type %s, this check is of type %s",
                types_text(key->types, types, sizeof(types)),
                check_type_name(subject->check->type));
    }
}

static void require(const struct subject *subject, enum check_key index)
{
    if (!given(subject, index))
        PROBLEM(subject, index, "missing, expected %s", config_check_keys[index].expected);
}

static void check_url(const struct subject *subject)
{
    static const char plain[] = "http://";
    static const char secure[] = "https://";
    const char *url = subject->check->url;

    require(subject, CHECK_KEY_URL);
    if (!given(subject, CHECK_KEY_URL) || !good(subject, CHECK_KEY_URL))
        return;
    bool known = strncasecmp(url, plain, strlen(plain)) == 0 ||
                 strncasecmp(url, secure, strlen(secure)) == 0;
    if (!known || strpbrk(url, " \t") != NULL)
        PROBLEM(subject, CHECK_KEY_URL, "found '%s', expected %s", url,
                config_check_keys[CHECK_KEY_URL].expected);
    if (given(subject, CHECK_KEY_TLS_KEY) && !given(subject, CHECK_KEY_TLS_CERT))
        PROBLEM(subject, CHECK_KEY_TLS_KEY, "without effect alone, expected tls-cert as well");
    if (given(subject, CHECK_KEY_EXPECT_BODY) && strcmp(subject->check->method, "HEAD") == 0)
        PROBLEM(subject, CHECK_KEY_EXPECT_BODY, "an answer to HEAD has no body");
}

static void check_process(const struct subject *subject)
{
    if (!given(subject, CHECK_KEY_PID_FILE) && !given(subject, CHECK_KEY_EXECUTABLE))
        PROBLEM(subject, CHECK_KEY_PID_FILE, "missing, expected pid-file or executable");
}

static void check_unit(const struct subject *subject)
{
    const char *unit = subject->check->unit;

    require(subject, CHECK_KEY_UNIT);
    if (given(subject, CHECK_KEY_UNIT) && good(subject, CHECK_KEY_UNIT) &&
        (strchr(unit, '.') == NULL || strpbrk(unit, "/ ") != NULL))
        PROBLEM(subject, CHECK_KEY_UNIT, "found '%s', expected %s", unit,
                config_check_keys[CHECK_KEY_UNIT].expected);
}

static void check_required(const struct subject *subject)
{
    switch ((enum check_type)subject->check->type) {
    case CHECK_HTTP:
        check_url(subject);
        break;
    case CHECK_TCP:
        require(subject, CHECK_KEY_CONNECT);
        break;
    case CHECK_EXEC:
        require(subject, CHECK_KEY_COMMAND);
        break;
    case CHECK_PROCESS:
        check_process(subject);
        break;
    case CHECK_FILE:
        require(subject, CHECK_KEY_PATH);
        break;
    case CHECK_UNIT:
        check_unit(subject);
        break;
    case CHECK_GATEWAY:
        require(subject, CHECK_KEY_ADDRESS);
        require(subject, CHECK_KEY_INTERFACE);
        break;
    case CHECK_LINK:
        require(subject, CHECK_KEY_INTERFACE);
        break;
    case CHECK_TYPES:
        break;
    }
}

/* A program may take longer: looks are left out while one is under way. */
static void check_times(const struct subject *subject)
{
    if (subject->check->type != CHECK_EXEC && given(subject, CHECK_KEY_TIMEOUT) &&
        good(subject, CHECK_KEY_TIMEOUT) && good(subject, CHECK_KEY_INTERVAL) &&
        subject->check->timeout_ns > subject->check->interval_ns)
        PROBLEM(subject, CHECK_KEY_TIMEOUT,
                "longer than the interval between two looks; expected at most that");
}

static void validate_check(const struct subject *subject)
{
    require(subject, CHECK_KEY_TYPE);
    if (!given(subject, CHECK_KEY_TYPE) || !good(subject, CHECK_KEY_TYPE))
        return;
    check_types(subject);
    check_required(subject);
    check_times(subject);
}

/* Names in `track` that no section has; `known` are those that were told of elsewhere. */
static void check_track(const struct config_draft *draft, const struct config_names *track,
                        const struct config_names *known, const struct config_place *place)
{
    const struct config *config = draft->config;
    const char *names[CHECKS_MAX];

    for (size_t i = 0; i < config->check_count; i++)
        names[i] = config->checks[i].name;
    for (size_t i = 0; i < track->count; i++) {
        const char *name = track->list[i];

        if (config_find_check(config, name) != NULL ||
            (known != NULL && config_names_have(known, name)))
            continue;
        const char *near = suggest(name, names, config->check_count);
        if (near != NULL)
            config_problem_add(draft->problems, place, "there is no [check %s], did you mean '%s'?",
                               name, near);
        else
            config_problem_add(draft->problems, place, "there is no [check %s]", name);
    }
}

static void check_tracks(const struct config_draft *draft)
{
    const struct config *config = draft->config;

    const struct config_place node_place =
        place_of(&draft->node, "node", &config_schema_node()->keys[NODE_TRACK], NODE_TRACK);
    /* A refused header leaves its values in no known place. */
    if (draft->node.file != NULL)
        check_track(draft, &config->track, NULL, &node_place);
    for (size_t i = 0; i < config->instance_count; i++) {
        char section[SECTION_TEXT_SIZE];

        if (draft->instances[i].set_aside)
            continue;
        snprintf(section, sizeof(section), "instance %s", config->instances[i].name);
        const struct config_place place =
            place_of(&draft->instances[i], section, &config_schema_instance()->keys[INSTANCE_TRACK],
                     INSTANCE_TRACK);
        check_track(draft, &config->instances[i].track, &config->track, &place);
    }
}

void config_validate_checks(const struct config_draft *draft)
{
    for (size_t i = 0; i < draft->config->check_count; i++) {
        const struct subject subject = {draft, &draft->config->checks[i], &draft->checks[i]};

        if (!subject.section->set_aside)
            validate_check(&subject);
    }
    check_tracks(draft);
}
