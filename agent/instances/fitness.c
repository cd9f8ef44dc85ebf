/* What is wrong with an interface; see fitness.h. */
#include "agent/instances/fitness.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/instances/events.h"
#include "lib/config/interface_fit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fitness_say(struct instance *instance)
{
    const struct evidence none = {0}; /* the sentence has it all */

    if (instance->unusable == NULL)
        return;
    log_instance(LOG_ERR, instance->config->name, "%s: it takes no part", instance->unusable);
    instance->node->on_event(instance->node->userdata, instance, "unusable-interface", &none,
                             instance->unusable);
}

/* Said once for each reason. */
static void hold(struct instance *instance, const char *text)
{
    bool news = instance->unusable == NULL || strcmp(instance->unusable, text) != 0;

    if (news) {
        free(instance->unusable);
        instance->unusable = strdup(text);
        instance->unusable_wall_ns = clock_wall_ns();
    }
    instance_set_hold(instance, HOLD_UNUSABLE, true);
    if (news && (instance->starting || instance->started))
        fitness_say(instance);
}

void fitness_forget(struct instance *instance)
{
    free(instance->unusable);
    instance->unusable = NULL;
    instance_set_hold(instance, HOLD_UNUSABLE, false);
}

bool fitness_look(struct instance *instance, const struct link *link)
{
    const struct interface_nature nature = {.name = link->name,
                                            .kind = link->kind,
                                            .mode = link->mode,
                                            .ethernet = link->ethernet,
                                            .loopback = link->loopback,
                                            .multicast = link->multicast};
    char text[INTERFACE_FIT_SIZE];

    if (interface_unfit(&nature, instance->config, text, sizeof(text)) == NULL)
        return true;
    hold(instance, text);
    return false;
}

static bool lacks_virtual(const struct instance *instance)
{
    for (size_t i = 0; i < instance->router_count; i++)
        if (instance->routers[i].virtual != NULL && instance->routers[i].virtual->error < 0)
            return true;
    return false;
}

void fitness_tried(struct instance *instance, const struct link *link, int result)
{
    char text[INTERFACE_FIT_SIZE];

    if (result == 0) {
        fitness_forget(instance);
        return;
    }
    if (result == -EBUSY && !lacks_virtual(instance))
        snprintf(text, sizeof(text), "another instance with VRID %u has not left %s yet",
                 instance->config->vrid, link->name);
    else
        snprintf(text, sizeof(text), "%s on %s: %s",
                 lacks_virtual(instance) ? "the link of the virtual MAC cannot be made"
                                         : "adverts cannot be sent and received",
                 link->name, strerror(-result));
    hold(instance, text);
}

void fitness_free(struct instance *instance)
{
    free(instance->unusable);
    instance->unusable = NULL;
}
