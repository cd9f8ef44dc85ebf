/* What keepalived makes of what it does not expect: see unknown.h. All of it was seen in its own
 * log and dump. */
#include "tools/import/unknown.h"

#define FIRST_MEND "Mend it on all nodes, and see what they do then, before one is converted"

/* It goes on inside of the block as if it stood outside, and takes its brace for that of the block
 * around it. */
static void tell_block(struct import *import, struct import_section *section,
                       const struct keepalived_node *node, const struct unknown_word *word,
                       const char *hint)
{
    IMPORT_ITEM(import, section, IMPORT_MASTERS, node,
                "keepalived does not know it, ends the %s at its '}' and ignores the rest, from "
                "line %u on, which counts here%s. " FIRST_MEND,
                word->scope, node->next->place.line, hint);
}

void import_tell_unknown(struct import *import, struct import_section *section,
                         const struct keepalived_node *node, const struct unknown_word *word)
{
    const char *hint = word->nearest == NULL
                           ? ""
                           : arena_print(import->arena, "; did it mean '%s'?", word->nearest);

    if (node->block && node->next != NULL && !word->outermost)
        tell_block(import, section, node, word, hint);
    else if (word->elsewhere != NULL && !node->block)
        IMPORT_ITEM(import, section, IMPORT_NOTE, node,
                    "a word of %s, not of %s: keepalived ignores it with a message, and so does "
                    "this%s",
                    word->elsewhere, word->scope, hint);
    else
        IMPORT_ITEM(import, section, IMPORT_LOST, node,
                    "not known as a word of %s; keepalived ignores it with a message, unless yours "
                    "is newer%s",
                    word->scope, hint);
}

bool import_lacks_brace(const struct keepalived_node *node)
{
    static const char *const words[] = {
        "virtual_ipaddress", "virtual_ipaddress_excluded",
        "virtual_routes",    "virtual_rules",
        "unicast_peer",      "authentication",
        "track_script",      "track_interface",
        "track_file",        "track_process",
        "track_bfd",         "group",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (keepalived_is(node, words[i]))
            return !node->block;
    }
    return false;
}

void import_tell_brace(struct import *import, struct import_section *section,
                       const struct keepalived_node *node)
{
    IMPORT_ITEM(import, section, IMPORT_MASTERS, node,
                "no '{' behind it: keepalived takes all that follows, up to the next '}', for its "
                "list; here it is left out, and what follows counts. " FIRST_MEND);
}

static bool is_one_of(const char *const *words, const struct keepalived_node *node)
{
    for (; *words != NULL; words++)
        if (keepalived_is(node, *words))
            return true;
    return false;
}

bool import_lacks_value(const struct keepalived_node *node)
{
    static const char *const statements[] = {
        "interface",
        "state",
        "virtual_router_id",
        "priority",
        "advert_int",
        "version",
        "preempt_delay",
        "unicast_src_ip",
        "mcast_src_ip",
        "mcast_dst_ip",
        "garp_master_repeat",
        "garp_master_refresh",
        "garp_master_delay",
        "down_timer_adverts",
        "unicast_ttl",
        "notify",
        "notify_master",
        "notify_backup",
        "notify_fault",
        "notify_stop",
        "vrrp_version",
        "smtp_server",
        "vrrp_garp_interval",
        "smtp_connect_timeout",
        "vrrp_mcast_group4",
        "interval",
        "timeout",
        "weight",
        "rise",
        "fall",
        "user",
        NULL,
    };
    static const char *const blocks[] = {"vrrp_script", "vrrp_track_process", "track_file", NULL};

    if (node->block)
        return node->count == 1 && node->parent->count == 0 && is_one_of(blocks, node);
    return node->count == 1 && is_one_of(statements, node);
}

void import_tell_value(struct import *import, struct import_section *section,
                       const struct keepalived_node *node)
{
    IMPORT_ITEM(import, section, IMPORT_FAILOVER, node,
                "'%s' is missing a parameter, with which keepalived 2.2 does not start: this is "
                "not the file that it runs with",
                node->words[0]);
}
