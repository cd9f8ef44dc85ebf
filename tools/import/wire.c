/*
 * What an instance is on the wire: unicast_peer and the source, the password, groups, MAC and
 * checksum. Whatever is wrong here makes two masters, so what keepalived reads otherwise than it
 * looks is read as keepalived reads it: of several peers in a line the first, prefix lengths behind
 * addresses not at all, eight octets of a password.
 */
#include "lib/config/duration.h"
#include "lib/packet/address.h"
#include "tools/import/keys.h"
#include "tools/import/subject.h"

#include <string.h>

enum { PASSWORD_SIZE = 8 }; /* octets of it that keepalived sends */

/* An address, of which keepalived cuts a prefix length off. False: not one. */
static bool read_address(const struct subject *subject, const struct keepalived_node *node,
                         const char *text, struct ip_address *out)
{
    const char *slash = text != NULL ? strchr(text, '/') : NULL;

    if (slash == NULL)
        return text != NULL && ip_address_parse(text, out);
    if (!ip_address_parse(arena_text(subject->import->arena, text, (size_t)(slash - text)), out))
        return false;
    ITEM_ON(subject, IMPORT_NOTE, node,
            "the prefix length means nothing here: keepalived cuts it off, and so does this");
    return true;
}

static const char *text_of(const struct subject *subject, const struct ip_address *address)
{
    char text[ADDRESS_TEXT_SIZE];

    return arena_copy(subject->import->arena, ip_address_format(address, text, sizeof(text)));
}

/* The source of adverts; NONE where it is not given. */
static struct ip_address set_source(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "unicast_src_ip");
    struct ip_address source = {0};

    if (node == NULL)
        node = last(subject, "mcast_src_ip");
    if (node == NULL)
        return source;
    if (read_address(subject, node, import_value(node), &source))
        set(subject, node, KEY_SOURCE, text_of(subject, &source));
    else
        ITEM_ON(subject, IMPORT_MASTERS, node, "expected an address");
    return source;
}

struct peers {
    struct ip_address *list;
    const char **texts;
    size_t count;
    long min_ttl; /* the widest window of all */
    long max_ttl;
    const struct keepalived_node *window; /* the first that gives one */
    bool windows_differ;
};

static bool is_listed(const struct peers *peers, const struct ip_address *address)
{
    for (size_t i = 0; i < peers->count; i++) {
        if (ip_address_equal(&peers->list[i], address))
            return true;
    }
    return false;
}

/* min_ttl and max_ttl behind a peer; anything else makes keepalived ignore it, with a message. */
static void read_window(const struct subject *subject, struct peers *peers,
                        const struct keepalived_node *node)
{
    long window[2] = {0, 255};
    bool known = true;

    for (size_t i = 1; known && i < node->count; i++) {
        bool min = strcmp(node->words[i], "min_ttl") == 0;

        known = (min || strcmp(node->words[i], "max_ttl") == 0) && i + 1 < node->count &&
                import_number(node->words[i + 1], 0, 255, &window[min ? 0 : 1]);
        i++;
    }
    if (!known)
        ITEM_ON(subject, IMPORT_NOTE, node,
                "keepalived takes '%s' and ignores the rest of the line, and so does this: each "
                "peer needs a line of its own",
                node->words[0]);
    if (peers->count > 1 && (window[0] != peers->min_ttl || window[1] != peers->max_ttl))
        peers->windows_differ = true;
    if (peers->count == 1 || window[0] < peers->min_ttl)
        peers->min_ttl = window[0];
    if (peers->count == 1 || window[1] > peers->max_ttl)
        peers->max_ttl = window[1];
    if (known && node->count > 1 && peers->window == NULL)
        peers->window = node;
}

static void take_peer(const struct subject *subject, struct peers *peers,
                      const struct keepalived_node *node, const struct ip_address *source)
{
    struct ip_address address;

    if (!read_address(subject, node, node->words[0], &address)) {
        ITEM_ON(subject, IMPORT_MASTERS, node, "expected an address");
    } else if (ip_address_equal(&address, source)) {
        ITEM_ON(subject, IMPORT_NOTE, node, "this node's own address: a node is no peer of itself");
    } else if (is_listed(peers, &address)) {
        ITEM_ON(subject, IMPORT_NOTE, node, "a second time: once is enough");
    } else {
        struct arena *arena = subject->import->arena;

        peers->list = arena_grow(arena, peers->list, peers->count, sizeof(*peers->list));
        peers->texts = arena_grow(arena, peers->texts, peers->count, sizeof(*peers->texts));
        peers->texts[peers->count] = text_of(subject, &address);
        peers->list[peers->count++] = address;
        read_window(subject, peers, node);
    }
}

static void set_window(const struct subject *subject, const struct peers *peers)
{
    struct arena *arena = subject->import->arena;

    if (peers->window == NULL)
        return;
    if (peers->windows_differ)
        ITEM_ON(subject, IMPORT_NOTE, peers->window,
                "vipd has one window of TTLs for all peers: the widest of them");
    if (peers->min_ttl > 0)
        set(subject, peers->window, KEY_UNICAST_MIN_TTL, arena_print(arena, "%ld", peers->min_ttl));
    if (peers->max_ttl < 255)
        set(subject, peers->window, KEY_UNICAST_MAX_TTL, arena_print(arena, "%ld", peers->max_ttl));
}

static void set_peers(const struct subject *subject, const struct ip_address *source)
{
    const struct keepalived_node *block = subject->block->first;
    const struct keepalived_node *first = NULL;
    struct peers peers = {0};

    for (; block != NULL; block = block->next) {
        if (!keepalived_is(block, "unicast_peer") || !block->block)
            continue;
        for (const struct keepalived_node *n = block->first; n != NULL; n = n->next)
            take_peer(subject, &peers, n, source);
        if (first == NULL)
            first = block;
    }
    subject->instance->unicast =
        peers.count > 0 && set(subject, first, KEY_UNICAST_PEERS,
                               import_joined(subject->import, peers.texts, peers.count));
    if (subject->instance->unicast)
        set_window(subject, &peers);
    else if (first != NULL && peers.count == 0)
        ITEM_ON(subject, IMPORT_NOTE, first,
                "no peer in it: keepalived uses multicast then, and so does this");
}

static void set_unicast_ttl(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "unicast_ttl");
    long number = 0;

    if (node == NULL)
        return;
    if (!subject->instance->unicast || !import_number(import_value(node), 0, 255, &number) ||
        number == 255)
        ITEM_ON(subject, IMPORT_NOTE, node, "without effect, or what vipd does anyway: 255");
    else
        set(subject, node, KEY_UNICAST_TTL, arena_print(subject->import->arena, "%ld", number));
}

#define NEEDED                                                                                     \
    "keepalived nodes ignore adverts without it: take it out of them before they run beside "      \
    "vipd, "                                                                                       \
    "or both sides become master"

/* The password of version 2, of which keepalived takes what it can use and ignores the rest. */
static void set_password(const struct subject *subject)
{
    const struct keepalived_node *block = last(subject, "authentication");
    const struct keepalived_node *type = block != NULL ? keepalived_last(block, "auth_type") : NULL;
    const struct keepalived_node *pass = block != NULL ? keepalived_last(block, "auth_pass") : NULL;
    const char *password = import_value(pass);

    if (block == NULL || !block->block)
        return;
    if (last(subject, "auth_hmac") != NULL) {
        ITEM_ON(subject, IMPORT_NOTE, block,
                "keepalived ignores it beside auth_hmac, and so does this");
    } else if (!subject->instance->version2) {
        ITEM_ON(subject, IMPORT_NOTE, block,
                "VRRP version 3 has none: keepalived ignores it, and so does this");
    } else if (subject->instance->strict) {
        ITEM_ON(subject, IMPORT_NOTE, block,
                "keepalived ignores it in strict mode, and so it is left out");
    } else if (import_value(type) != NULL && strcmp(import_value(type), "AH") == 0) {
        ITEM_ON(subject, IMPORT_MASTERS, block, "vipd does not speak AH. " NEEDED);
    } else if (import_value(type) == NULL || strcmp(import_value(type), "PASS") != 0 ||
               password == NULL || password[0] == '\0') {
        ITEM_ON(subject, IMPORT_NOTE, block,
                "keepalived sends none without 'auth_type PASS' and 'auth_pass', and neither does "
                "this");
    } else if (!import_knows(subject->section->type, KEY_PASSWORD)) {
        ITEM_ON(subject, IMPORT_MASTERS, block,
                "VRRP has had no authentication since RFC 3768: the password went over the wire "
                "readable by all. " NEEDED);
    } else {
        size_t length = strnlen(password, PASSWORD_SIZE + 1);

        if (length > PASSWORD_SIZE)
            ITEM_ON(subject, IMPORT_NOTE, pass,
                    "keepalived takes the first 8 characters, and so does this");
        set(subject, pass, KEY_PASSWORD,
            arena_text(subject->import->arena, password,
                       length > PASSWORD_SIZE ? PASSWORD_SIZE : length));
    }
}

/* The group that adverts are sent to, of the instance or else of global_defs. */
static void set_multicast_group(const struct subject *subject)
{
    const struct import_globals *globals = &subject->import->globals;
    bool ipv6 = import_family_of(subject->block) == IMPORT_IPV6;
    const struct keepalived_node *node = last(subject, "mcast_dst_ip");
    const char *standard = ipv6 ? "ff02::12" : "224.0.0.18";

    if (node == NULL)
        node = ipv6 ? globals->group6 : globals->group4;
    if (subject->instance->unicast || import_value(node) == NULL ||
        strcmp(import_value(node), standard) == 0)
        return;
    if (import_knows(subject->section->type, KEY_MULTICAST_GROUP))
        set(subject, node, KEY_MULTICAST_GROUP, import_value(node));
    else
        ITEM_ON(subject, IMPORT_MASTERS, node,
                "vipd sends to %s, as RFC 9568 wants it, or to unicast-peers", standard);
}

/* Where the virtual MAC does not go together with unicast, or is another than the RFC's. */
static void set_mac(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "use_vmac");
    const struct keepalived_node *base = last(subject, "vmac_xmit_base");
    bool alone =
        subject->instance->unicast && !import_takes("unicast-peers = 192.0.2.2\nmac = virtual");

    if (node == NULL)
        return;
    if (alone) {
        ITEM_ON(subject, IMPORT_LOST, node,
                "vipd has no virtual MAC beside unicast-peers: the interface's own is used");
        return;
    }
    set(subject, node, "mac", "virtual");
    for (size_t i = 1; i < node->count; i++) {
        if (strchr(node->words[i], ':') != NULL)
            ITEM_ON(subject, IMPORT_LOST, node,
                    "another MAC: vipd's is that of RFC 9568 7.3, which switches and hosts learn "
                    "when it takes over");
        else
            ITEM_ON(subject, IMPORT_NOTE, node, "vipd names the interface itself");
    }
    if (base != NULL && !subject->instance->unicast)
        ITEM_ON(subject, IMPORT_LOST, base,
                "vipd sends adverts from the virtual MAC, as RFC 9568 7.2 wants it");
}

static void set_checksum(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "v3_checksum_as_v2");

    if (node == NULL)
        node = subject->import->globals.checksum_as_v2;
    if (import_bool(node) && !subject->instance->version2 &&
        import_family_of(subject->block) == IMPORT_IPV4)
        set(subject, node, "checksum", "rfc9568");
}

/* After how many missing adverts a master is dead. */
static void set_dead_factor(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "down_timer_adverts");
    long adverts = 0;

    if (node == NULL)
        node = subject->import->globals.down_adverts;
    if (node == NULL)
        return;
    if (!import_number(import_value(node), 1, 100, &adverts))
        ITEM_ON(subject, IMPORT_FAILOVER, node,
                "expected 1 to 100; keepalived takes 3 instead, and so does this");
    else if (adverts != 3 && import_knows(subject->section->type, KEY_DEAD_FACTOR))
        set(subject, node, KEY_DEAD_FACTOR, arena_print(subject->import->arena, "%ld", adverts));
    else if (adverts != 3)
        ITEM_ON(subject, IMPORT_FAILOVER, node,
                "vipd waits three intervals and the skew time, as the RFC has it");
}

void import_wire(struct import *import, struct import_instance *instance)
{
    const struct subject subject = {
        .import = import,
        .instance = instance,
        .block = instance->block,
        .section = instance->section,
    };
    const struct ip_address source = set_source(&subject);

    set_peers(&subject, &source);
    set_unicast_ttl(&subject);
    set_password(&subject);
    import_auth_hmac(import, instance);
    set_multicast_group(&subject);
    set_mac(&subject);
    set_checksum(&subject);
    set_dead_factor(&subject);
}
