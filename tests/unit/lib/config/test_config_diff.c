/* The difference of two configurations; a walk over the schema keeps new keys from being missed. */
#include "lib/config/diff.h"
#include "lib/config/schema.h"
#include "tests/unit/lib/config/config_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct config *parse(const char *text)
{
    struct config_problems problems;
    struct config *config = parse_text(text, &problems);
    char line[512] = "";

    if (problems.count > 0)
        fail_msg("%s", config_problem_format(&problems.list[0], line, sizeof(line)));
    config_problems_free(&problems);
    return config;
}

/* The section a value of track needs; nothing may come behind it. */
#define APP "[check app]\ntype = link\ninterface = eth1"

/* One value for each key of [instance] that differs from what write_instance() gives it. */
static const char *const other_values[INSTANCE_KEYS] = {
    [INSTANCE_INTERFACE] = "eth1",
    [INSTANCE_VRID] = "52",
    [INSTANCE_PRIORITY] = "101",
    [INSTANCE_ADDRESSES] = "192.0.2.10/24, 192.0.2.11/24",
    [INSTANCE_VERSION] = "2",
    [INSTANCE_ADVERT_INTERVAL] = "2s",
    [INSTANCE_AUTH_KEY] = "1:/k",
    [INSTANCE_AUTH_MODE] = "permissive\nauth-key = 1:/k",
    [INSTANCE_AUTH_REPLAY] = "monotonic\nauth-key = 1:/k",
    [INSTANCE_AUTH_WINDOW] = "9s\nauth-key = 1:/k",
    [INSTANCE_PREEMPT] = "no",
    [INSTANCE_UNICAST_PEERS] = "192.0.2.3",
    [INSTANCE_SOURCE] = "192.0.2.9",
    [INSTANCE_MAC] = "virtual",
    [INSTANCE_CHECKSUM] = "rfc9568",
    [INSTANCE_STRICT] = "yes",
    [INSTANCE_DEAD_FACTOR] = "4",
    [INSTANCE_MULTICAST_GROUP] = "224.0.0.77",
    [INSTANCE_ACCEPT] = NULL, /* one value only */
    [INSTANCE_ANNOUNCE_REPEAT] = "6",
    [INSTANCE_ANNOUNCE_REFRESH] = "61s",
    [INSTANCE_ANNOUNCE_FORM] = "both",
    [INSTANCE_LEASE] = "6s",
    [INSTANCE_LINGER] = "1s",
    [INSTANCE_ON_MASTER] = "/bin/true",
    [INSTANCE_ON_BACKUP] = "/bin/true",
    [INSTANCE_ON_INIT] = "/bin/true",
    [INSTANCE_ON_CHANGE] = "/bin/true",
    [INSTANCE_ON_RIVAL] = "/bin/true",
    [INSTANCE_HOOK_TIMEOUT] = "31s",
    [INSTANCE_HOOK_USER] = "nobody",
    [INSTANCE_SYSTEMD_TARGET] = "yes",
    [INSTANCE_TRACK] = "app\n" APP,
    [INSTANCE_FLAP_DAMPING] = "3 in 1m",
    [INSTANCE_FOLLOW_LINK] = "no",
    [INSTANCE_LINK_DOWN_DELAY] = "1s",
    [INSTANCE_LINK_UP_DELAY] = "1s",
    [INSTANCE_ON_CONFLICT] = "release",
    [INSTANCE_CONFLICT_QUIET] = "61s",
    [INSTANCE_EXTRA_ADDRESSES] = "192.0.2.11/32 dev lo",
};

static const char *const other_node_values[NODE_KEYS] = {
    [NODE_NAME] = "lb2",        [NODE_LEASE] = "7s",           [NODE_REALTIME] = "no",
    [NODE_START_DELAY] = "5s",  [NODE_ANNOUNCE_PAUSE] = "5ms", [NODE_HOOK_USER] = "nobody",
    [NODE_RECORDER] = "off",    [NODE_RECORDER_TIME] = "30s",  [NODE_RECORDER_FILES] = "8",
    [NODE_TRACK] = "app\n" APP,
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
    static const enum instance_key keys[] = {INSTANCE_INTERFACE, INSTANCE_VRID,
                                             INSTANCE_MULTICAST_GROUP, INSTANCE_MAC,
                                             INSTANCE_UNICAST_PEERS};
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

/* Both ends cannot change at one moment: what runs goes on, and takes the former one as well. */
static void what_nodes_must_agree_on_changes_in_place(void **state)
{
#define V3 "[instance web]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.10/24\n"
#define V2 V3 "version = 2\n"
    bool node_changed;

    (void)state;
    assert_int_equal(kind_after(V2, V2 "password = a\n", &node_changed), CONFIG_UPDATED);
    assert_int_equal(kind_after(V2 "password = a\n", V2 "password = b\n", &node_changed),
                     CONFIG_UPDATED);
    assert_int_equal(
        kind_after(V2 "password = 12345678\n", V2 "password = 123456789\n", &node_changed),
        CONFIG_UNCHANGED);
    assert_int_equal(kind_after(V2, V2 "password-file = /a\n", &node_changed), CONFIG_UPDATED);
    assert_int_equal(kind_after(V2 "password = a\n", V3, &node_changed), CONFIG_UPDATED);
#undef V2
#undef V3
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

static void checks_are_told_apart(void **state)
{
    static const struct config_check_change wanted[] = {{CONFIG_REMOVED, "gone"},
                                                        {CONFIG_UPDATED, "rarer"},
                                                        {CONFIG_REPLACED, "other"},
                                                        {CONFIG_ADDED, "new"}};
    struct config *before = parse("[check same]\ntype = link\ninterface = a\n"
                                  "[check gone]\ntype = link\ninterface = a\n"
                                  "[check rarer]\ntype = link\ninterface = a\n"
                                  "[check other]\ntype = link\ninterface = a\n");
    struct config *after = parse("[check same]\ntype = link\ninterface = a\n"
                                 "[check rarer]\ntype = link\ninterface = a\ninterval = 2s\n"
                                 "[check other]\ntype = link\ninterface = b\n"
                                 "[check new]\ntype = link\ninterface = a\n");
    struct config_diff diff;

    (void)state;
    assert_int_equal(config_diff(before, after, &diff), 0);
    assert_int_equal(diff.check_count, sizeof(wanted) / sizeof(wanted[0]));
    for (size_t i = 0; i < diff.check_count; i++) {
        assert_int_equal(diff.checks[i].kind, wanted[i].kind);
        assert_string_equal(diff.checks[i].name, wanted[i].name);
    }
    config_diff_free(&diff);
    config_free(before);
    config_free(after);
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

/* NAME, 51 and 192.0.2.10/24 are what the instances below have in common. */
#define INSTANCE(name, more)                                                                       \
    "[instance " name "]\ninterface = if-" name "\nvrid = 51\naddresses = 192.0.2.10/24\n" more

static void a_family_or_unicast_coming_or_going_restarts(void **state)
{
    static const char *const pairs[][2] = {
        {INSTANCE("a", ""), INSTANCE("a", "addresses = 2001:db8::1\n")},
        {"[instance a]\ninterface = if-a\nvrid = 51\naddresses = 2001:db8::1\n",
         INSTANCE("a", "addresses = 2001:db8::1\n")},
        {INSTANCE("a", ""), INSTANCE("a", "unicast-peers = 192.0.2.2\n")},
    };
    bool node_changed;

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        assert_int_equal(kind_after(pairs[i][0], pairs[i][1], &node_changed), CONFIG_REPLACED);
        assert_int_equal(kind_after(pairs[i][1], pairs[i][0], &node_changed), CONFIG_REPLACED);
    }
    /* One more of what is there is taken over in place. */
    assert_int_equal(kind_after(INSTANCE("a", "unicast-peers = 192.0.2.2\n"),
                                INSTANCE("a", "unicast-peers = 192.0.2.2 192.0.2.3\n"),
                                &node_changed),
                     CONFIG_UPDATED);
    assert_int_equal(kind_after(INSTANCE("a", "addresses = 2001:db8::1\n"),
                                INSTANCE("a", "addresses = 2001:db8::1 2001:db8::2\n"),
                                &node_changed),
                     CONFIG_UPDATED);
}

/* Another way of writing is no difference, and neither is another place in the file. */
static void what_is_written_otherwise_is_unchanged(void **state)
{
    bool node_changed;

    (void)state;
    assert_int_equal(kind_after(INSTANCE("a", "preempt = after 90s\nlease = 5s\n"),
                                "# moved\n\n" INSTANCE("a", "preempt = after 1.5m\n"),
                                &node_changed),
                     CONFIG_UNCHANGED);
}

/* What a compiler leaves behind a prefix, which nobody has written. */
static void scribble_behind(struct ip_prefix *prefix)
{
    size_t used = offsetof(struct ip_prefix, length) + sizeof(prefix->length);

    memset((char *)prefix + used, 0xa5, sizeof(*prefix) - used);
}

static void what_lies_between_fields_is_no_difference(void **state)
{
    static const char text[] = "[instance a]\ninterface = eth0\nvrid = 51\n"
                               "addresses = 192.0.2.10/24\n"
                               "routes = 198.51.100.0/24 via 192.0.2.254\n"
                               "rules = from 192.0.2.0/24 lookup 100 priority 100\n";
    struct config *before = parse(text);
    struct config *after = parse(text);
    struct config_diff diff;

    (void)state;
    scribble_behind(&after->instances[0].routes[0].to);
    scribble_behind(&after->instances[0].rules[0].from);
    assert_int_equal(config_diff(before, after, &diff), 0);
    assert_int_equal(diff.list[0].kind, CONFIG_UNCHANGED);
    config_diff_free(&diff);
    config_free(before);
    config_free(after);
}

static void an_inherited_lease_changes_who_inherits_it(void **state)
{
    bool node_changed;

    (void)state;
    assert_int_equal(kind_after("[node]\nlease = 5s\n" INSTANCE("a", ""),
                                "[node]\nlease = 9s\n" INSTANCE("a", ""), &node_changed),
                     CONFIG_UPDATED);
    assert_true(node_changed);
    assert_int_equal(kind_after("[node]\nlease = 5s\n" INSTANCE("a", "lease = 7s\n"),
                                "[node]\nlease = 9s\n" INSTANCE("a", "lease = 7s\n"),
                                &node_changed),
                     CONFIG_UNCHANGED);
}

static void the_keys_that_differ_are_named(void **state)
{
    struct config *before = parse("[node]\nrecorder = off\n" INSTANCE("a", "priority = 7\n"));
    struct config *after = parse(INSTANCE("a", "priority = 8\nversion = 2\n"));
    const struct config_section *section = config_schema_instance();
    size_t next = 0;

    (void)state;
    const struct config_key *key =
        config_diff_key(section, &before->instances[0], &after->instances[0], &next);
    assert_ptr_equal(key, &section->keys[INSTANCE_PRIORITY]);
    key = config_diff_key(section, &before->instances[0], &after->instances[0], &next);
    assert_ptr_equal(key, &section->keys[INSTANCE_VERSION]);
    assert_null(config_diff_key(section, &before->instances[0], &after->instances[0], &next));
    next = 0;
    key = config_diff_key(config_schema_node(), before, after, &next);
    assert_string_equal(key->name, "recorder");
    config_free(before);
    config_free(after);
}

/* What is held by the ones that go must be free when the others come. */
static void the_order_is_removed_replaced_and_the_rest(void **state)
{
    static const struct {
        enum config_change_kind kind;
        const char *name;
    } wanted[] = {
        {CONFIG_REMOVED, "gone"}, {CONFIG_REMOVED, "gone2"},  {CONFIG_REPLACED, "other"},
        {CONFIG_ADDED, "new"},    {CONFIG_UNCHANGED, "same"}, {CONFIG_UPDATED, "prio"},
    };
    struct config *before = parse(INSTANCE("gone", "") INSTANCE("same", "") INSTANCE("prio", "")
                                      INSTANCE("gone2", "") INSTANCE("other", ""));
    struct config *after = parse(INSTANCE("new", "") INSTANCE("same", "") INSTANCE(
        "prio", "priority = 7\n") INSTANCE("other", "mac = virtual\n"));
    struct config_diff diff;

    (void)state;
    assert_int_equal(config_diff(before, after, &diff), 0);
    assert_int_equal(diff.count, sizeof(wanted) / sizeof(wanted[0]));
    for (size_t i = 0; i < diff.count; i++) {
        const struct config_change *change = &diff.list[i];

        assert_int_equal(change->kind, wanted[i].kind);
        assert_ptr_equal(change->before, config_find_instance(before, wanted[i].name));
        assert_ptr_equal(change->after, config_find_instance(after, wanted[i].name));
    }
    assert_false(diff.node_changed);
    config_diff_free(&diff);
    config_free(before);
    config_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_of_an_instance_counts),
        cmocka_unit_test(what_makes_another_router_restarts_it),
        cmocka_unit_test(what_nodes_must_agree_on_changes_in_place),
        cmocka_unit_test(every_key_of_the_node_counts),
        cmocka_unit_test(checks_are_told_apart),
        cmocka_unit_test(added_and_removed),
        cmocka_unit_test(a_family_or_unicast_coming_or_going_restarts),
        cmocka_unit_test(what_is_written_otherwise_is_unchanged),
        cmocka_unit_test(what_lies_between_fields_is_no_difference),
        cmocka_unit_test(an_inherited_lease_changes_who_inherits_it),
        cmocka_unit_test(the_keys_that_differ_are_named),
        cmocka_unit_test(the_order_is_removed_replaced_and_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
