/*
 * What a reload has to do. Each key is compared by the schema, whose reload column says whether a
 * difference can be taken over in place; the two differences no single key shows (a family or
 * unicast coming or going) are looked at here.
 */
#include "lib/config/diff.h"

#include "lib/config/group.h"
#include "lib/config/values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
    const struct config_instance *const *x = a;
    const struct config_instance *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

/* Pointers to the instances by name, for find(). NULL: out of memory. */
static const struct config_instance **index_by_name(const struct config *config)
{
    const struct config_instance **index = calloc(config->instance_count + 1, sizeof(*index));

    if (index == NULL)
        return NULL;
    for (size_t i = 0; i < config->instance_count; i++)
        index[i] = &config->instances[i];
    qsort(index, config->instance_count, sizeof(*index), compare_names);
    return index;
}

static const struct config_instance *find(const struct config_instance *const *index, size_t count,
                                          const struct config_instance *wanted)
{
    const struct config_instance *const *found =
        bsearch(&wanted, index, count, sizeof(*index), compare_names);

    return found != NULL ? *found : NULL;
}

static enum config_change_kind kind_of(const struct config_instance *before,
                                       const struct config_instance *after)
{
    const struct config_section *schema = config_schema_instance();
    enum config_change_kind kind = CONFIG_UNCHANGED;

    if (config_has_router(before, IP_FAMILY_IPV4) != config_has_router(after, IP_FAMILY_IPV4) ||
        config_has_router(before, IP_FAMILY_IPV6) != config_has_router(after, IP_FAMILY_IPV6) ||
        before->unicast != after->unicast)
        return CONFIG_REPLACED;
    for (size_t i = 0; i < schema->key_count; i++) {
        const struct config_key *key = &schema->keys[i];

        if (config_value_equal(key, before, after))
            continue;
        if (key->reload == RELOAD_RESTART)
            return CONFIG_REPLACED;
        if (key->reload == RELOAD_IN_PLACE)
            kind = CONFIG_UPDATED;
    }
    return kind;
}

const struct config_key *config_diff_key(const struct config_section *section, const void *before,
                                         const void *after, size_t *next)
{
    while (*next < section->key_count) {
        const struct config_key *key = &section->keys[(*next)++];

        if (!config_value_equal(key, before, after))
            return key;
    }
    return NULL;
}

static bool node_differs(const struct config *before, const struct config *after)
{
    size_t next = 0;

    return config_diff_key(config_schema_node(), before, after, &next) != NULL;
}

static bool check_differs(const struct config_check *a, const struct config_check *b,
                          bool restart_only)
{
    const struct config_section *schema = config_schema_check();

    for (size_t i = 0; i < schema->key_count; i++) {
        const struct config_key *key = &schema->keys[i];

        if (restart_only && key->reload != RELOAD_RESTART)
            continue;
        if (!config_value_equal(key, a, b))
            return true;
    }
    return false;
}

bool config_check_restarts(const struct config_check *before, const struct config_check *after)
{
    return check_differs(before, after, true);
}

bool config_check_equal(const struct config_check *a, const struct config_check *b)
{
    return !check_differs(a, b, false);
}

static void append(struct config_diff *out, enum config_change_kind kind,
                   const struct config_instance *before, const struct config_instance *after)
{
    out->list[out->count++] = (struct config_change){kind, before, after};
}

/* The two configurations, the one before by name. */
struct pair {
    const struct config *before;
    const struct config_instance *const *before_index;
    const struct config *after;
};

/* A group moves as one: when one of its instances is restarted, all are. */
static enum config_change_kind with_mates(const struct pair *pair,
                                          const struct config_instance *old,
                                          const struct config_instance *new)
{
    const struct config_instance *mates[GROUP_INSTANCES_MAX];

    if (!config_group_same(pair->before, old, pair->after, new))
        return CONFIG_REPLACED;
    size_t count = new->group != NULL ? config_group_mates(pair->after, new, mates) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct config_instance *was =
            find(pair->before_index, pair->before->instance_count, mates[i]);

        if (was != NULL && kind_of(was, mates[i]) == CONFIG_REPLACED)
            return CONFIG_REPLACED;
    }
    return kind_of(old, new);
}

/* Removed ones, then replaced ones, so that what they hold is free before anything is added. */
static void fill(struct config_diff *out, const struct config *before,
                 const struct config_instance *const *before_index, const struct config *after,
                 const struct config_instance *const *after_index)
{
    const struct pair pair = {before, before_index, after};

    for (size_t i = 0; i < before->instance_count; i++) {
        const struct config_instance *old = &before->instances[i];

        if (find(after_index, after->instance_count, old) == NULL)
            append(out, CONFIG_REMOVED, old, NULL);
    }
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < after->instance_count; i++) {
            const struct config_instance *new = &after->instances[i];
            const struct config_instance *old = find(before_index, before->instance_count, new);
            enum config_change_kind kind = CONFIG_ADDED;

            if (old != NULL)
                kind = with_mates(&pair, old, new);

            if ((pass == 0) == (kind == CONFIG_REPLACED))
                append(out, kind, old, new);
        }
    }
}

static void append_check(struct config_diff *out, enum config_change_kind kind, const char *name)
{
    out->checks[out->check_count++] = (struct config_check_change){kind, name};
}

static void fill_checks(struct config_diff *out, const struct config *before,
                        const struct config *after)
{
    for (size_t i = 0; i < before->check_count; i++)
        if (config_find_check(after, before->checks[i].name) == NULL)
            append_check(out, CONFIG_REMOVED, before->checks[i].name);
    for (size_t i = 0; i < after->check_count; i++) {
        const struct config_check *new = &after->checks[i];
        const struct config_check *old = config_find_check(before, new->name);

        if (old == NULL)
            append_check(out, CONFIG_ADDED, new->name);
        else if (config_check_restarts(old, new))
            append_check(out, CONFIG_REPLACED, new->name);
        else if (!config_check_equal(old, new))
            append_check(out, CONFIG_UPDATED, new->name);
    }
}

int config_diff(const struct config *before, const struct config *after, struct config_diff *out)
{
    const struct config_instance **before_index = index_by_name(before);
    const struct config_instance **after_index = index_by_name(after);
    int result = -ENOMEM;

    *out = (struct config_diff){
        .node_changed = node_differs(before, after), .before = before, .after = after};
    out->list =
        calloc(before->instance_count + after->instance_count + 1, sizeof(struct config_change));
    out->checks =
        calloc(before->check_count + after->check_count + 1, sizeof(struct config_check_change));
    if (before_index != NULL && after_index != NULL && out->list != NULL && out->checks != NULL) {
        fill(out, before, before_index, after, after_index);
        fill_checks(out, before, after);
        result = 0;
    }
    free(before_index);
    free(after_index);
    return result;
}

void config_diff_free(struct config_diff *diff)
{
    free(diff->list);
    free(diff->checks);
    *diff = (struct config_diff){0};
}
