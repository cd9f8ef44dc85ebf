/*
 * virtual_ipaddress to `addresses`, virtual_ipaddress_excluded to `extra-addresses`, and virtual
 * routes and rules to `routes` and `rules`.
 *
 * keepalived compares the addresses of an advert with its own and ignores the advert when they
 * differ (2.2; 2.3.3 counts it all the same), so whatever changes the list is told with what that
 * means while both run. Of several addresses in a line it takes the first, and so does this.
 */
#include "lib/packet/address.h"
#include "tools/import/import.h"
#include "tools/import/keys.h"

#include <string.h>

#define BESIDE_KEEPALIVED                                                                          \
    "keepalived 2.2 ignores adverts that list other addresses than its own (2.3.3 only logs it): " \
    "change its list first, or all nodes together, or both sides become master"

/* Words behind an address: how many follow, and what becomes of them. */
static const struct option {
    const char *word;
    unsigned arguments;
    enum import_kind kind;
    const char *why; /* NULL: needs no word */
} options[] = {
    {"dev", 1, IMPORT_NOTE, NULL},
    {"scope", 1, IMPORT_NOTE, NULL},
    {"label", 1, IMPORT_NOTE, NULL},
    {"brd", 1, IMPORT_NOTE, NULL},
    {"broadcast", 1, IMPORT_NOTE, NULL},
    {"peer", 1, IMPORT_LOST, "vipd has no point-to-point addresses"},
    {"preferred_lft", 1, IMPORT_LOST, "vipd keeps the lifetimes itself"},
    {"track_group", 1, IMPORT_NOTE, "for static addresses only"},
    {"use_vmac", 0, IMPORT_LOST, "only the instance's own interface can have a virtual MAC"},
    {"home", 0, IMPORT_LOST, "the flag is not set"},
    {"-nodad", 0, IMPORT_NOTE, NULL}, /* the master of an address needs none */
    {"nodad", 0, IMPORT_NOTE, NULL},
    {"mngtmpaddr", 0, IMPORT_LOST, "the flag is not set"},
    {"noprefixroute", 0, IMPORT_NOTE, NULL},
    {"autojoin", 0, IMPORT_LOST, "the flag is not set"},
    {"no_track", 0, IMPORT_NOTE, "vipd always repairs an address that somebody deleted"},
};

/* What stands behind an address and is carried over. NULL: not given. */
struct extras {
    const char *dev;
    const char *label;
    const char *scope;
    const char *broadcast;
    bool no_prefix_route;
};

struct list {
    struct import *import;
    struct import_instance *instance;
    const char *interface;
    enum ip_family family; /* keepalived's: that of the first address */
    struct ip_prefix *all; /* of both keys */
    size_t count;
    const char **texts; /* of the key being made */
    size_t text_count;
    const struct keepalived_node *first;
    bool words_taken; /* by this vipd, behind an address */
    bool extra_taken; /* extra-addresses */
};

static void tell(const struct list *list, enum import_kind kind, const struct keepalived_node *node,
                 const char *why)
{
    import_item_text(list->import->out, list->instance->section, kind, node, NULL,
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

static void take_option(struct extras *extras, const char *word, const char *value)
{
    if (strcmp(word, "dev") == 0)
        extras->dev = value;
    else if (strcmp(word, "label") == 0)
        extras->label = value;
    else if (strcmp(word, "scope") == 0 && value != NULL && strcmp(value, "global") != 0)
        extras->scope = value;
    else if (strcmp(word, "brd") == 0 || strcmp(word, "broadcast") == 0)
        extras->broadcast = value;
    else if (strcmp(word, "noprefixroute") == 0)
        extras->no_prefix_route = true;
}

/* The words behind the address of a line. */
static struct extras read_options(const struct list *list, const struct keepalived_node *node)
{
    struct extras extras = {0};

    for (size_t i = 1; i < node->count; i++) {
        const struct option *option = find_option(node->words[i]);
        const char *value = i + 1 < node->count ? node->words[i + 1] : NULL;

        if (option == NULL) {
            tell(list, IMPORT_NOTE, node,
                 arena_print(list->import->arena,
                             "keepalived takes '%s' and ignores '%s', and so does this: each "
                             "address needs a line of its own",
                             node->words[0], node->words[i]));
            continue;
        }
        take_option(&extras, option->word, value);
        if (option->why != NULL)
            tell(list, option->kind, node, option->why);
        i += option->arguments;
    }
    return extras;
}

static bool is_listed(const struct list *list, const struct ip_address *address)
{
    for (size_t i = 0; i < list->count; i++) {
        if (ip_address_equal(&list->all[i].address, address))
            return true;
    }
    return false;
}

/* Whether it is on the instance's own interface. */
static bool at_home(const struct list *list, const struct extras *extras)
{
    return extras->dev == NULL ||
           (list->interface != NULL && strcmp(extras->dev, list->interface) == 0);
}

/* The words behind an address for vipd, which has the words of ip-address(8) too. An IPv6 address
 * has no label, and its scope follows from it. */
static const char *words_for(struct arena *arena, const struct extras *extras, bool ipv6)
{
    const char *text = "";

    if (extras->label != NULL && !ipv6)
        text = arena_print(arena, " label %s", extras->label);
    if (extras->scope != NULL && !ipv6)
        text = arena_print(arena, "%s scope %s", text, extras->scope);
    if (extras->broadcast != NULL && !ipv6)
        text = arena_print(arena, "%s brd %s", text, extras->broadcast);
    if (extras->no_prefix_route)
        text = arena_print(arena, "%s noprefixroute", text);
    return text;
}

/* What a vipd that has no words behind addresses does not set. */
static void tell_words(const struct list *list, const struct keepalived_node *node,
                       const struct extras *extras)
{
    if (extras->label != NULL)
        tell(list, IMPORT_LOST, node,
             "vipd sets no labels: 'ip address' shows the address without it");
    if (extras->scope != NULL)
        tell(list, IMPORT_LOST, node, "vipd adds addresses of global scope");
    if (extras->broadcast != NULL)
        tell(list, IMPORT_NOTE, node,
             "vipd sets no broadcast address: nothing that sends to addresses needs one");
    if (extras->no_prefix_route)
        tell(list, IMPORT_LOST, node, "the flag is not set");
}

static void add(struct list *list, const struct keepalived_node *node,
                const struct ip_prefix *prefix, const struct extras *extras)
{
    struct arena *arena = list->import->arena;
    char text[ADDRESS_TEXT_SIZE];
    const char *line = ip_prefix_format(prefix, text, sizeof(text));
    bool ipv6 = prefix->address.family == IP_FAMILY_IPV6;

    if (!at_home(list, extras))
        line = arena_print(arena, "%s dev %s", line, extras->dev);
    if (list->words_taken)
        line = arena_print(arena, "%s%s", line, words_for(arena, extras, ipv6));
    else
        tell_words(list, node, extras);
    list->all = arena_grow(arena, list->all, list->count, sizeof(*list->all));
    list->all[list->count++] = *prefix;
    list->texts = arena_grow(arena, list->texts, list->text_count, sizeof(*list->texts));
    list->texts[list->text_count++] = arena_copy(arena, line);
    if (list->first == NULL)
        list->first = node;
}

/* One address. The family of the others of the instance decides about it, and the interface. */
static void take(struct list *list, const struct keepalived_node *node,
                 const struct ip_prefix *prefix, bool excluded)
{
    const struct extras extras = read_options(list, node);
    bool other = list->family != IP_FAMILY_NONE && prefix->address.family != list->family;

    if (list->count == INSTANCE_ADDRESSES_MAX - 1) /* one is kept for the link-local address */
        tell(list, IMPORT_MASTERS, node, "one instance has 4095 addresses at most: make it two");
    else if (other && !excluded)
        tell(list, IMPORT_NOTE, node,
             "keepalived ignores an address of the other family here, and so it is left out");
    else if (is_listed(list, &prefix->address))
        tell(list, excluded ? IMPORT_NOTE : IMPORT_MASTERS, node,
             excluded ? "a second time: once is enough"
                      : "a second time, which keepalived 2.2 advertises twice. " BESIDE_KEEPALIVED);
    else if (!at_home(list, &extras) && !list->words_taken)
        tell(list, IMPORT_MASTERS, node,
             arena_print(list->import->arena,
                         "all addresses of an instance are on its own interface: give %s an "
                         "instance of its own. " BESIDE_KEEPALIVED,
                         extras.dev));
    else if (other && list->instance->version2 && !list->extra_taken)
        tell(list, IMPORT_LOST, node,
             "VRRP version 2 has no IPv6: set 'version = 3' on all nodes together, then add it to "
             "'addresses'");
    else
        add(list, node, prefix, &extras);
}

static void take_line(struct list *list, const struct keepalived_node *node, bool excluded)
{
    struct ip_prefix prefix;

    if (!ip_prefix_parse(node->words[0], &prefix)) {
        tell(list, excluded ? IMPORT_LOST : IMPORT_MASTERS, node,
             "expected an address like 192.0.2.10/24");
        return;
    }
    if (list->family == IP_FAMILY_NONE)
        list->family = prefix.address.family;
    take(list, node, &prefix, excluded);
}

/* Excluded ones are not advertised by keepalived. */
static void take_blocks(struct list *list, const char *word, bool excluded)
{
    const struct keepalived_node *block = list->instance->block->first;

    for (; block != NULL; block = block->next) {
        size_t before = list->count;

        if (!keepalived_is(block, word))
            continue;
        for (const struct keepalived_node *n = block->first; n != NULL; n = n->next)
            take_line(list, n, excluded);
        if (excluded && list->count > before && !list->extra_taken)
            import_item(list->import->out, list->instance->section, IMPORT_MASTERS, block,
                        "vipd advertises all addresses. " BESIDE_KEEPALIVED);
    }
}

/* vipd puts a link-local address first where there is none (RFC 9568 erratum 8300). */
static void tell_link_local(const struct list *list, size_t advertised)
{
    const struct keepalived_node *vrid =
        keepalived_last(list->instance->block, "virtual_router_id");
    bool ipv6 = false;
    long number = 0;
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < advertised; i++) {
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
    import_item(list->import->out, list->instance->section, IMPORT_MASTERS, list->first,
                arena_print(list->import->arena,
                            "vipd adds %s and lists it first, as RFC 9568 wants a link-local "
                            "address there. " BESIDE_KEEPALIVED,
                            text));
}

static void set_list(struct list *list, const char *key)
{
    if (list->text_count > 0)
        import_set(list->import->out, list->instance->section, list->first, key,
                   import_joined(list->import, list->texts, list->text_count));
    list->text_count = 0;
    list->texts = NULL;
}

/* `gw` is keepalived's old word for `via`, which it still takes. */
static struct keepalived_node with_today_s_words(const struct list *list,
                                                 const struct keepalived_node *node)
{
    struct arena *arena = list->import->arena;
    struct keepalived_node line = *node;

    line.words = arena_take(arena, node->count * sizeof(*line.words));
    for (size_t i = 0; i < node->count; i++)
        line.words[i] = strcmp(node->words[i], "gw") == 0 ? "via" : node->words[i];
    return line;
}

/* Statements of a block, each an item of a list as iproute2 has it. */
static void set_lines(const struct list *list, const char *word, const char *key)
{
    struct import *import = list->import;
    const struct keepalived_node *block = keepalived_last(list->instance->block, word);
    const char **texts = NULL;
    size_t count = 0;

    for (const struct keepalived_node *n = block != NULL ? block->first : NULL; n != NULL;
         n = n->next) {
        struct keepalived_node line = with_today_s_words(list, n);

        if (!import_knows("instance", key)) {
            tell(list, IMPORT_LOST, n,
                 "vipd moves addresses only: set it for good, or in on-master and on-backup hooks");
            continue;
        }
        if (strcmp(line.words[line.count - 1], "no_track") == 0) {
            line.count--;
            tell(list, IMPORT_NOTE, n, "vipd always repairs what somebody deleted");
        }
        texts = arena_grow(import->arena, texts, count, sizeof(*texts));
        texts[count++] = keepalived_text(import->arena, &line, 0);
    }
    if (count > 0)
        import_set(import->out, list->instance->section, block, key,
                   import_joined(import, texts, count));
}

void import_addresses(struct import *import, struct import_instance *instance,
                      const char *interface)
{
    struct list list = {
        .import = import,
        .instance = instance,
        .interface = interface,
        .words_taken = import_takes("addresses = 192.0.2.9/24 dev y label y:1 scope link"),
        .extra_taken = import_knows("instance", KEY_EXTRA_ADDRESSES),
    };

    take_blocks(&list, "virtual_ipaddress", false);
    size_t advertised = list.count;
    const struct keepalived_node *first = list.first;
    if (list.extra_taken) {
        set_list(&list, KEY_ADDRESSES);
        list.first = NULL;
    }
    take_blocks(&list, "virtual_ipaddress_excluded", true);
    if (!list.extra_taken)
        advertised = list.count;
    set_list(&list, list.extra_taken ? KEY_EXTRA_ADDRESSES : KEY_ADDRESSES);
    list.first = first != NULL ? first : list.first;
    tell_link_local(&list, advertised);
    set_lines(&list, "virtual_routes", KEY_ROUTES);
    set_lines(&list, "virtual_rules", KEY_RULES);
}
