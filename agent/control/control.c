/* What the control server asks for, answered; see control.h. */
#include "agent/control/control.h"

#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/control/requests.h"
#include "agent/control/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct control {
    struct control_options options;
    struct requests requests;
    struct control_server *server;
};

static json_t *on_node(void *userdata)
{
    const struct control *control = userdata;

    return snapshot_node(&control->options.sources);
}

static json_t *on_instance(void *userdata, size_t index)
{
    const struct control *control = userdata;
    const struct registry *registry = control->options.sources.registry;

    return index < registry_count(registry) ? snapshot_instance(registry_at(registry, index))
                                            : NULL;
}

static size_t on_pack(void *userdata, size_t index, void *room, size_t size)
{
    const struct control *control = userdata;
    const struct registry *registry = control->options.sources.registry;

    return index < registry_count(registry)
               ? snapshot_pack(registry_at(registry, index), room, size)
               : 0;
}

static size_t on_count(void *userdata)
{
    const struct control *control = userdata;

    return registry_count(control->options.sources.registry);
}

static uint64_t on_generation(void *userdata)
{
    const struct control *control = userdata;

    return registry_generation(control->options.sources.registry);
}

/* Also one that is stopping. */
static bool on_find(void *userdata, const char *name, size_t *index)
{
    const struct control *control = userdata;
    const struct registry *registry = control->options.sources.registry;

    for (size_t i = 0; i < registry_count(registry); i++) {
        if (strcmp(registry_at(registry, i)->config->name, name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static void on_reload(void *userdata, const struct control_request *request,
                      struct control_later *later)
{
    const struct control *control = userdata;

    control->options.reload(control->options.userdata, request, later);
}

static json_t *on_handover(void *userdata, const struct control_request *request)
{
    struct control *control = userdata;

    return requests_handover(&control->requests, request);
}

int control_open(const struct control_options *options, struct control **out)
{
    struct control *control = calloc(1, sizeof(*control));
    const struct control_handlers handlers = {
        .node = on_node,
        .instance = on_instance,
        .pack = on_pack,
        .count = on_count,
        .generation = on_generation,
        .find = on_find,
        .reload = on_reload,
        .handover = on_handover,
        .userdata = control,
        .history = options->history,
    };

    *out = NULL;
    if (control == NULL) {
        log_msg(LOG_ERR, "cannot open the control socket: %s", strerror(ENOMEM));
        return -ENOMEM;
    }
    control->options = *options;
    control->requests.registry = options->sources.registry;
    int r = control_server_open(options->event, AGENT_PRIORITY_CONTROL, options->path, &handlers,
                                &control->server);
    if (r < 0) {
        control_close(control);
        return r;
    }
    *out = control;
    return 0;
}

void control_close(struct control *control)
{
    if (control == NULL)
        return;
    control_server_close(control->server);
    free(control);
}

void control_history_changed(struct control *control)
{
    if (control != NULL)
        control_server_publish_history(control->server);
}
