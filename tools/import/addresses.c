/*
 * virtual_ipaddress and virtual_ipaddress_excluded to `addresses`, unicast_peer and the source to
 * `unicast-peers` and `source`.
 *
 * keepalived compares the addresses of an advert with its own and ignores the advert when they
 * differ, so whatever changes the list is told with what that means while both run.
 */
#include "lib/packet/address.h"
#include "tools/import/import.h"

#include <string.h>

#define BESIDE_KEEPALIVED                                                                          \
    "keepalived ignores adverts that list other addresses than its own: change its list first, "   \
    "or "                                                                                          \
    "all nodes together, or both sides become master"

/* Options behind an address: how many words follow, and what becomes of it. */
static const struct option {
    const char *word;
    unsigned arguments;
    bool lost;
    const char *why; /* NULL: needs no word */
} options[] = {
    {"dev", 1, false, NULL},
    {"scope", 1, true, "vipd adds addresses of global scope"},
    {"label", 1, true, "vipd sets no labels: 'ip address' shows the address without it"},
    {"brd", 1, true, "vipd sets no broadcast address"},
    {"broadcast", 1, true, "vipd sets no broadcast address"},
    {"peer", 1, true, "vipd has no point-to-point addresses"},
    {"preferred_lft", 1, true, "vipd keeps the lifetimes itself"},
    {"track_group", 1, true, "for static addresses only"},
    {"use_vmac", 0, true, "all addresses of an instance are on its own interface"},
    {"home", 0, true, "the flag is not set"},
    {"-nodad", 0, false, NULL}, /* the master of an address needs none */
    {"nodad", 0, false, NULL},
    {"mngtmpaddr", 0, true, "the flag is not set"},
    {"noprefixroute", 0, true, "the flag is not set"},
    {"autojoin", 0, true, "the flag is not set"},
    {"no_track", 0, false, "vipd always repairs an address that somebody deleted"},
};

struct list {
    struct import *import;
    struct import_instance *instance;
    const char *interface;
    enum ip_family family; /* keepalived's: that of the first address */
    bool version2;
    struct ip_prefix *all;
    size_t count;
    const char **texts;
    const struct keepalived_node *first;
};

static void tell(const struct list *list, enum import_kind kind, const struct keepalived_node *node,
                 const char *why)
{
    import_item_text(list->import->out, list->instance->section, kind, &node->place,
                     arena_print(list->import->arena, "%s: %s", node->parent->words[0],
                                 keepalived_text(list->import->arena, node, 0)),
                     why);
}

static const struct option *find_option(const char *word)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (strcmp(options[i].word, word) == 0)
            return &options[i];
    }
    return NULL;
}

enum import_family import_family_of(const struct keepalived_node *block)
{
    struct ip_prefix prefix;

    for (const struct keepalived_node *node = block->first; node != NULL; node = node->next) {
        if (keepalived_is(node, "virtual_ipaddress") && node->first != NULL &&
            ip_prefix_parse(node->first->words[0], &prefix))
            return prefix.address.family == IP_FAMILY_IPV4 ? IMPORT_IPV4 : IMPORT_IPV6;
    }
    return IMPORT_NO_FAMILY;
}

/* Reads the options behind words[index]. NULL in *dev: none. Returns where the next address may
 * be. */
static size_t read_options(const struct list *list, const struct keepalived_node *node,
                           size_t index, const char **dev)
{
    struct ip_prefix prefix;

    *dev = NULL;
    while (index < node->count && !ip_prefix_parse(node->words[index], &prefix)) {
        const struct option *option = find_option(node->words[index]);

        if (option == NULL) {
            tell(list, IMPORT_LOST, node,
                 arena_print(list->import->arena, "'%s' is not known", node->words[index]));
            return node->count;
        }
        if (strcmp(option->word, "dev") == 0 && index + 1 < node->count)
            *dev = node->words[index + 1];
        bool plain = strcmp(option->word, "scope") == 0 && index + 1 < node->count &&
                     strcmp(node->words[index + 1], "global") == 0;
        if (option->why != NULL && !plain)
            tell(list, option->lost ? IMPORT_LOST : IMPORT_NOTE, node, option->why);
        index += 1 + option->arguments;
    }
    return index;
}

static bool is_listed(const struct list *list, const struct ip_address *address)
{
    for (size_t i = 0; i < list->count; i++) {
        if (ip_address_equal(&list->all[i].address, address))
            return true;
    }
    return false;
}

static void add(struct list *list, const struct keepalived_node *node,
                const struct ip_prefix *prefix)
{
    struct arena *arena = list->import->arena;
    char text[ADDRESS_TEXT_SIZE];

    list->all = arena_grow(arena, list->all, list->count, sizeof(*list->all));
    list->texts = arena_grow(arena, list->texts, list->count, sizeof(*list->texts));
    list->texts[list->count] = arena_copy(arena, ip_prefix_format(prefix, text, sizeof(text)));
    list->all[list->count++] = *prefix;
    if (list->first == NULL)
        list->first = node;
}

/* One address. The family of the others of the instance decides about it, and the interface. */
static void take(struct list *list, const struct keepalived_node *node,
                 const struct ip_prefix *prefix, const char *dev, bool excluded)
{
    bool other = list->family != IP_FAMILY_NONE && prefix->address.family != list->family;

    if (list->count == INSTANCE_ADDRESSES_MAX - 1) /* one is kept for the link-local address */
        tell(list, IMPORT_LOST, node, "one instance has 4095 addresses at most: make it two");
    else if (is_listed(list, &prefix->address))
        tell(list, IMPORT_NOTE, node, "a second time: once is enough");
    else if (dev != NULL && (list->interface == NULL || strcmp(dev, list->interface) != 0))
        tell(list, IMPORT_LOST, node,
             arena_print(list->import->arena,
                         "all addresses of an instance are on its own interface: give %s an "
                         "instance of its own. " BESIDE_KEEPALIVED,
                         dev));
    else if (other && !excluded)
        tell(list, IMPORT_LOST, node,
             "keepalived ignores an address of the other family here, and so it is left out");
    else if (other && list->version2)
        tell(list, IMPORT_LOST, node,
             "VRRP version 2 has no IPv6: set 'version = 3' on all nodes together, then add it to "
             "'addresses'");
    else
        add(list, node, prefix);
}

static void take_line(struct list *list, const struct keepalived_node *node, bool excluded)
{
    size_t index = 0;

    while (index < node->count) {
        struct ip_prefix prefix;
        const char *dev = NULL;

        if (!ip_prefix_parse(node->words[index], &prefix)) {
            tell(list, IMPORT_LOST, node, "expected an address like 192.0.2.10/24");
            return;
        }
        index = read_options(list, node, index + 1, &dev);
        if (list->family == IP_FAMILY_NONE)
            list->family = prefix.address.family;
        take(list, node, &prefix, dev, excluded);
    }
}

/* Excluded ones are not advertised by keepalived; vipd advertises all. */
static void take_blocks(struct list *list, const char *word, bool excluded)
{
    const struct keepalived_node *block = list->instance->block->first;

    for (; block != NULL; block = block->next) {
        size_t before = list->count;

        if (!keepalived_is(block, word))
            continue;
        for (const struct keepalived_node *n = block->first; n != NULL; n = n->next)
            take_line(list, n, excluded);
        if (excluded && list->count > before)
            import_item(list->import->out, list->instance->section, IMPORT_NOTE, block,
                        "vipd advertises all addresses. " BESIDE_KEEPALIVED);
    }
}

/* vipd puts a link-local address first where there is none (RFC 9568 erratum 8300). */
static void tell_link_local(const struct list *list)
{
    const struct keepalived_node *vrid =
        keepalived_last(list->instance->block, "virtual_router_id");
    bool ipv6 = false;
    long number = 0;
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < list->count; i++) {
        if (list->all[i].address.family != IP_FAMILY_IPV6)
            continue;
        ipv6 = true;
        if (ip_address_is_link_local(&list->all[i].address))
            return;
    }
    if (!ipv6 || !import_number(import_value(vrid), 1, 255, &number))
        return;
    const struct ip_address added = ip_address_virtual_link_local((uint8_t)number);
    ip_address_format(&added, text, sizeof(text));
    import_item(list->import->out, list->instance->section, IMPORT_NOTE, list->first,
                arena_print(list->import->arena,
                            "vipd adds %s and lists it first, as RFC 9568 wants a link-local "
                            "address there. " BESIDE_KEEPALIVED,
                            text));
}

void import_addresses(struct import *import, struct import_instance *instance,
                      const char *interface, bool version2)
{
    struct list list = {
        .import = import, .instance = instance, .interface = interface, .version2 = version2};

    take_blocks(&list, "virtual_ipaddress", false);
    take_blocks(&list, "virtual_ipaddress_excluded", true);
    if (list.count == 0)
        return;
    import_set(import->out, instance->section, list.first, "addresses",
               import_joined(import, list.texts, list.count));
    tell_link_local(&list);
}

/* The source of adverts; NONE where it is not given. */
static struct ip_address set_source(struct import *import, struct import_instance *instance)
{
    const struct keepalived_node *node = keepalived_last(instance->block, "unicast_src_ip");
    struct ip_address source = {0};

    if (node == NULL)
        node = keepalived_last(instance->block, "mcast_src_ip");
    if (node == NULL)
        return source;
    if (ip_address_parse(import_value(node) != NULL ? import_value(node) : "", &source))
        import_set(import->out, instance->section, node, "source", import_value(node));
    else
        IMPORT_ITEM(import, instance->section, IMPORT_LOST, node, "expected an address");
    return source;
}

/* A peer with its options. NULL: not one. */
static const char *peer_of(struct import *import, struct import_instance *instance,
                           const struct keepalived_node *node, const struct ip_address *source)
{
    struct ip_address address;

    if (!ip_address_parse(node->words[0], &address)) {
        IMPORT_ITEM(import, instance->section, IMPORT_LOST, node, "expected an address");
        return NULL;
    }
    if (ip_address_equal(&address, source)) {
        IMPORT_ITEM(import, instance->section, IMPORT_NOTE, node,
                    "this node's own address: a node is no peer of itself");
        return NULL;
    }
    if (node->count > 1)
        IMPORT_ITEM(import, instance->section, IMPORT_LOST, node,
                    "vipd takes adverts of its unicast-peers whatever their TTL is");
    return node->words[0];
}

bool import_peers(struct import *import, struct import_instance *instance)
{
    const struct ip_address source = set_source(import, instance);
    const struct keepalived_node *block = instance->block->first;
    const struct keepalived_node *first = NULL;
    const char **peers = NULL;
    size_t count = 0;

    for (; block != NULL; block = block->next) {
        if (!keepalived_is(block, "unicast_peer"))
            continue;
        for (const struct keepalived_node *n = block->first; n != NULL; n = n->next) {
            const char *peer = peer_of(import, instance, n, &source);

            if (peer == NULL)
                continue;
            peers = arena_grow(import->arena, peers, count, sizeof(*peers));
            peers[count++] = peer;
        }
        if (first == NULL)
            first = block;
    }
    if (count > 0)
        return import_set(import->out, instance->section, first, "unicast-peers",
                          import_joined(import, peers, count));
    if (first != NULL)
        IMPORT_ITEM(import, instance->section, IMPORT_NOTE, first,
                    "no peer in it: keepalived uses multicast then, and so does this");
    return false;
}
