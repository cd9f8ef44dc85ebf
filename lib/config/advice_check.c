/* Advice about checks: what is followed by nobody, what has no effect on an owner, and a weight
 * that moves nothing. */
#include "lib/config/advice_check.h"

#include "lib/config/instance_problem.h"
#include "lib/config/schema.h"

#include <stdio.h>

static bool is_tracked(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->instance_count; i++) {
        if (config_names_have(&config->instances[i].track, name))
            return true;
    }
    return config_names_have(&config->track, name);
}

static void advise_on_check(const struct config *config, const struct config_check *check,
                            struct config_problems *out)
{
    char section[NAME_SIZE + 16];
    struct config_place place = {
        .file = check->file, .line = check->line, .section = section, .key = ""};

    snprintf(section, sizeof(section), "check %s", check->name);
    if (!is_tracked(config, check->name))
        config_problem_add(out, &place, "without effect: no instance has it in track");
    /* The name of the process that a pid file names is looked up in /proc as well. */
    place.key = config_schema_check()->keys[CHECK_KEY_EXECUTABLE].name;
    if (check->executable[0] != '\0')
        config_problem_add(out, &place,
                           "vipd.service hides processes of other users: unless it is one of "
                           "vipd's own user, this takes a drop-in with ProtectProc=default "
                           "(systemctl edit vipd)");
}

/* Checks that change the priority of an owner, and flap-damping of one. */
static void advise_on_owner(const struct config *config, const struct config_instance *instance,
                            struct config_problems *out)
{
    if (instance->priority != PRIORITY_OWNER)
        return;
    if (instance->flap_damping.transitions > 0)
        config_instance_problem(out, instance, INSTANCE_FLAP_DAMPING,
                                "without effect at priority 255");
    for (size_t i = 0; i < instance->track.count; i++) {
        const struct config_check *check = config_find_check(config, instance->track.list[i]);

        if (check != NULL && check->weight != 0)
            config_instance_problem(out, instance, INSTANCE_TRACK,
                                    "the weight of %s is without effect at priority 255",
                                    check->name);
    }
}

/* The first check of the instance that changes its priority; NULL: none does. */
static const struct config_check *first_weighted(const struct config *config,
                                                 const struct config_instance *instance)
{
    for (size_t i = 0; i < instance->track.count; i++) {
        const struct config_check *check = config_find_check(config, instance->track.list[i]);

        if (check != NULL && (check->weight != 0 || check->content == CONTENT_NUMBER))
            return check;
    }
    return NULL;
}

/* A lower priority alone moves nothing where the peers do not preempt: the master stays, failing.
 */
static void advise_on_no_preempt(const struct config *config,
                                 const struct config_instance *instance,
                                 struct config_problems *out)
{
    if (instance->preempt != PREEMPT_NO || instance->priority == PRIORITY_OWNER)
        return;
    const struct config_check *check = first_weighted(config, instance);
    if (check == NULL)
        return;
    config_instance_problem(
        out, instance, INSTANCE_PREEMPT,
        "no: a master whose check %s fails keeps the addresses, since its weight "
        "only lowers a priority that no node preempts; without a weight the check "
        "withdraws the node",
        check->name);
}

void config_advise_checks(const struct config *config, struct config_problems *out)
{
    for (size_t i = 0; i < config->check_count; i++)
        advise_on_check(config, &config->checks[i], out);
    for (size_t i = 0; i < config->instance_count; i++) {
        advise_on_owner(config, &config->instances[i], out);
        advise_on_no_preempt(config, &config->instances[i], out);
    }
}
