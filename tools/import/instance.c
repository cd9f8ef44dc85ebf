/*
 * vrrp_instance to [instance]: what it is, a function for each key. How it is heard on the wire and
 * what it does is in wire.c and behaviour.c.
 */
#include "lib/config/duration.h"
#include "tools/import/subject.h"

#include <string.h>

#define PRIORITY_DEFAULT "100"

#define NOTE_ON(subject, node, ...)     ITEM_ON((subject), IMPORT_NOTE, (node), __VA_ARGS__)
#define FAILOVER_ON(subject, node, ...) ITEM_ON((subject), IMPORT_FAILOVER, (node), __VA_ARGS__)

/* A word that keepalived needs as well, but with unicast: without it the section is refused by
 * vipd's own check. */
static void set_interface(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "interface");

    if (import_value(node) != NULL)
        set(subject, node, "interface", import_value(node));
}

static void set_vrid(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "virtual_router_id");

    if (import_value(node) != NULL)
        set(subject, node, "vrid", import_value(node));
}

static void set_priority(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "priority");
    const char *value = import_value(node);
    long number = 0;

    if (node == NULL) {
        value = subject->instance->master ? "255" : PRIORITY_DEFAULT;
        if (subject->instance->master)
            NOTE_ON(subject, last(subject, "state"),
                    "without a priority, keepalived takes MASTER for the owner of the addresses: "
                    "priority 255");
    } else if (!import_number(value, 1, 255, &number)) {
        if (value != NULL)
            FAILOVER_ON(subject, node,
                        "expected 1 to 255; keepalived takes 100 instead, and so does this");
        value = PRIORITY_DEFAULT;
    }
    subject->instance->owner = strcmp(value, "255") == 0;
    subject->instance->priority = value;
    set(subject, node != NULL ? node : subject->block, "priority", value);
}

/* In strict mode keepalived lets nobody but the owner begin as master. */
static void set_state(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "state");

    if (node != NULL)
        NOTE_ON(subject, node,
                "vipd has no initial state: it begins as backup, and the priority decides");
    if (subject->instance->strict && !subject->instance->owner)
        subject->instance->master = false;
}

/* keepalived's default is 2 for IPv4; IPv6 is always 3. */
static void set_version(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "version");

    if (node == NULL)
        node = subject->import->globals.version;
    const char *value = import_value(node);
    bool ipv6 = import_family_of(subject->block) == IMPORT_IPV6;
    subject->instance->version2 = !ipv6 && (value == NULL || strcmp(value, "3") != 0);
    if (node == NULL)
        node = subject->block;
    set(subject, node, "version", subject->instance->version2 ? "2" : "3");
    if (subject->instance->version2)
        NOTE_ON(subject, node,
                "VRRP version 2, as keepalived speaks it here. 3 is better once all nodes of the "
                "instance change together: it is quicker to notice a dead master");
}

static void set_interval(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "advert_int");
    const uint64_t step = subject->instance->version2 ? NS_PER_SEC : 10 * NS_PER_MS;
    uint64_t given = NS_PER_SEC;
    char text[DURATION_TEXT_SIZE];

    if (node != NULL && !import_seconds(import_value(node), &given)) {
        if (import_value(node) != NULL)
            FAILOVER_ON(subject, node,
                        "expected seconds; keepalived takes 1 instead, and so does this");
        given = NS_PER_SEC;
    }
    uint64_t interval = (given + step / 2) / step * step;
    if (interval == 0)
        interval = step;
    duration_format(interval, text, sizeof(text));
    if (interval != given)
        NOTE_ON(subject, node, "rounded to %s: version %d counts in %s", text,
                subject->instance->version2 ? 2 : 3,
                subject->instance->version2 ? "seconds" : "hundredths");
    set(subject, node != NULL ? node : subject->block, "advert-interval", text);
}

static bool is_strict(const struct import *import, const struct keepalived_node *block)
{
    const struct keepalived_node *own = keepalived_last(block, "strict_mode");

    return import_bool(own != NULL ? own : import->globals.strict);
}

static void write_instance(struct import *import, struct import_instance *instance)
{
    const struct keepalived_node *state = keepalived_last(instance->block, "state");
    const struct subject subject = {
        .import = import,
        .instance = instance,
        .block = instance->block,
        .section = import_section(import->out, "instance", instance->name, instance->block),
    };

    instance->section = subject.section;
    instance->master = import_value(state) != NULL && strcmp(import_value(state), "MASTER") == 0;
    instance->strict = is_strict(import, instance->block);
    set_interface(&subject);
    set_vrid(&subject);
    set_priority(&subject);
    set_state(&subject);
    set_version(&subject);
    set_interval(&subject);
    import_addresses(import, instance, import_value(last(&subject, "interface")));
    import_wire(import, instance);
    import_behaviour(import, instance);
    import_track(import, instance);
    import_hooks(import, subject.section, subject.block, false, instance->keepalived_name,
                 instance->priority);
    import_sort_out(import, SCOPE_INSTANCE, subject.section, subject.block);
}

void import_write_instances(struct import *import)
{
    for (size_t i = 0; i < import->instance_count; i++)
        write_instance(import, &import->instances[i]);
}

/* The sync group that names the instance. */
static const struct keepalived_node *group_of(const struct import *import, const char *name)
{
    const struct keepalived_node *node = import->tree->root.first;

    for (; node != NULL; node = node->next) {
        const struct keepalived_node *group = keepalived_last(node, "group");

        if (!keepalived_is(node, "vrrp_sync_group") || group == NULL)
            continue;
        for (const struct keepalived_node *m = group->first; m != NULL; m = m->next) {
            for (size_t i = 0; i < m->count; i++) {
                if (strcmp(m->words[i], name) == 0)
                    return node;
            }
        }
    }
    return NULL;
}

static bool name_taken(const struct import *import, const char *name)
{
    for (size_t i = 0; i < import->instance_count; i++) {
        if (strcmp(import->instances[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool is_defined(const struct import *import, const char *keepalived_name)
{
    for (size_t i = 0; i < import->instance_count; i++) {
        if (strcmp(import->instances[i].keepalived_name, keepalived_name) == 0)
            return true;
    }
    return false;
}

void import_list_instances(struct import *import)
{
    const struct keepalived_node *node = import->tree->root.first;

    for (; node != NULL; node = node->next) {
        if (!keepalived_is(node, "vrrp_instance"))
            continue;
        const char *name = node->count > 1 ? node->words[1] : "";
        if (is_defined(import, name)) {
            IMPORT_ITEM(import, NULL, IMPORT_NOTE, node,
                        "a second one of that name, which keepalived ignores: left out");
            continue;
        }
        if (import->instance_count == INSTANCES_MAX) {
            IMPORT_ITEM(import, NULL, IMPORT_MASTERS, node,
                        "one vipd has %d instances at most, and a network namespace one vipd",
                        INSTANCES_MAX);
            continue;
        }

        import->instances = arena_grow(import->arena, import->instances, import->instance_count,
                                       sizeof(*import->instances));
        const char *own_name = import_name(import, node, name, name_taken);
        import->instances[import->instance_count++] = (struct import_instance){
            .block = node,
            .keepalived_name = name,
            .name = own_name,
            .group = group_of(import, name),
        };
    }
}
