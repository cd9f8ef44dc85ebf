/* The difference of two configurations; a walk over the schema keeps new keys from being missed. */
#include "lib/config_diff.h"
#include "lib/config_schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct config *parse(const char *text)
{
    const struct config_source source = {"t.conf", text};
    struct config_problems problems;
    struct config *config = config_parse(&source, 1, &problems);
    char line[512] = "";

    if (problems.count > 0)
        fail_msg("%s", config_problem_format(&problems.list[0], line, sizeof(line)));
    config_problems_free(&problems);
    return config;
}

/* One value for each key of [instance] that differs from what BASE gives it. */
static const char *const other_values[INSTANCE_KEYS] = {
    [INSTANCE_INTERFACE] = "eth1",     [INSTANCE_VRID] = "52",
    [INSTANCE_PRIORITY] = "101",       [INSTANCE_ADDRESSES] = "192.0.2.10/24, 192.0.2.11/24",
    [INSTANCE_VERSION] = "2",          [INSTANCE_ADVERT_INTERVAL] = "2s",
    [INSTANCE_PREEMPT] = "no",         [INSTANCE_UNICAST_PEERS] = "192.0.2.3",
    [INSTANCE_SOURCE] = "192.0.2.9",   [INSTANCE_MAC] = "virtual",
    [INSTANCE_CHECKSUM] = "rfc9568",   [INSTANCE_STRICT] = "yes",
    [INSTANCE_ACCEPT] = NULL, /* one value only */
    [INSTANCE_ANNOUNCE_REPEAT] = "6",  [INSTANCE_ANNOUNCE_REFRESH] = "61s",
    [INSTANCE_ANNOUNCE_FORM] = "both", [INSTANCE_LEASE] = "6s",
    [INSTANCE_LINGER] = "1s",
};

static const char *const other_node_values[NODE_KEYS] = {
    [NODE_NAME] = "lb2",
    [NODE_LEASE] = "7s",
    [NODE_REALTIME] = "no",
};

/* A text with one instance, in which key `changed` (INSTANCE_KEYS: none) has its other value. */
static void write_instance(char *text, size_t size, size_t changed)
{
    const struct config_section *schema = config_schema_instance();
    size_t used = 0;

    used += (size_t)snprintf(text, size, "[instance web]\n");
    for (size_t i = 0; i < schema->key_count; i++) {
        const char *value = NULL;

        if (i == INSTANCE_INTERFACE)
            value = "eth0";
        else if (i == INSTANCE_VRID)
            value = "51";
        else if (i == INSTANCE_ADDRESSES)
            value = "192.0.2.10/24";
        if (i == changed)
            value = other_values[i];
        if (value != NULL)
            used += (size_t)snprintf(text + used, size - used, "%s = %s\n", schema->keys[i].name,
                                     value);
    }
    assert_true(used < size);
}

static enum config_change_kind kind_after(const char *before_text, const char *after_text,
                                          bool *node_changed)
{
    struct config *before = parse(before_text);
    struct config *after = parse(after_text);
    struct config_diff diff;
    enum config_change_kind kind = CONFIG_UNCHANGED;

    assert_non_null(before);
    assert_non_null(after);
    assert_int_equal(config_diff(before, after, &diff), 0);
    if (diff.count > 0)
        kind = diff.list[0].kind;
    *node_changed = diff.node_changed;
    config_diff_free(&diff);
    config_free(before);
    config_free(after);
    return kind;
}

/* A key that the comparison forgets would make a reload do nothing, in silence. */
static void every_key_of_an_instance_counts(void **state)
{
    const struct config_section *schema = config_schema_instance();
    char before[2048];
    char after[2048];
    bool node_changed;

    (void)state;
    write_instance(before, sizeof(before), INSTANCE_KEYS);
    assert_int_equal(kind_after(before, before, &node_changed), CONFIG_UNCHANGED);
    for (size_t i = 0; i < schema->key_count; i++) {
        if (other_values[i] == NULL)
            continue;
        write_instance(after, sizeof(after), i);
        enum config_change_kind kind = kind_after(before, after, &node_changed);
        if (kind != CONFIG_UPDATED && kind != CONFIG_REPLACED)
            fail_msg("a change of %s is not seen", schema->keys[i].name);
        assert_false(node_changed);
    }
}

static void what_makes_another_router_restarts_it(void **state)
{
    static const enum instance_key keys[] = {INSTANCE_INTERFACE, INSTANCE_VRID, INSTANCE_VERSION,
                                             INSTANCE_MAC, INSTANCE_UNICAST_PEERS};
    char before[2048];
    char after[2048];
    bool node_changed;

    (void)state;
    write_instance(before, sizeof(before), INSTANCE_KEYS);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        write_instance(after, sizeof(after), keys[i]);
        assert_int_equal(kind_after(before, after, &node_changed), CONFIG_REPLACED);
    }
    write_instance(after, sizeof(after), INSTANCE_PRIORITY);
    assert_int_equal(kind_after(before, after, &node_changed), CONFIG_UPDATED);
}

static void every_key_of_the_node_counts(void **state)
{
    const struct config_section *schema = config_schema_node();
    char after[256];
    bool node_changed;

    (void)state;
    for (size_t i = 0; i < schema->key_count; i++) {
        snprintf(after, sizeof(after), "[node]\n%s = %s\n", schema->keys[i].name,
                 other_node_values[i]);
        (void)kind_after("[node]\n", after, &node_changed);
        if (!node_changed)
            fail_msg("a change of %s is not seen", schema->keys[i].name);
    }
}

static void added_and_removed(void **state)
{
    char one[2048];
    bool node_changed;

    (void)state;
    write_instance(one, sizeof(one), INSTANCE_KEYS);
    assert_int_equal(kind_after("", one, &node_changed), CONFIG_ADDED);
    assert_int_equal(kind_after(one, "", &node_changed), CONFIG_REMOVED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_of_an_instance_counts),
        cmocka_unit_test(what_makes_another_router_restarts_it),
        cmocka_unit_test(every_key_of_the_node_counts),
        cmocka_unit_test(added_and_removed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
