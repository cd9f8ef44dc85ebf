/* The users of hooks are asked for when a configuration is read, never when a hook is run: the
 * name service here is one that counts. */
#include "agent/base/source.h"
#include "agent/publish/hooks.h"
#include "agent/publish/hooks_check.h"
#include "tests/unit/lib/config/config_text.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <errno.h>
#include <pwd.h>

enum { RUNS = 3, LIMIT_US = 10 * 1000 * 1000 };

#define WEB(user)                                                                                  \
    "[instance web]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.10/24\nhook-user = " user "\n"
#define DB(user)                                                                                   \
    "[instance db]\ninterface = eth0\nvrid = 52\naddresses = 192.0.2.11/24\nhook-user = " user "\n"
#define ON_CHANGE "on-change = /bin/sh -c \"id -u >> %s\"\n"

static unsigned lookups;

/* Instead of the C library's. Everybody is ourselves, so that no privilege is needed. */
int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
               struct passwd **found)
{
    (void)buffer;
    (void)size;
    lookups++;
    *found = NULL;
    if (strcmp(name, "unknown") == 0)
        return 0;
    if (strcmp(name, "unreachable") == 0)
        return EIO;
    *entry = (struct passwd){.pw_uid = geteuid(), .pw_gid = getegid()};
    *found = entry;
    return 0;
}

/* A configuration that is to be right, but for its users. */
static struct config_box *read_text(const char *text, struct config_problems *problems)
{
    struct config *config = parse_text(text, problems);

    assert_non_null(config);
    return config_box_new(config);
}

static struct config_box *checked(const char *text, const struct config_box *before)
{
    struct config_problems problems;
    struct config_box *box = read_text(text, &problems);

    assert_true(hooks_check(box, before, &problems));
    assert_int_equal(problems.count, 0);
    config_problems_free(&problems);
    return box;
}

static int reset(void **state)
{
    (void)state;
    lookups = 0;
    return 0;
}

static void leave(void *userdata)
{
    (void)source_exit(userdata, 0);
}

static int too_late(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    (void)userdata;
    fail_msg("the hooks are not over");
    return -ETIME;
}

/* One change of state, until its hook is over. */
static void run_hook(struct config_box *box)
{
    const struct hook_event change = {
        .box = box,
        .config = &box->config->instances[0],
        .transition = {.from = VRRP_BACKUP, .to = VRRP_MASTER, .reason = REASON_NO_RESPONSE},
    };
    sd_event *event;
    struct hooks *hooks;

    assert_true(sd_event_new(&event) >= 0);
    assert_true(hooks_open(event, NULL, leave, event, &hooks) >= 0);
    assert_true(
        source_add_time_relative(event, NULL, CLOCK_MONOTONIC, LIMIT_US, 0, too_late, NULL) >= 0);
    hooks_transition(hooks, &change);
    assert_int_equal(sd_event_loop(event), 0);
    hooks_close(hooks);
    sd_event_unref(event);
}

static unsigned lines_of(const char *path)
{
    FILE *file = fopen(path, "re");
    unsigned lines = 0;

    assert_non_null(file);
    for (int c; (c = fgetc(file)) != EOF;)
        lines += c == '\n' ? 1 : 0;
    fclose(file);
    return lines;
}

static void hooks_look_nobody_up(void **state)
{
    char path[] = "/tmp/vipd-hook-users-XXXXXX";
    char text[512];
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    snprintf(text, sizeof(text), WEB("me") ON_CHANGE, path);
    struct config_box *box = checked(text, NULL);
    assert_int_equal(lookups, 1);
    for (unsigned i = 0; i < RUNS; i++)
        run_hook(box);
    assert_int_equal(lookups, 1);
    assert_int_equal(lines_of(path), RUNS);
    unlink(path);
    config_box_unref(box);
}

static void a_user_that_was_not_looked_up_runs_nothing(void **state)
{
    char path[] = "/tmp/vipd-hook-users-XXXXXX";
    char text[512];
    struct config_problems problems;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    snprintf(text, sizeof(text), WEB("me") ON_CHANGE, path);
    struct config_box *box = read_text(text, &problems);
    config_problems_free(&problems);
    run_hook(box);
    assert_int_equal(lines_of(path), 0);
    unlink(path);
    config_box_unref(box);
}

static void each_is_looked_up_once(void **state)
{
    (void)state;
    struct config_box *box = checked(WEB("me") DB("me"), NULL);
    assert_int_equal(lookups, 1);
    config_box_unref(box);
    box = checked(
        "[node]\nhook-user = me\n"
        "[instance web]\ninterface = eth0\nvrid = 51\naddresses = 192.0.2.10/24\n" DB("you"),
        NULL);
    assert_int_equal(lookups, 3);
    config_box_unref(box);
}

static void a_reload_looks_up_only_who_is_new(void **state)
{
    (void)state;
    struct config_box *first = checked(WEB("me"), NULL);
    struct config_box *second = checked(WEB("me") DB("you"), first);
    assert_int_equal(lookups, 2);
    const struct account *user = hook_users_find(second->hook_users, "me");
    assert_non_null(user);
    assert_memory_equal(user, hook_users_find(first->hook_users, "me"), sizeof(*user));
    config_box_unref(first);
    struct config_box *third = checked(DB("me"), second);
    config_box_unref(second);
    assert_int_equal(lookups, 2);
    assert_int_equal(hook_users_find(third->hook_users, "me")->uid, geteuid());
    assert_null(hook_users_find(third->hook_users, "you"));
    config_box_unref(third);
}

static void who_cannot_be_found_is_refused(void **state)
{
    static const struct {
        const char *text;
        const char *problem;
    } cases[] = {
        {WEB("unknown"), "found 'unknown', expected an existing user"},
        {WEB("unreachable"), "found 'unreachable', expected an existing user: Input/output error"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_problems problems;
        struct config_box *box = read_text(cases[i].text, &problems);

        assert_false(hooks_check(box, NULL, &problems));
        assert_int_equal(problems.count, 1);
        assert_string_equal(problems.list[0].key, "hook-user");
        assert_string_equal(problems.list[0].text, cases[i].problem);
        config_problems_free(&problems);
        config_box_unref(box);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(hooks_look_nobody_up, reset),
        cmocka_unit_test_setup(a_user_that_was_not_looked_up_runs_nothing, reset),
        cmocka_unit_test_setup(each_is_looked_up_once, reset),
        cmocka_unit_test_setup(a_reload_looks_up_only_who_is_new, reset),
        cmocka_unit_test_setup(who_cannot_be_found_is_refused, reset),
    };
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
