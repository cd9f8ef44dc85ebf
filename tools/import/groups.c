/* vrrp_sync_group to [group], global_defs to [node], and the order of it all. */
#include "lib/config/duration.h"
#include "lib/config/names.h"
#include "tools/import/import.h"
#include "tools/import/keys.h"

#include <string.h>

static struct import_instance *find_instance(struct import *import, const char *name)
{
    for (size_t i = 0; i < import->instance_count; i++) {
        if (strcmp(import->instances[i].keepalived_name, name) == 0)
            return &import->instances[i];
    }
    return NULL;
}

/* The members of vipd's group, by their names there; *first is the first of them. */
static size_t members_of(struct import *import, struct import_section *section,
                         const struct keepalived_node *group, const char **joined,
                         struct import_instance **first)
{
    const struct keepalived_node *list = keepalived_last(group, "group");
    const char **names = NULL;
    size_t count = 0;

    *first = NULL;
    for (const struct keepalived_node *n = list != NULL ? list->first : NULL; n != NULL;
         n = n->next) {
        for (size_t i = 0; i < n->count; i++) {
            struct import_instance *instance = find_instance(import, n->words[i]);

            if (instance == NULL || instance->group != group) {
                IMPORT_ITEM(import, section, IMPORT_NOTE, n,
                            instance == NULL
                                ? "there is no vrrp_instance %s: keepalived ignores it, and so "
                                  "does this"
                                : "%s is in another group already, and keepalived takes the first",
                            n->words[i]);
                continue;
            }
            names = arena_grow(import->arena, names, count, sizeof(*names));
            names[count++] = instance->name;
            if (*first == NULL)
                *first = instance;
        }
    }
    *joined = import_joined(import, names, count);
    return count;
}

/* All members change together, so a group's scripts can be hooks of one of them. */
static void write_group_hooks(struct import *import, struct import_section *section,
                              const struct keepalived_node *group, struct import_instance *first,
                              const char *name)
{
    static const char *const words[] = {"notify", "notify_master", "notify_backup", "notify_fault",
                                        "notify_stop"};
    bool some = false;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const struct keepalived_node *node = keepalived_last(group, words[i]);
        bool taken = first != NULL && keepalived_last(first->block, words[i]) != NULL;

        some = some || node != NULL;
        if (node != NULL && (first == NULL || taken)) {
            IMPORT_ITEM(import, section, IMPORT_FAILOVER, node,
                        "hooks belong to instances, and the group's first has its own: let one "
                        "script do both");
            return;
        }
    }
    if (!some)
        return;
    if (section != NULL)
        IMPORT_ITEM(import, first->section, IMPORT_NOTE, group,
                    "the hooks of the group: its members change together, so its first runs them");
    import_hooks(import, first->section, group, true, name, first->priority);
}

static bool group_name_taken(const struct import *import, const char *name)
{
    for (const struct import_section *s = import->out->first; s != NULL; s = s->next) {
        if (strcmp(s->type, SECTION_GROUP) == 0 && strcmp(s->name, name) == 0)
            return true;
    }
    return false;
}

/* A group of one is none: what it tracks and runs is its instance's. */
static void write_group(struct import *import, const struct keepalived_node *node)
{
    const char *keepalived_name = node->count > 1 ? node->words[1] : "";
    const char *name = import_name(import, node, keepalived_name, group_name_taken);
    struct import_instance *first = NULL;
    struct import_section *section = NULL;
    const char *members = NULL;

    size_t count = members_of(import, NULL, node, &members, &first);
    if (count > 1) {
        section = import_section(import->out, SECTION_GROUP, name, node);
        import_set(import->out, section, node, KEY_INSTANCES, members);
    } else {
        IMPORT_ITEM(import, first != NULL ? first->section : NULL, IMPORT_NOTE, node,
                    count == 1 ? "one instance alone needs no group: what this one tracks and runs "
                                 "is the instance's"
                               : "it has no instance: left out");
    }
    write_group_hooks(import, section, node, first, keepalived_name);
    import_sort_out(import, SCOPE_GROUP, section, node);
}

void import_write_groups(struct import *import)
{
    const struct keepalived_node *node = import->tree->root.first;

    for (; node != NULL; node = node->next) {
        if (keepalived_is(node, "vrrp_sync_group"))
            write_group(import, node);
    }
}

static void take_global(struct import *import, const struct keepalived_node *block)
{
    const struct {
        const char *word;
        const struct keepalived_node **place;
    } words[] = {
        {"vrrp_version", &import->globals.version},
        {"vrrp_garp_master_repeat", &import->globals.garp_repeat},
        {"vrrp_garp_master_refresh", &import->globals.garp_refresh},
        {"vrrp_min_garp", &import->globals.min_garp},
        {"vrrp_strict", &import->globals.strict},
        {"script_user", &import->globals.script_user},
        {"enable_script_security", &import->globals.script_security},
        {"v3_checksum_as_v2", &import->globals.checksum_as_v2},
        {"vrrp_down_timer_adverts", &import->globals.down_adverts},
        {"vrrp_mcast_group4", &import->globals.group4},
        {"vrrp_mcast_group6", &import->globals.group6},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const struct keepalived_node *node = keepalived_last(block, words[i].word);

        if (node != NULL)
            *words[i].place = node;
    }
}

static struct import_section *node_section(struct import *import,
                                           const struct keepalived_node *block)
{
    struct import_section *section = import->out->first;

    while (section != NULL && strcmp(section->type, SECTION_NODE) != 0)
        section = section->next;
    return section != NULL ? section : import_section(import->out, SECTION_NODE, NULL, block);
}

static void set_node_name(struct import *import, const struct keepalived_node *block)
{
    const struct keepalived_node *node = keepalived_last(block, "router_id");
    const char *value = import_value(node);

    if (value == NULL)
        return;
    if (config_name_valid(value, strlen(value)))
        import_set(import->out, node_section(import, block), node, "name", value);
    else
        IMPORT_ITEM(import, NULL, IMPORT_NOTE, node,
                    "not a name for [node] name: vipd shows the host name instead");
}

/* The longest of some durations, each a statement of a word. */
struct longest {
    const struct keepalived_node *node;
    uint64_t ns;
};

static void take_longer(struct import *import, const struct keepalived_node *block,
                        const char *word, struct longest *longest)
{
    const struct keepalived_node *node = keepalived_last(block, word);
    uint64_t ns = 0;

    if (node == NULL)
        return;
    if (!import_seconds(import_value(node), &ns))
        IMPORT_ITEM(import, NULL, IMPORT_NOTE, node, "expected seconds: without effect");
    else if (ns == 0)
        IMPORT_ITEM(import, NULL, IMPORT_NOTE, node, "keepalived's default");
    if (ns > longest->ns)
        *longest = (struct longest){node, ns};
}

/* Sets it as a key of [node], in whole milliseconds. */
static void set_longest(struct import *import, const struct longest *longest, const char *key,
                        const char *missing)
{
    char text[DURATION_TEXT_SIZE];
    uint64_t ns = longest->ns / NS_PER_MS * NS_PER_MS;

    if (longest->node == NULL)
        return;
    if (!import_knows(SECTION_NODE, key))
        IMPORT_ITEM(import, NULL, IMPORT_FAILOVER, longest->node, "%s", missing);
    else if (ns == 0)
        IMPORT_ITEM(import, NULL, IMPORT_NOTE, longest->node,
                    "less than a millisecond, of which vipd makes none");
    else
        import_set(import->out, node_section(import, longest->node->parent), longest->node, key,
                   duration_format(ns, text, sizeof(text)));
}

/* vipd has one pause for all interfaces: the longest. */
static void take_pauses(struct import *import, struct longest *pause)
{
    for (const struct keepalived_node *n = import->tree->root.first; n != NULL; n = n->next) {
        if (!keepalived_is(n, "garp_group"))
            continue;
        take_longer(import, n, "garp_interval", pause);
        take_longer(import, n, "gna_interval", pause);
        if (import_knows(SECTION_NODE, KEY_ANNOUNCE_PAUSE))
            IMPORT_ITEM(import, NULL, IMPORT_NOTE, n,
                        KEY_ANNOUNCE_PAUSE " is for all interfaces: the longest of all");
    }
}

static void take_delays(struct import *import)
{
    struct longest start = {0};
    struct longest pause = {0};

    for (const struct keepalived_node *n = import->tree->root.first; n != NULL; n = n->next) {
        if (!keepalived_is(n, "global_defs"))
            continue;
        take_longer(import, n, "vrrp_startup_delay", &start);
        if (start.ns > 0 && import_knows(SECTION_NODE, KEY_START_DELAY))
            IMPORT_ITEM(import, NULL, IMPORT_NOTE, start.node,
                        "counts from the start of the machine: a vipd that is restarted later "
                        "takes part at once");
        take_longer(import, n, "vrrp_delay_after_boot", &start);
        take_longer(import, n, "vrrp_garp_interval", &pause);
        take_longer(import, n, "vrrp_gna_interval", &pause);
    }
    take_pauses(import, &pause);
    set_longest(import, &start, KEY_START_DELAY,
                "vipd waits a master-down interval; for more, delay the start of its unit");
    set_longest(import, &pause, KEY_ANNOUNCE_PAUSE,
                "announcements cannot be slowed down by interface");
}

/* True when keepalived mails about VRRP: the word alone, or with a word for yes. */
static bool mails_anywhere(const struct import *import)
{
    static const char *const blocks[] = {"global_defs", "vrrp_instance", "vrrp_sync_group"};
    bool mails = false;

    for (const struct keepalived_node *n = import->tree->root.first; n != NULL; n = n->next) {
        for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
            if (keepalived_is(n, blocks[i]))
                mails = mails || import_bool(keepalived_last(n, "smtp_alert")) ||
                        import_bool(keepalived_last(n, "smtp_alert_vrrp"));
        }
    }
    return mails;
}

void import_global(struct import *import)
{
    const struct keepalived_node *named = NULL;

    import->globals.mails = mails_anywhere(import);
    for (const struct keepalived_node *n = import->tree->root.first; n != NULL; n = n->next) {
        if (!keepalived_is(n, "global_defs"))
            continue;
        take_global(import, n);
        if (keepalived_last(n, "router_id") != NULL)
            named = n;
    }
    if (named != NULL)
        set_node_name(import, named);
    take_delays(import);
    for (const struct keepalived_node *n = import->tree->root.first; n != NULL; n = n->next) {
        if (keepalived_is(n, "global_defs"))
            import_sort_out(import, SCOPE_GLOBAL, NULL, n);
    }
}

static void tell_left_out(struct import *import)
{
    for (size_t i = 0; i < import->tree->left_out_count; i++) {
        const struct keepalived_left_out *left = &import->tree->left_out[i];

        import_item_text(import->out, NULL, left->lost ? IMPORT_LOST : IMPORT_NOTE, NULL,
                         &left->place, left->text, left->why);
    }
}

bool import_all(struct import *import)
{
    import_global(import);
    import_list_instances(import);
    import_list_checks(import);
    import_write_instances(import);
    import_write_groups(import);
    import_write_checks(import);
    import_tell_link_delays(import);
    tell_left_out(import);
    size_t known = import_sort_out(import, SCOPE_FILE, NULL, &import->tree->root);
    return known > 0;
}
