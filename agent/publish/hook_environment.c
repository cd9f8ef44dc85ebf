/* VIPD_* of a hook; nothing of our own environment but PATH and the language and zone of texts. */
#include "agent/publish/hook_environment.h"

#include "lib/config/hook_unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VARIABLES_MAX = 16 };

struct builder {
    char **list;
    size_t count;
    bool failed;
};

const char *hook_name(enum hook hook)
{
    static const char *const names[HOOKS] = {
        [HOOK_INIT] = "on-init",     [HOOK_BACKUP] = "on-backup", [HOOK_MASTER] = "on-master",
        [HOOK_CHANGE] = "on-change", [HOOK_RIVAL] = "on-rival",   [HOOK_BEFORE] = "before-master"};

    return names[hook];
}

static __attribute__((format(printf, 2, 3))) void add(struct builder *builder, const char *format,
                                                      ...)
{
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (builder->count >= VARIABLES_MAX || vasprintf(&text, format, arguments) < 0)
        builder->failed = true;
    else
        builder->list[builder->count++] = text;
    va_end(arguments);
}

/* As many as there is room for, separated by spaces. */
static void add_addresses(struct builder *builder, const struct config_instance *config)
{
    char *list = calloc(1, HOOKS_ADDRESSES_SIZE);
    size_t used = 0;

    if (list == NULL) {
        builder->failed = true;
        return;
    }
    for (size_t i = 0; i < config->claim_count; i++) {
        const struct ip_prefix *prefix = &config->claims[i].prefix;
        char text[ADDRESS_TEXT_SIZE];

        if (used + sizeof(text) + 1 > HOOKS_ADDRESSES_SIZE)
            break;
        used += (size_t)snprintf(list + used, HOOKS_ADDRESSES_SIZE - used, "%s%s",
                                 used > 0 ? " " : "", ip_prefix_format(prefix, text, sizeof(text)));
    }
    add(builder, "VIPD_ADDRESSES=%s", list);
    free(list);
}

static void add_ours(struct builder *builder, const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    if (value != NULL || otherwise != NULL)
        add(builder, "%s=%s", name, value != NULL ? value : otherwise);
}

/* Why, as a name and as a sentence; and who else had to do with it. */
static void add_reason(struct builder *builder, const struct transition *transition, enum hook hook)
{
    const struct evidence *evidence = &transition->evidence;
    char peer[ADDRESS_TEXT_SIZE] = "";
    char text[REASON_TEXT_SIZE];

    if (evidence->peer.family != IP_FAMILY_NONE)
        ip_address_format(&evidence->peer, peer, sizeof(peer));
    if (hook == HOOK_RIVAL) {
        add(builder, "VIPD_REASON=rival");
        add(builder, "VIPD_TEXT=%s adverts with priority %u beside this node, which is MASTER",
            peer, evidence->peer_priority);
    } else {
        add(builder, "VIPD_REASON=%s", reason_name(transition->reason));
        add(builder, "VIPD_TEXT=%s", reason_text(transition, text, sizeof(text)));
    }
    if (peer[0] == '\0')
        return;
    add(builder, "VIPD_PEER=%s", peer);
    add(builder, "VIPD_PEER_PRIORITY=%u", evidence->peer_priority);
}

char **hook_environment_new(const struct hook_event *event, enum hook hook)
{
    const struct transition *transition = &event->transition;
    struct builder builder = {.list = calloc(VARIABLES_MAX + 1, sizeof(char *))};

    if (builder.list == NULL)
        return NULL;
    add_ours(&builder, "PATH", HOOK_PATH_DEFAULT);
    add_ours(&builder, "LANG", NULL);
    add_ours(&builder, "TZ", NULL);
    add(&builder, "VIPD_HOOK=%s", hook_name(hook));
    add(&builder, "VIPD_INSTANCE=%s", event->config->name);
    add(&builder, "VIPD_STATE=%s", vrrp_state_name(transition->to));
    add(&builder, "VIPD_PREVIOUS=%s", vrrp_state_name(transition->from));
    add_reason(&builder, transition, hook);
    add(&builder, "VIPD_INTERFACE=%s", event->interface);
    add(&builder, "VIPD_VRID=%u", event->config->vrid);
    add(&builder, "VIPD_PRIORITY=%u", event->priority);
    add_addresses(&builder, event->config);
    if (builder.failed) {
        hook_environment_free(builder.list);
        return NULL;
    }
    return builder.list;
}

void hook_environment_free(char **environment)
{
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++)
        free(environment[i]);
    free(environment);
}
