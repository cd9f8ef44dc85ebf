/*
 * What keepalived tracks to [check]s, and `track` of the instances.
 *
 * keepalived gives a weight where something is tracked, vipd where it is checked. So each pair of a
 * thing and a weight is one check; the first of a thing has its name, further ones the weight
 * behind it.
 */
#include "tools/import/devices.h"
#include "tools/import/import.h"
#include "tools/import/keys.h"

#include <string.h>

#define TRACK_INTERFACE "track_interface"

/* Which keepalived blocks are tracked with which word, and the type of check they become. */
static const struct kind {
    const char *track;
    const char *block; /* NULL: the name is that of an interface */
    const char *also;  /* another word for the block */
    const char *type;
    const char *prefix; /* of the check's name */
    const char *weight; /* keepalived's default */
    enum import_scope scope;
} kinds[] = {
    {"track_script", "vrrp_script", NULL, "exec", "", "0", SCOPE_SCRIPT},
    {TRACK_INTERFACE, NULL, NULL, "link", "link-", "0", SCOPE_FILE},
    {"track_process", "vrrp_track_process", NULL, "process", "", "0", SCOPE_PROCESS},
    {"track_file", "track_file", "vrrp_track_file", "file", "", "1", SCOPE_TRACK_FILE},
};

static const struct kind *kind_named(const char *track)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(track, kinds[i].track) == 0)
            return &kinds[i];
    }
    return NULL;
}

static const struct kind *kind_of(const struct keepalived_node *block)
{
    return kind_named(block->words[0]);
}

/* What is tracked, where it stands before `until`; NULL: anywhere. */
static const struct keepalived_node *find_block(const struct import *import,
                                                const struct kind *kind, const char *name,
                                                const struct keepalived_node *until)
{
    const struct keepalived_node *node = import->tree->root.first;

    for (; node != NULL && node != until && kind->block != NULL; node = node->next) {
        bool right = keepalived_is(node, kind->block) ||
                     (kind->also != NULL && keepalived_is(node, kind->also));

        if (right && import_value(node) != NULL && strcmp(import_value(node), name) == 0)
            return node;
    }
    return NULL;
}

/* One line of a track block, understood. */
struct use {
    const struct kind *kind;
    const struct keepalived_node *node;
    const struct keepalived_node *block; /* of what is tracked */
    const char *target;
    const char *weight; /* "0": fault */
    bool reverse;
    bool early;          /* keepalived has not read that block yet, and ignores the line */
    const char *ignored; /* a word behind that is none of keepalived's; NULL: all are */
};

static struct use use_of(const struct import *import, const struct kind *kind,
                         const struct keepalived_node *node)
{
    struct use use = {.kind = kind, .node = node, .target = node->words[0]};
    const struct keepalived_node *weight = NULL;

    use.block = find_block(import, kind, use.target, node->parent->parent);
    if (use.block == NULL) {
        use.block = find_block(import, kind, use.target, NULL);
        use.early = use.block != NULL;
    }
    use.weight = kind->weight;
    if (use.block != NULL)
        weight = keepalived_last(use.block, "weight");
    if (import_value(weight) != NULL)
        use.weight = import_value(weight);
    use.reverse = weight != NULL && weight->count > 2 && strcmp(weight->words[2], "reverse") == 0;
    for (size_t i = 1; i < node->count; i++) {
        if (strcmp(node->words[i], "weight") == 0 && i + 1 < node->count)
            use.weight = node->words[++i];
        else if (strcmp(node->words[i], "reverse") == 0)
            use.reverse = true;
        else if (strcmp(node->words[i], "noreverse") == 0 ||
                 strcmp(node->words[i], "no_reverse") == 0)
            use.reverse = false;
        else if (use.ignored == NULL)
            use.ignored = node->words[i];
    }
    if (use.weight[0] == '+')
        use.weight++;
    return use;
}

/* keepalived drops what has a weight from members of a sync group, unless told otherwise. */
static bool is_dropped(const struct use *use, const struct keepalived_node *group)
{
    return group != NULL && use->node->parent->parent != group && strcmp(use->weight, "0") != 0 &&
           keepalived_last(group, "sync_group_tracking_weight") == NULL;
}

/* A statement of that kind about the same, before `until`, in an owner; NULL: none. */
static const struct keepalived_node *find_use(const struct keepalived_node *owner,
                                              const struct use *use,
                                              const struct keepalived_node *until)
{
    for (const struct keepalived_node *b = owner->first; b != NULL; b = b->next) {
        for (const struct keepalived_node *n = b->first;
             kind_of(b) == use->kind && n != NULL && n != until; n = n->next) {
            if (strcmp(n->words[0], use->target) == 0)
                return n;
        }
        if (b == until->parent)
            break;
    }
    return NULL;
}

/* keepalived takes the first of several, and that of the sync group before that of a member. */
static bool is_repeated(const struct use *use, const struct keepalived_node *group)
{
    const struct keepalived_node *owner = use->node->parent->parent;
    static const struct keepalived_node nowhere = {.count = 0};

    return find_use(owner, use, use->node) != NULL ||
           (group != NULL && owner != group && find_use(group, use, &nowhere) != NULL);
}

/* Whether it cannot be a check, and why: NULL, it can. *kind: of the item about it. */
static const char *refusal(struct import *import, const struct use *use, enum import_kind *kind)
{
    *kind = IMPORT_NOTE;
    if (use->kind->block != NULL && use->block == NULL)
        return arena_print(import->arena,
                           "there is no %s of that name: keepalived ignores it, and so does this",
                           use->kind->block);
    if (use->kind->scope == SCOPE_SCRIPT &&
        import_value(keepalived_last(use->block, "script")) == NULL)
        return "it has no script: keepalived ignores it, and so does this";
    *kind = IMPORT_FAILOVER;
    if (use->early)
        return arena_print(import->arena,
                           "%s %s stands behind it, in line %u: keepalived has not read that yet "
                           "and ignores the line, and so it is left out. What it checks moves "
                           "nothing, there or here; write %s before the %s, on all nodes, if it is "
                           "to",
                           use->block->words[0], use->target, use->block->place.line,
                           use->block->words[0], use->node->parent->parent->words[0]);
    if (use->reverse)
        return "vipd has no reverse weights: let the check itself answer the other way round";
    if (use->kind->scope == SCOPE_TRACK_FILE && strcmp(use->weight, "1") != 0 &&
        strcmp(use->weight, "0") != 0)
        return "vipd adds the number in the file as it is: write it there multiplied, with weight "
               "1";
    return NULL;
}

static struct import_check *find_check(struct import *import, const struct use *use)
{
    for (size_t i = 0; i < import->check_count; i++) {
        struct import_check *check = &import->checks[i];

        if (strcmp(check->kind, use->kind->track) == 0 && strcmp(check->target, use->target) == 0 &&
            strcmp(check->weight, use->weight) == 0)
            return check;
    }
    return NULL;
}

static bool name_taken(const struct import *import, const char *name)
{
    for (size_t i = 0; i < import->check_count; i++) {
        if (strcmp(import->checks[i].name, name) == 0)
            return true;
    }
    return false;
}

static const char *new_name(struct import *import, const struct use *use)
{
    const char *base =
        import_name(import, use->node,
                    arena_print(import->arena, "%s%s", use->kind->prefix, use->target), NULL);
    const char *name = base;

    if (name_taken(import, name) && strcmp(use->weight, "0") == 0)
        name = arena_print(import->arena, "%s-fault", base);
    else if (name_taken(import, name))
        name = arena_print(import->arena, "%s-%s%s", base, use->weight[0] == '-' ? "minus" : "plus",
                           use->weight + (use->weight[0] == '-' ? 1 : 0));
    const char *plain = name;
    for (unsigned i = 2; name_taken(import, name); i++)
        name = arena_print(import->arena, "%s-%u", plain, i);
    return name;
}

static void add_check(struct import *import, const struct use *use)
{
    const char *name = new_name(import, use);

    import->checks =
        arena_grow(import->arena, import->checks, import->check_count, sizeof(*import->checks));
    import->checks[import->check_count++] = (struct import_check){
        .name = name,
        .kind = use->kind->track,
        .type = use->kind->type,
        .scope = use->kind->scope,
        .target = use->target,
        .weight = use->weight,
        .block = use->block,
        .use = use->node,
    };
}

/* keepalived counts an interface that one of the addresses is on as a fault, whatever its weight.
 */
static bool is_overruled(struct import *import, const struct use *use,
                         const struct import_instance *instance)
{
    return strcmp(use->kind->track, TRACK_INTERFACE) == 0 && strcmp(use->weight, "0") != 0 &&
           import_device_is_tracked(import, instance->block, use->target);
}

/* keepalived follows it anyway, or not at all with dont_track_primary: it ignores the line, weight
 * and all. */
static bool is_own(const struct use *use, const struct import_instance *instance)
{
    const char *own = import_value(keepalived_last(instance->block, "interface"));

    return strcmp(use->kind->track, TRACK_INTERFACE) == 0 && own != NULL &&
           use->node->parent->parent == instance->block && strcmp(use->target, own) == 0;
}

static struct use use_of_device(const struct import_device *device)
{
    return (struct use){.kind = kind_named(TRACK_INTERFACE),
                        .node = device->node,
                        .target = device->name,
                        .weight = "0"};
}

static void list_devices(struct import *import, const struct import_instance *instance)
{
    const struct import_devices devices = import_devices_of(import, instance->block);

    for (size_t i = 0; i < devices.count; i++) {
        const struct use use = use_of_device(&devices.list[i]);

        if (find_check(import, &use) == NULL)
            add_check(import, &use);
    }
}

static void list_uses(struct import *import, const struct keepalived_node *owner,
                      const struct import_instance *instance)
{
    const struct keepalived_node *group = instance->group;

    for (const struct keepalived_node *b = owner->first; b != NULL; b = b->next) {
        const struct kind *kind = kind_of(b);

        for (const struct keepalived_node *n = b->first; kind != NULL && n != NULL; n = n->next) {
            const struct use use = use_of(import, kind, n);
            enum import_kind of_item = IMPORT_NOTE;

            if (refusal(import, &use, &of_item) != NULL || is_dropped(&use, group) ||
                is_repeated(&use, group) || is_own(&use, instance) ||
                is_overruled(import, &use, instance) || find_check(import, &use) != NULL)
                continue;
            add_check(import, &use);
        }
    }
}

void import_list_checks(struct import *import)
{
    for (size_t i = 0; i < import->instance_count; i++) {
        const struct import_instance *instance = &import->instances[i];

        list_uses(import, instance->block, instance);
        if (instance->group != NULL)
            list_uses(import, instance->group, instance);
        list_devices(import, instance);
    }
}

struct names {
    const char **list;
    size_t count;
};

static void add_name(struct import *import, struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->list[i], name) == 0)
            return;
    names->list = arena_grow(import->arena, names->list, names->count, sizeof(*names->list));
    names->list[names->count++] = name;
}

/* One line of a track block. */
static void track_one(struct import *import, const struct import_instance *instance,
                      const struct use *use, struct names *names)
{
    struct import_section *section = instance->section;
    const struct keepalived_node *group = instance->group;
    const struct keepalived_node *node = use->node;
    const char *word = node->parent->words[0];
    enum import_kind kind = IMPORT_NOTE;
    const char *why = refusal(import, use, &kind);

    if (use->ignored != NULL)
        IMPORT_ITEM(import, section, IMPORT_NOTE, node,
                    "%s: keepalived takes '%s' and ignores '%s', and so does this: each needs a "
                    "line of its own",
                    word, use->target, use->ignored);
    if (why != NULL) {
        IMPORT_ITEM(import, section, kind, node, "%s: %s", word, why);
        return;
    }
    if (is_dropped(use, group)) {
        IMPORT_ITEM(import, section, IMPORT_NOTE, node,
                    "%s: keepalived ignores what has a weight in a member of a sync group, and so "
                    "it is left out",
                    word);
        return;
    }
    if (is_repeated(use, group)) {
        IMPORT_ITEM(import, section, IMPORT_NOTE, node,
                    "%s: a second time (a sync group's counts before its members'): once is enough",
                    word);
        return;
    }
    if (is_own(use, instance)) {
        IMPORT_ITEM(import, section, IMPORT_NOTE, node,
                    "%s: keepalived ignores it for the instance's own interface, and so it is left "
                    "out: follow-link is about that",
                    word);
        return;
    }
    if (is_overruled(import, use, instance)) {
        IMPORT_ITEM(import, section, IMPORT_NOTE, node,
                    "%s: keepalived gives an interface that an address is on no weight: down, it "
                    "is a fault, and so it is here",
                    word);
        return;
    }
    add_name(import, names, find_check(import, use)->name);
}

/* Adds the names of one owner's checks: the instance or its group. */
static void track_of(struct import *import, const struct import_instance *instance,
                     const struct keepalived_node *owner, struct names *names)
{
    for (const struct keepalived_node *b = owner->first; b != NULL; b = b->next) {
        const struct kind *kind = kind_of(b);

        if (keepalived_is(b, "track_bfd"))
            IMPORT_ITEM(import, instance->section, IMPORT_FAILOVER, b,
                        "vipd has no BFD: a check of type exec can ask the daemon that has it");
        for (const struct keepalived_node *n = b->first; kind != NULL && n != NULL; n = n->next) {
            const struct use use = use_of(import, kind, n);

            track_one(import, instance, &use, names);
        }
    }
}

/* Where an instance begins to track something, for messages. */
static const struct keepalived_node *first_track(const struct keepalived_node *owner)
{
    const struct keepalived_node *node = owner->first;

    while (node != NULL && kind_of(node) == NULL)
        node = node->next;
    return node;
}

void import_track(struct import *import, struct import_instance *instance)
{
    const struct import_devices devices = import_devices_of(import, instance->block);
    const struct keepalived_node *node = first_track(instance->block);
    struct names names = {0};

    track_of(import, instance, instance->block, &names);
    if (instance->group != NULL)
        track_of(import, instance, instance->group, &names);
    if (node == NULL && instance->group != NULL)
        node = first_track(instance->group);
    for (size_t i = 0; i < devices.count; i++) {
        const struct use use = use_of_device(&devices.list[i]);

        add_name(import, &names, find_check(import, &use)->name);
    }
    if (node == NULL && devices.count > 0)
        node = devices.list[0].node;
    if (names.count > 0)
        import_set(import->out, instance->section, node, KEY_TRACK,
                   import_joined(import, names.list, names.count));
}
