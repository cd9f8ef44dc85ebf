/*
 * vrrp_instance to [instance]: a function for each key, or for the few that hang together.
 */
#include "lib/config/duration.h"
#include "tools/import/import.h"

#include <string.h>

enum { ANNOUNCE_REPEATS = ANNOUNCE_REPEAT_MAX };

#define PRIORITY_DEFAULT "100"

struct subject {
    struct import *import;
    struct import_instance *instance;
    const struct keepalived_node *block;
    struct import_section *section;
    bool version2;
    bool state_master;
    bool owner;
};

static const struct keepalived_node *last(const struct subject *subject, const char *word)
{
    return keepalived_last(subject->block, word);
}

static void set(const struct subject *subject, const struct keepalived_node *node, const char *key,
                const char *value)
{
    import_set(subject->import->out, subject->section, node, key, value);
}

#define NOTE_ON(subject, node, ...)                                                                \
    IMPORT_ITEM((subject)->import, (subject)->section, IMPORT_NOTE, (node), __VA_ARGS__)
#define LOST_ON(subject, node, ...)                                                                \
    IMPORT_ITEM((subject)->import, (subject)->section, IMPORT_LOST, (node), __VA_ARGS__)

/* A word that keepalived needs as well: without it the section is refused by vipd's own check. */
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

static void set_priority(struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "priority");
    const char *value = import_value(node);
    long number = 0;

    if (node == NULL) {
        value = subject->state_master ? "255" : PRIORITY_DEFAULT;
        if (subject->state_master)
            NOTE_ON(subject, last(subject, "state"),
                    "without a priority, keepalived takes MASTER for the owner of the addresses: "
                    "priority 255");
    } else if (!import_number(value, 1, 255, &number)) {
        LOST_ON(subject, node, "expected 1 to 255; keepalived takes 100 instead, and so does this");
        value = PRIORITY_DEFAULT;
    }
    subject->owner = strcmp(value, "255") == 0;
    subject->instance->priority = value;
    set(subject, node != NULL ? node : subject->block, "priority", value);
}

static void tell_state(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "state");

    if (node != NULL)
        NOTE_ON(subject, node,
                "vipd has no initial state: it begins as backup, and the priority decides");
}

/* keepalived's default is 2 for IPv4; IPv6 is always 3. */
static void set_version(struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "version");

    if (node == NULL)
        node = subject->import->globals.version;
    const char *value = import_value(node);
    bool ipv6 = import_family_of(subject->block) == IMPORT_IPV6;
    subject->version2 = !ipv6 && (value == NULL || strcmp(value, "3") != 0);
    if (node == NULL)
        node = subject->block;
    set(subject, node, "version", subject->version2 ? "2" : "3");
    if (subject->version2)
        NOTE_ON(subject, node,
                "VRRP version 2, as keepalived speaks it here. 3 is better once all nodes of the "
                "instance change together: it is quicker to notice a dead master");
}

static void set_interval(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "advert_int");
    const uint64_t step = subject->version2 ? NS_PER_SEC : 10 * NS_PER_MS;
    uint64_t given = NS_PER_SEC;
    char text[DURATION_TEXT_SIZE];

    if (node != NULL && !import_seconds(import_value(node), &given)) {
        LOST_ON(subject, node, "expected seconds; keepalived takes 1 instead, and so does this");
        given = NS_PER_SEC;
    }
    uint64_t interval = (given + step / 2) / step * step;
    if (interval == 0)
        interval = step;
    duration_format(interval, text, sizeof(text));
    if (interval != given)
        NOTE_ON(subject, node, "rounded to %s: version %d counts in %s", text,
                subject->version2 ? 2 : 3, subject->version2 ? "seconds" : "hundredths");
    set(subject, node != NULL ? node : subject->block, "advert-interval", text);
}

/* nopreempt and preempt_delay want state BACKUP, and a priority below 255. */
static void set_preempt(const struct subject *subject)
{
    const struct keepalived_node *never = last(subject, "nopreempt");
    const struct keepalived_node *delay = last(subject, "preempt_delay");
    const char *ignored = subject->owner          ? "priority 255"
                          : subject->state_master ? "state MASTER"
                                                  : NULL;
    uint64_t delay_ns = 0;
    char text[DURATION_TEXT_SIZE];

    if (never != NULL && ignored != NULL)
        NOTE_ON(subject, never,
                "keepalived ignores it with %s, and so it is left out; 'preempt = no' is what it "
                "would be",
                ignored);
    else if (never != NULL)
        set(subject, never, "preempt", "no");
    if (delay == NULL)
        return;
    if (!import_seconds(import_value(delay), &delay_ns))
        LOST_ON(subject, delay, "expected seconds from 0 to 1000");
    else if (never != NULL && ignored == NULL)
        NOTE_ON(subject, delay, "keepalived ignores it beside nopreempt, and so it is left out");
    else if (ignored != NULL)
        NOTE_ON(subject, delay,
                "keepalived ignores it with %s, and so it is left out; 'preempt = after %s' is "
                "what it would be",
                ignored, duration_format(delay_ns, text, sizeof(text)));
    else if (delay_ns > 0)
        set(subject, delay, "preempt",
            arena_print(subject->import->arena, "after %s",
                        duration_format(delay_ns, text, sizeof(text))));
}

/* vipd sends adverts of a virtual MAC from it, and has none with unicast. */
static void set_mac(const struct subject *subject, bool unicast)
{
    const struct keepalived_node *node = last(subject, "use_vmac");
    const struct keepalived_node *base = last(subject, "vmac_xmit_base");

    if (node != NULL && unicast)
        LOST_ON(subject, node,
                "vipd has no virtual MAC beside unicast-peers: the interface's own is used");
    else if (node != NULL)
        set(subject, node, "mac", "virtual");
    if (node != NULL && !unicast && node->count > 1)
        NOTE_ON(subject, node, "vipd names the interface itself; its MAC is that of RFC 9568 7.3");
    if (base != NULL && node != NULL && !unicast)
        LOST_ON(subject, base, "vipd sends adverts from the virtual MAC, as RFC 9568 7.2 wants it");
}

/* Of the instance, else of global_defs. */
static void set_announcements(const struct subject *subject)
{
    const struct import_globals *globals = &subject->import->globals;
    const struct keepalived_node *repeat = last(subject, "garp_master_repeat");
    const struct keepalived_node *refresh = last(subject, "garp_master_refresh");
    uint64_t refresh_ns = 0;
    long count = 0;
    char text[DURATION_TEXT_SIZE];

    repeat = repeat != NULL ? repeat : globals->garp_repeat;
    refresh = refresh != NULL ? refresh : globals->garp_refresh;
    if (repeat == NULL && import_bool(globals->min_garp)) {
        set(subject, globals->min_garp, "announce-repeat", "0");
    } else if (repeat != NULL && import_number(import_value(repeat), 0, 1000000, &count)) {
        if (count > ANNOUNCE_REPEATS)
            NOTE_ON(subject, repeat, "vipd repeats %d times at most", ANNOUNCE_REPEATS);
        count = count > ANNOUNCE_REPEATS ? ANNOUNCE_REPEATS : count;
        set(subject, repeat, "announce-repeat", arena_print(subject->import->arena, "%ld", count));
    } else if (repeat != NULL) {
        LOST_ON(subject, repeat, "expected a number");
    }
    if (refresh == NULL)
        return;
    if (!import_seconds(import_value(refresh), &refresh_ns))
        LOST_ON(subject, refresh, "expected seconds");
    else
        set(subject, refresh, "announce-refresh",
            refresh_ns == 0 ? "off" : duration_format(refresh_ns, text, sizeof(text)));
}

static void tell_rest(const struct subject *subject)
{
    const struct keepalived_node *down = last(subject, "down_timer_adverts");
    const struct keepalived_node *strict = last(subject, "strict_mode");
    long adverts = 0;

    if (down != NULL && (!import_number(import_value(down), 1, 100, &adverts) || adverts != 3))
        LOST_ON(subject, down, "vipd waits three intervals and the skew time, as the RFC has it");
    if (import_bool(strict))
        LOST_ON(subject, strict,
                "vipd's 'strict' is not the same, and vipd drops no packets to the virtual "
                "addresses: let the firewall do it where that was wanted");
}

static void write_instance(struct import *import, struct import_instance *instance)
{
    const struct keepalived_node *state = keepalived_last(instance->block, "state");
    struct subject subject = {
        .import = import,
        .instance = instance,
        .block = instance->block,
        .state_master = import_value(state) != NULL && strcmp(import_value(state), "MASTER") == 0,
    };

    subject.section = instance->section =
        import_section(import->out, "instance", instance->name, instance->block);
    tell_state(&subject);
    set_interface(&subject);
    set_vrid(&subject);
    set_priority(&subject);
    set_version(&subject);
    set_interval(&subject);
    set_preempt(&subject);
    import_addresses(import, instance, import_value(last(&subject, "interface")), subject.version2);
    set_mac(&subject, import_peers(import, instance));
    set_announcements(&subject);
    import_track(import, instance);
    import_hooks(import, subject.section, subject.block, "INSTANCE", instance->keepalived_name,
                 instance->priority);
    tell_rest(&subject);
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

void import_list_instances(struct import *import)
{
    const struct keepalived_node *node = import->tree->root.first;

    for (; node != NULL; node = node->next) {
        if (!keepalived_is(node, "vrrp_instance"))
            continue;
        const char *name = node->count > 1 ? node->words[1] : "";
        if (import->instance_count == INSTANCES_MAX) {
            IMPORT_ITEM(import, NULL, IMPORT_LOST, node,
                        "one vipd has %d instances at most: run another one", INSTANCES_MAX);
            continue;
        }

        import->instances = arena_grow(import->arena, import->instances, import->instance_count,
                                       sizeof(*import->instances));
        import->instances[import->instance_count++] = (struct import_instance){
            .block = node,
            .keepalived_name = name,
            .name = import_name(import, node, name),
            .group = group_of(import, name),
        };
    }
}
