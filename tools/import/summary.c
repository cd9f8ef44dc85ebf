/* The summary at the head of the result: see summary.h. */
#include "tools/import/summary.h"

#include "lib/config/problem.h"
#include "tools/import/keys.h"

#include <stdlib.h>
#include <string.h>

enum { ALIKE_MAX = 12, DIFFER_MAX = 30, QUOTE_SIZE = 120 };

struct writer {
    struct arena *arena;
    struct summary_line *first;
    struct summary_line *last;
};

static void add(struct writer *writer, int indent, const char *text)
{
    struct summary_line *line = arena_take(writer->arena, sizeof(*line));

    line->text = text;
    line->indent = indent;
    if (writer->last != NULL)
        writer->last->next = line;
    else
        writer->first = line;
    writer->last = line;
}

#define ADD(writer, indent, ...) add((writer), (indent), arena_print((writer)->arena, __VA_ARGS__))

static const struct {
    const char *text;
    const char *name;
} kinds[IMPORT_KINDS] = {
    [IMPORT_NOTE] = {"Cosmetic", "cosmetic"},
    [IMPORT_LOST] = {"Is not done any more", "function"},
    [IMPORT_FAILOVER] = {"Fails over when it should not, or not when it should, or a program of it "
                         "does not do its work",
                         "failover"},
    [IMPORT_MASTERS] = {"Two masters, or none", "masters"},
};

static const char *kind_text(enum import_kind kind)
{
    return kinds[kind].text;
}

const char *import_kind_name(enum import_kind kind)
{
    return kinds[kind].name;
}

const char *import_get(const struct import_section *section, const char *key)
{
    for (size_t i = 0; i < section->count; i++) {
        if (!section->keys[i].refused && strcmp(section->keys[i].name, key) == 0)
            return section->keys[i].value;
    }
    return NULL;
}

/* What became of the statements that have items. */
struct fate {
    const struct keepalived_node *node;
    enum import_kind kind; /* the worst */
};

struct fates {
    struct arena *arena;
    struct fate *list;
    size_t count;
};

static void add_fate(void *user, const struct import_section *section,
                     const struct import_item *item)
{
    struct fates *fates = user;

    (void)section;
    if (item->node == NULL)
        return;
    fates->list = arena_grow(fates->arena, fates->list, fates->count, sizeof(*fates->list));
    fates->list[fates->count++] = (struct fate){item->node, item->kind};
}

/* By statement, the worst item of each first. */
static int compare_fates(const void *a, const void *b)
{
    const struct fate *x = a;
    const struct fate *y = b;

    if (x->node != y->node)
        return (uintptr_t)x->node < (uintptr_t)y->node ? -1 : 1;
    return x->kind > y->kind ? -1 : x->kind < y->kind;
}

static const struct fate *find_fate(const struct fates *fates, const struct keepalived_node *node)
{
    size_t low = 0;
    size_t high = fates->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if ((uintptr_t)fates->list[middle].node < (uintptr_t)node)
            low = middle + 1;
        else
            high = middle;
    }
    return low < fates->count && fates->list[low].node == node ? &fates->list[low] : NULL;
}

/* Blocks of which a note says nothing about what is in them. */
static bool is_container(const struct keepalived_node *node)
{
    return keepalived_is(node, "global_defs") || keepalived_is(node, "vrrp_instance") ||
           keepalived_is(node, "vrrp_sync_group");
}

/* Counts what is in a block; a block that became nothing counts as one statement. */
static void count_block(const struct fates *fates, const struct keepalived_node *block,
                        struct summary_counts *counts)
{
    for (const struct keepalived_node *n = block->first; n != NULL; n = n->next) {
        const struct fate *fate = find_fate(fates, n);
        enum import_kind kind = fate != NULL ? fate->kind : IMPORT_NOTE;

        if (n->first != NULL && (fate == NULL || (kind == IMPORT_NOTE && is_container(n))))
            count_block(fates, n, counts);
        else if (fate == NULL)
            counts->alike++;
        else if (kind == IMPORT_NOTE)
            counts->cosmetic++;
        else
            counts->differ++;
    }
}

struct summary_counts import_counts(const struct import_output *out)
{
    struct fates fates = {.arena = out->arena};
    struct summary_counts counts = {0};

    import_each_item(out, add_fate, &fates);
    if (fates.count > 0)
        qsort(fates.list, fates.count, sizeof(*fates.list), compare_fates);
    if (out->tree != NULL)
        count_block(&fates, &out->tree->root, &counts);
    return counts;
}

struct gathering {
    struct arena *arena;
    enum import_kind kind;
    const struct import_item **list;
    size_t count;
};

static void gather(void *user, const struct import_section *section, const struct import_item *item)
{
    struct gathering *all = user;

    (void)section;
    if (item->kind != all->kind)
        return;
    all->list = arena_grow(all->arena, all->list, all->count, sizeof(const struct import_item *));
    all->list[all->count++] = item;
}

size_t import_worst(const struct import_output *out, const struct import_item ***list)
{
    struct gathering all = {.arena = out->arena};

    for (unsigned kind = IMPORT_KINDS; kind-- > IMPORT_LOST;) {
        all.kind = kind;
        import_each_item(out, gather, &all);
    }
    *list = all.list;
    return all.count;
}

/* The first sentence. */
static const char *begin_of(struct arena *arena, const char *why)
{
    const char *end = strstr(why, ". ");

    return end != NULL ? arena_text(arena, why, (size_t)(end - why)) : why;
}

/* One difference, with those further on that have the same reason. Returns whether it is new. */
static bool add_difference(struct writer *writer, const struct import_output *out,
                           const struct import_item **list, size_t count, size_t index)
{
    const struct import_item *item = list[index];
    char quoted[QUOTE_SIZE];
    size_t more = 0;

    for (size_t i = 0; i < count; i++) {
        bool same = list[i]->kind == item->kind && strcmp(list[i]->why, item->why) == 0;

        if (same && i < index)
            return false;
        more += same && i > index ? 1 : 0;
    }
    config_quote(item->text, strlen(item->text), quoted, sizeof(quoted));
    ADD(writer, 4, "%s:%u: %s%s: %s", import_short_name(out, item->place.file), item->place.line,
        quoted, more == 0 ? "" : arena_print(writer->arena, " (and %zu more)", more),
        begin_of(writer->arena, item->why));
    return true;
}

static void add_differences(struct writer *writer, const struct import_output *out)
{
    const struct import_item **list = NULL;
    size_t count = import_worst(out, &list);
    enum import_kind kind = IMPORT_KINDS;
    size_t shown = 0;

    if (count == 0) {
        ADD(writer, 0, "DIFFERS: nothing. All of it is carried over.");
        return;
    }
    ADD(writer, 0, "DIFFERS, the worst first: %zu thing%s not carried over.", count,
        count == 1 ? " is" : "s are");
    for (size_t i = 0; i < count; i++) {
        if (shown == DIFFER_MAX) {
            ADD(writer, 2, "and more: look for NOT CARRIED OVER beside the sections");
            return;
        }
        if (list[i]->kind != kind)
            ADD(writer, 2, "%s:", kind_text(list[i]->kind));
        kind = list[i]->kind;
        shown += add_difference(writer, out, list, count, i) ? 1 : 0;
    }
}

/* What is said of a section that is not all alike. */
static const char *but(const struct import_section *section)
{
    enum import_kind worst = IMPORT_NOTE;

    for (size_t i = 0; i < section->items.count; i++) {
        if (section->items.list[i].kind > worst)
            worst = section->items.list[i].kind;
    }
    return worst > IMPORT_LOST ? "; but see DIFFERS" : "";
}

/* "A", "A and 2 more" */
static const char *brief_list(struct arena *arena, const char *list)
{
    size_t more = 0;

    for (const char *at = strstr(list, ", "); at != NULL; at = strstr(at + 2, ", "))
        more++;
    if (more == 0)
        return list;
    return arena_print(arena, "%.*s and %zu more", (int)strcspn(list, ","), list, more);
}

static const char *or_none(const char *text, const char *none)
{
    return text != NULL ? text : none;
}

static const char *hooks_of(struct arena *arena, const struct import_section *section)
{
    static const char *const keys[] = {KEY_ON_MASTER, KEY_ON_BACKUP, KEY_ON_INIT, KEY_ON_CHANGE,
                                       KEY_ON_RIVAL};
    const char *text = "";

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (import_get(section, keys[i]) != NULL)
            text = arena_print(arena, "%s%s%s", text, *text != '\0' ? ", " : "; runs ", keys[i]);
    }
    return text;
}

static void add_instance(struct writer *writer, const struct import_section *section)
{
    struct arena *arena = writer->arena;
    const char *addresses = import_get(section, KEY_ADDRESSES);
    const char *peers = import_get(section, KEY_UNICAST_PEERS);
    const char *preempt = import_get(section, "preempt");
    const char *track = import_get(section, KEY_TRACK);

    ADD(writer, 2,
        "[instance %s] VRRP %s%s%s on %s, VRID %s, priority %s%s%s, an advert every %s; "
        "%s%s%s%s%s",
        section->name, or_none(import_get(section, "version"), "3"),
        peers != NULL ? " unicast to " : "", peers != NULL ? brief_list(arena, peers) : "",
        or_none(import_get(section, "interface"), "the way to its peers"),
        or_none(import_get(section, "vrid"), "?"), or_none(import_get(section, "priority"), "100"),
        preempt != NULL ? ", preempt " : "", or_none(preempt, ""),
        or_none(import_get(section, "advert-interval"), "1s"),
        addresses != NULL ? brief_list(arena, addresses) : "no addresses",
        track != NULL ? "; follows " : "", or_none(track, ""), hooks_of(arena, section),
        but(section));
}

static void add_alike(struct writer *writer, const struct import_output *out)
{
    size_t shown = 0;
    size_t left = 0;

    ADD(writer, 0, "ALIKE");
    for (const struct import_section *s = out->first; s != NULL; s = s->next) {
        bool instance = strcmp(s->type, "instance") == 0;

        if (s->refused || !s->known || strcmp(s->type, SECTION_NODE) == 0)
            continue;
        if (shown++ >= ALIKE_MAX)
            left++;
        else if (instance)
            add_instance(writer, s);
        else if (strcmp(s->type, SECTION_GROUP) == 0)
            ADD(writer, 2, "[group %s] %s move together", s->name,
                or_none(import_get(s, KEY_INSTANCES), ""));
        else
            ADD(writer, 2, "[check %s] %s, %s %s%s", s->name, or_none(import_get(s, KEY_TYPE), "?"),
                import_get(s, KEY_WEIGHT) != NULL ? "weight" : "withdraws the node",
                or_none(import_get(s, KEY_WEIGHT), "while it fails"), but(s));
    }
    if (left > 0)
        ADD(writer, 2, "and %zu more", left);
    else if (shown == 0)
        ADD(writer, 2, "nothing");
}

const struct summary_line *import_summary(const struct import_output *out)
{
    struct writer writer = {.arena = out->arena};
    const struct summary_counts counts = import_counts(out);
    size_t notes = import_count(out, IMPORT_NOTE);

    ADD(&writer, 0,
        "Statements: %zu, of which %zu carried over, %zu not or with a difference, and %zu that "
        "need nothing or a note.",
        counts.alike + counts.differ + counts.cosmetic, counts.alike, counts.differ,
        counts.cosmetic);
    ADD(&writer, 0, "%s", "");
    add_alike(&writer, out);
    ADD(&writer, 0, "%s", "");
    add_differences(&writer, out);
    ADD(&writer, 0, "%s", "");
    ADD(&writer, 0,
        "COSMETIC: %zu note%s beside the sections, of which nothing behaves differently.", notes,
        notes == 1 ? "" : "s");
    return writer.first;
}
