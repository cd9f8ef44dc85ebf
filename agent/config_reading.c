/* Reading a configuration, with all that can take long; see config_reading.h. */
#include "agent/config_reading.h"

void config_reading_run(const char *file, const char *directory, const struct config_box *before,
                        bool users, struct config_reading *out)
{
    *out = (struct config_reading){0};
    out->box = config_box_load(file, directory, &out->problems);
    if (out->box == NULL || !users)
        return;
    if (!hooks_check(out->box, before, &out->problems)) {
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
