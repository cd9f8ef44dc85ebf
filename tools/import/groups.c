/* vrrp_sync_group to [group], global_defs to [node], and the order of it all. */
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
static const char *members_of(struct import *import, struct import_section *section,
                              const struct keepalived_node *group, struct import_instance **first)
{
    const struct keepalived_node *list = keepalived_last(group, "group");
    const char **names = NULL;
    size_t count = 0;

    *first = NULL;
    for (const struct keepalived_node *n = list != NULL ? list->first : NULL; n != NULL;
         n = n->next) {
        for (size_t i = 0; i < n->count; i++) {
            struct import_instance *instance = find_instance(import, n->words[i]);

            if (instance == NULL) {
                IMPORT_ITEM(import, section, IMPORT_LOST, n, "there is no vrrp_instance %s",
                            n->words[i]);
                continue;
            }
            names = arena_grow(import->arena, names, count, sizeof(*names));
            names[count++] = instance->name;
            if (*first == NULL)
                *first = instance;
        }
    }
    return import_joined(import, names, count);
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
            IMPORT_ITEM(import, section, IMPORT_LOST, node,
                        "hooks belong to instances, and the group's first has its own: let one "
                        "script do both");
            return;
        }
    }
    if (!some)
        return;
    if (import_knows(first->section->type, KEY_ON_MASTER))
        IMPORT_ITEM(import, first->section, IMPORT_NOTE, group,
                    "the hooks of the group: its members change together, so its first runs them");
    import_hooks(import, first->section, group, "GROUP", name, first->priority);
}

void import_write_groups(struct import *import)
{
    const struct keepalived_node *node = import->tree->root.first;

    for (; node != NULL; node = node->next) {
        struct import_instance *first = NULL;

        if (!keepalived_is(node, "vrrp_sync_group"))
            continue;
        const char *keepalived_name = node->count > 1 ? node->words[1] : "";
        const char *name = import_name(import, node, keepalived_name);
        struct import_section *section = import_section(import->out, SECTION_GROUP, name, node);
        const char *members = members_of(import, section, node, &first);
        if (*members != '\0')
            import_set(import->out, section, node, KEY_INSTANCES, members);
        write_group_hooks(import, section, node, first, keepalived_name);
        import_sort_out(import, SCOPE_GROUP, section, node);
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
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const struct keepalived_node *node = keepalived_last(block, words[i].word);

        if (node != NULL)
            *words[i].place = node;
    }
}

static void set_node_name(struct import *import, const struct keepalived_node *block)
{
    const struct keepalived_node *node = keepalived_last(block, "router_id");
    const char *value = import_value(node);

    if (value == NULL)
        return;
    if (!config_name_valid(value, strlen(value))) {
        IMPORT_ITEM(import, NULL, IMPORT_LOST, node,
                    "not a name for [node] name: vipd shows the host name instead");
        return;
    }
    struct import_section *section = import_section(import->out, "node", NULL, block);
    import_set(import->out, section, node, "name", value);
}

static void tell_group(struct import *import, const struct keepalived_node *block, const char *word,
                       const char *standard)
{
    const struct keepalived_node *node = keepalived_last(block, word);

    if (import_value(node) != NULL && strcmp(import_value(node), standard) != 0)
        IMPORT_ITEM(import, NULL, IMPORT_LOST, node,
                    "vipd sends to %s, as RFC 9568 wants it, or to unicast-peers", standard);
}

void import_global(struct import *import)
{
    const struct keepalived_node *named = NULL;

    for (const struct keepalived_node *n = import->tree->root.first; n != NULL; n = n->next) {
        if (!keepalived_is(n, "global_defs"))
            continue;
        take_global(import, n);
        if (keepalived_last(n, "router_id") != NULL)
            named = n;
        tell_group(import, n, "vrrp_mcast_group4", "224.0.0.18");
        tell_group(import, n, "vrrp_mcast_group6", "ff02::12");
        import_sort_out(import, SCOPE_GLOBAL, NULL, n);
    }
    if (named != NULL)
        set_node_name(import, named);
    if (import_bool(import->globals.strict))
        IMPORT_ITEM(import, NULL, IMPORT_LOST, import->globals.strict,
                    "vipd's 'strict' is not the same, and vipd drops no packets to the virtual "
                    "addresses: let the firewall do it where that was wanted");
}

static void tell_left_out(struct import *import)
{
    for (size_t i = 0; i < import->tree->left_out_count; i++) {
        const struct keepalived_left_out *left = &import->tree->left_out[i];

        import_item_text(import->out, NULL, left->lost ? IMPORT_LOST : IMPORT_NOTE, &left->place,
                         left->text, left->why);
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
    tell_left_out(import);
    size_t known = import_sort_out(import, SCOPE_FILE, NULL, &import->tree->root);
    return known > 0;
}
