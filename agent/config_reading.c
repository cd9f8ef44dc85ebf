/* Reading a configuration, with all that can take long; see config_reading.h. */
#include "agent/config_reading.h"

#include "agent/kernel/nft_guard.h"
#include "lib/config/instance_problem.h"

/* accept = no without its effect would be a hole in somebody's firewall. */
static bool check_accept(const struct config *config, struct config_problems *problems)
{
    const struct config_instance *closed = NULL;

    for (size_t i = 0; i < config->instance_count && closed == NULL; i++)
        closed = config->instances[i].accept ? NULL : &config->instances[i];
    const char *lacks = closed != NULL ? nft_guard_try() : NULL;
    if (lacks == NULL)
        return true;
    config_instance_problem(problems, closed, INSTANCE_ACCEPT,
                            "found 'no', expected 'yes' here: %s", lacks);
    return false;
}

void config_reading_run(const char *file, const char *directory, const struct config_box *before,
                        bool users, struct config_reading *out)
{
    *out = (struct config_reading){0};
    out->box = config_box_load(file, directory, &out->problems);
    if (out->box == NULL || !users)
        return;
    if (!check_accept(out->box->config, &out->problems) ||
        !hooks_check(out->box, before, &out->problems)) {
        config_box_unref(out->box);
        out->box = NULL;
        return;
    }
    hooks_missing_find(out->box, &out->missing);
}

void config_reading_free(struct config_reading *reading)
{
    config_box_unref(reading->box);
    config_problems_free(&reading->problems);
    *reading = (struct config_reading){0};
}
