/* Two configurations, parted by a NUL: each instance is told of once, forth and back agree, and the
 * difference of a configuration to itself is nothing. */
#include "lib/config/diff.h"
#include "tests/fuzz/config_checks.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static struct config *parse(const uint8_t *data, size_t size)
{
    char *text = copy_text(data, size);
    const struct config_source source = {"fuzz.conf", text};
    struct config *config = parse_and_check(&source, 1);

    free(text);
    return config;
}

static void check_change(const struct config_change *change)
{
    MUST((change->before == NULL) == (change->kind == CONFIG_ADDED));
    MUST((change->after == NULL) == (change->kind == CONFIG_REMOVED));
    if (change->before != NULL && change->after != NULL)
        MUST(strcmp(change->before->name, change->after->name) == 0);
}

/* REMOVED, REPLACED, then the others. */
static int rank(const struct config_change *change)
{
    return change->kind == CONFIG_REMOVED ? 0 : change->kind == CONFIG_REPLACED ? 1 : 2;
}

static void count_kinds(const struct config *before, const struct config *after,
                        size_t kinds[CONFIG_REPLACED + 1], bool *node_changed)
{
    struct config_diff diff;
    size_t olds = 0;
    size_t news = 0;

    MUST(config_diff(before, after, &diff) == 0);
    for (size_t i = 0; i < diff.count; i++) {
        check_change(&diff.list[i]);
        MUST(i == 0 || rank(&diff.list[i - 1]) <= rank(&diff.list[i]));
        olds += diff.list[i].before != NULL;
        news += diff.list[i].after != NULL;
        kinds[diff.list[i].kind]++;
    }
    MUST(olds == before->instance_count && news == after->instance_count);
    *node_changed = diff.node_changed;
    config_diff_free(&diff);
}

static void compare(const struct config *before, const struct config *after, bool same)
{
    size_t forth[CONFIG_REPLACED + 1] = {0};
    size_t back[CONFIG_REPLACED + 1] = {0};
    bool node_forth;
    bool node_back;

    count_kinds(before, after, forth, &node_forth);
    count_kinds(after, before, back, &node_back);
    MUST(forth[CONFIG_ADDED] == back[CONFIG_REMOVED]);
    MUST(forth[CONFIG_REMOVED] == back[CONFIG_ADDED]);
    MUST(forth[CONFIG_UPDATED] == back[CONFIG_UPDATED]);
    MUST(forth[CONFIG_REPLACED] == back[CONFIG_REPLACED]);
    MUST(node_forth == node_back);
    MUST(!same || (forth[CONFIG_UNCHANGED] == after->instance_count && !node_forth));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > TEXT_MAX)
        return 0;
    size_t first = strnlen((const char *)data, size);
    size_t second = first < size ? first + 1 : size;
    struct config *before = parse(data, first);
    struct config *again = parse(data, first);
    struct config *after = parse(data + second, size - second);

    MUST((before == NULL) == (again == NULL));
    if (before != NULL)
        compare(before, again, true);
    if (before != NULL && after != NULL)
        compare(before, after, false);
    config_free(before);
    config_free(again);
    config_free(after);
    return 0;
}
