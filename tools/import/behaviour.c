/*
 * What an instance does: whether it takes over from a living master, how it announces itself,
 * whether it answers for its addresses, and what it makes of its link.
 */
#include "lib/config/duration.h"
#include "tools/import/keys.h"
#include "tools/import/subject.h"

#include <string.h>

/* keepalived's bound of preempt_delay, in seconds. */
#define PREEMPT_DELAY_MAX_NS (1000 * NS_PER_SEC)

/* Where keepalived ignores nopreempt and preempt_delay; NULL: it does not. */
static const char *without_effect(const struct subject *subject)
{
    if (subject->instance->owner)
        return "priority 255";
    return subject->instance->master ? "state MASTER" : NULL;
}

static void set_preempt_delay(const struct subject *subject, const struct keepalived_node *delay,
                              const char *ignored)
{
    uint64_t delay_ns = 0;
    char text[DURATION_TEXT_SIZE];

    if (!import_seconds(import_value(delay), &delay_ns) || delay_ns > PREEMPT_DELAY_MAX_NS)
        ITEM_ON(subject, IMPORT_NOTE, delay,
                "expected seconds from 0 to 1000: keepalived ignores it, and so it is left out");
    else if (ignored != NULL)
        ITEM_ON(subject, IMPORT_NOTE, delay,
                "keepalived ignores it with %s, and so it is left out; 'preempt = after %s' is "
                "what it would be",
                ignored, duration_format(delay_ns, text, sizeof(text)));
    else if (delay_ns > 0)
        set(subject, delay, "preempt",
            arena_print(subject->import->arena, "after %s",
                        duration_format(delay_ns, text, sizeof(text))));
}

static void set_preempt(const struct subject *subject)
{
    const struct keepalived_node *never = last(subject, "nopreempt");
    const struct keepalived_node *delay = last(subject, "preempt_delay");
    const char *ignored = without_effect(subject);

    if (never != NULL && ignored != NULL)
        ITEM_ON(subject, IMPORT_NOTE, never,
                "keepalived ignores it with %s, and so it is left out; 'preempt = no' is what it "
                "would be",
                ignored);
    else if (never != NULL)
        set(subject, never, "preempt", "no");
    if (delay == NULL)
        return;
    if (never != NULL && ignored == NULL)
        ITEM_ON(subject, IMPORT_NOTE, delay,
                "keepalived ignores it beside nopreempt, and so it is left out");
    else
        set_preempt_delay(subject, delay,
                          ignored == NULL && subject->instance->strict ? "strict mode" : ignored);
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
        if (count > ANNOUNCE_REPEAT_MAX)
            ITEM_ON(subject, IMPORT_NOTE, repeat, "vipd repeats %d times at most",
                    ANNOUNCE_REPEAT_MAX);
        count = count > ANNOUNCE_REPEAT_MAX ? ANNOUNCE_REPEAT_MAX : count;
        set(subject, repeat, "announce-repeat", arena_print(subject->import->arena, "%ld", count));
    } else if (repeat != NULL) {
        ITEM_ON(subject, IMPORT_NOTE, repeat,
                "expected a number: keepalived ignores it, and so it is left out");
    }
    if (refresh == NULL)
        return;
    if (!import_seconds(import_value(refresh), &refresh_ns))
        ITEM_ON(subject, IMPORT_NOTE, refresh,
                "expected seconds: keepalived ignores it, and so it is left out");
    else
        set(subject, refresh, "announce-refresh",
            refresh_ns == 0 ? "off" : duration_format(refresh_ns, text, sizeof(text)));
}

/* Strict mode drops packets to the addresses as no_accept does, but for the owner. */
static void set_accept(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "no_accept");
    const struct keepalived_node *strict = last(subject, "strict_mode");

    if (strict == NULL)
        strict = subject->import->globals.strict;
    if (node == NULL && subject->instance->strict && !subject->instance->owner &&
        last(subject, "accept") == NULL)
        node = strict;
    if (subject->instance->strict)
        ITEM_ON(subject, IMPORT_NOTE, strict,
                "vipd's 'strict' is not the same: what keepalived's changes is carried over word "
                "by word");
    if (node == NULL)
        return;
    if (import_takes("accept = no"))
        set(subject, node, "accept", "no");
    else
        ITEM_ON(subject, IMPORT_LOST, node,
                "keepalived drops packets to the virtual addresses, and vipd does not: let the "
                "firewall do it where that was wanted");
}

static void set_follow_link(const struct subject *subject)
{
    const struct keepalived_node *node = last(subject, "dont_track_primary");

    if (node == NULL)
        return;
    if (import_knows(subject->section->type, KEY_FOLLOW_LINK))
        set(subject, node, KEY_FOLLOW_LINK, "no");
    else
        ITEM_ON(subject, IMPORT_FAILOVER, node,
                "vipd always follows the carrier of its interface: without one it can reach "
                "nobody");
}

/* The delays that keepalived has for an interface; one of 0 is none. */
static void set_link_delays(const struct subject *subject, const struct keepalived_node *line)
{
    static const char *const keys[] = {KEY_LINK_DOWN_DELAY, KEY_LINK_UP_DELAY};
    char text[DURATION_TEXT_SIZE];

    for (size_t i = 0; i < 2; i++) {
        const char *word = line->count > i + 1 ? line->words[i + 1]
                           : line->count > 1   ? line->words[1]
                                               : NULL;
        uint64_t delay_ns = 0;

        if (!import_seconds(word, &delay_ns)) {
            ITEM_ON(subject, IMPORT_FAILOVER, line, "expected INTERFACE DOWN-DELAY UP-DELAY");
            return;
        }
        if (delay_ns > 0)
            set(subject, line, keys[i], duration_format(delay_ns, text, sizeof(text)));
    }
}

/* interface_up_down_delays stands outside of all blocks. */
static void find_link_delays(const struct subject *subject)
{
    const char *interface = import_value(last(subject, "interface"));
    const struct keepalived_node *block = subject->import->tree->root.first;

    for (; block != NULL && interface != NULL; block = block->next) {
        if (!keepalived_is(block, "interface_up_down_delays"))
            continue;
        for (const struct keepalived_node *n = block->first; n != NULL; n = n->next) {
            if (strcmp(n->words[0], interface) == 0)
                set_link_delays(subject, n);
        }
    }
}

void import_behaviour(struct import *import, struct import_instance *instance)
{
    const struct subject subject = {
        .import = import,
        .instance = instance,
        .block = instance->block,
        .section = instance->section,
    };

    set_preempt(&subject);
    set_announcements(&subject);
    set_accept(&subject);
    set_follow_link(&subject);
    find_link_delays(&subject);
}

/* True when an instance is on it. */
static bool is_used(const struct import *import, const char *interface)
{
    for (size_t i = 0; i < import->instance_count; i++) {
        const char *own = import_value(keepalived_last(import->instances[i].block, "interface"));

        if (own != NULL && strcmp(own, interface) == 0)
            return true;
    }
    return false;
}

void import_tell_link_delays(struct import *import)
{
    const struct keepalived_node *block = import->tree->root.first;

    for (; block != NULL; block = block->next) {
        if (!keepalived_is(block, "interface_up_down_delays"))
            continue;
        for (const struct keepalived_node *n = block->first; n != NULL; n = n->next) {
            if (!is_used(import, n->words[0]))
                IMPORT_ITEM(import, NULL, IMPORT_FAILOVER, n,
                            "interface_up_down_delays: vipd has delays for the interfaces of "
                            "instances; a check of type link acts at once");
        }
    }
}
