/* Interfaces in lines of addresses, routes and rules; see devices.h. */
#include "tools/import/devices.h"

#include <string.h>

/* Which words of a block's lines an interface stands behind; NULL: no second one. */
static const struct naming {
    const char *block;
    const char *words[3];
} namings[] = {
    {"virtual_ipaddress", {"dev", NULL, NULL}},
    {"virtual_ipaddress_excluded", {"dev", NULL, NULL}},
    {"virtual_routes", {"dev", "oif", NULL}},
    {"virtual_rules", {"iif", "dev", "oif"}},
};

static bool has_word(const struct keepalived_node *node, const char *word)
{
    for (size_t i = 1; i < node->count; i++)
        if (strcmp(node->words[i], word) == 0)
            return true;
    return false;
}

static const char *behind(const struct keepalived_node *node, const char *word)
{
    for (size_t i = 0; word != NULL && i + 1 < node->count; i++)
        if (strcmp(node->words[i], word) == 0)
            return node->words[i + 1];
    return NULL;
}

static bool is_there(const struct import_devices *devices, const char *name)
{
    for (size_t i = 0; i < devices->count; i++)
        if (strcmp(devices->list[i].name, name) == 0)
            return true;
    return false;
}

static void take_line(struct import *import, struct import_devices *devices, const char *own,
                      const struct naming *naming, const struct keepalived_node *node)
{
    if (has_word(node, "no_track"))
        return;
    for (size_t i = 0; i < sizeof(naming->words) / sizeof(naming->words[0]); i++) {
        const char *name = behind(node, naming->words[i]);

        if (name == NULL || (own != NULL && strcmp(name, own) == 0) || is_there(devices, name))
            continue;
        devices->list =
            arena_grow(import->arena, devices->list, devices->count, sizeof(*devices->list));
        devices->list[devices->count++] = (struct import_device){.name = name, .node = node};
    }
}

struct import_devices import_devices_of(struct import *import, const struct keepalived_node *block)
{
    const char *own = import_value(keepalived_last(block, "interface"));
    struct import_devices devices = {0};

    for (const struct keepalived_node *b = block->first; b != NULL; b = b->next)
        for (size_t i = 0; i < sizeof(namings) / sizeof(namings[0]); i++)
            for (const struct keepalived_node *n = b->first;
                 keepalived_is(b, namings[i].block) && n != NULL; n = n->next)
                take_line(import, &devices, own, &namings[i], n);
    return devices;
}

bool import_device_is_tracked(struct import *import, const struct keepalived_node *block,
                              const char *name)
{
    const struct import_devices devices = import_devices_of(import, block);

    return is_there(&devices, name);
}
