/* The control server with well-behaved clients: the socket file, answers piece by piece, following
 * the history, who may change something, and who has to go when all places are taken. */
#include "tests/unit/agent/control/control_bench.h"
#include "tests/unit/emulated.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    NOBODY = 65534,
    MANY_INSTANCES = 500,
    REPLY_SIZE = 4096,
    CHILD_CLIENTS = CONTROL_CLIENTS_MAX + 8,
};

#define GET_STATUS "{\"method\":\"io.vipd.GetStatus\"}"
#define RELOAD     "{\"method\":\"io.vipd.Reload\"}"

static size_t instances_in(const json_t *reply)
{
    return json_array_size(json_object_get(json_object_get(reply, "parameters"), "instances"));
}

static void a_status_has_every_instance(void **state)
{
    struct control_bench *bench = *state;
    int fd = bench_dial(bench);

    bench->instances = MANY_INSTANCES;
    bench_call(fd, GET_STATUS);
    json_t *reply = bench_hear(bench, fd);
    assert_int_equal(instances_in(reply), MANY_INSTANCES);
    json_t *instances = json_object_get(json_object_get(reply, "parameters"), "instances");
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(instances, MANY_INSTANCES - 1), "name")),
        "i499");
    bench_expect(reply, "node", "bench");

    bench_call(fd, "{\"method\":\"io.vipd.GetStatus\",\"parameters\":{\"instance\":\"i7\"}}");
    reply = bench_hear(bench, fd);
    assert_int_equal(instances_in(reply), 1);
    json_decref(reply);
    bench->instances = 0;
    bench_call(fd, GET_STATUS);
    reply = bench_hear(bench, fd);
    assert_int_equal(instances_in(reply), 0);
    json_decref(reply);
    bench_call(fd, "{\"method\":\"io.vipd.GetStatus\",\"parameters\":{\"instance\":\"i7\"}}");
    bench_expect(bench_hear(bench, fd), NULL, CONTROL_ERROR_NO_SUCH_INSTANCE);
    close(fd);
}

/* Several pieces are made in a turn of the loop, and leave in the same one. */
static void a_status_takes_few_turns(void **state)
{
    struct control_bench *bench = *state;
    int fd = bench_dial(bench);
    char away[REPLY_SIZE];
    unsigned turns = 0;

    if (emulated_without("speed: a turn has time for one piece"))
        skip();
    bench->instances = MANY_INSTANCES;
    bench_call(fd, GET_STATUS);
    while (bench->made < MANY_INSTANCES && turns < 2 * MANY_INSTANCES) {
        turns += bench_turn(bench);
        while (recv(fd, away, sizeof(away), MSG_DONTWAIT) > 0)
            continue;
    }
    assert_int_equal(bench->made, MANY_INSTANCES);
    assert_in_range(turns, 1, MANY_INSTANCES);
    close(fd);
}

/* A reload takes its time: others are served meanwhile, its client waits as long as it takes, and
 * asks nothing else before. */
static void a_reload_is_answered_later(void **state)
{
    struct control_bench *bench = *state;
    static const char calls[] = "{\"method\":\"io.vipd.Reload\",\"parameters\":{\"force\":true}}\0"
                                "{\"method\":\"org.varlink.service.GetInfo\"}";
    int fd = bench_dial(bench);
    int other = bench_dial(bench);

    bench->answers_later = true;
    assert_int_equal(bench_say(fd, calls, sizeof(calls)), sizeof(calls));
    bench_settle(bench);
    assert_int_equal(bench->reloads, 1);
    assert_true(bench->forced);
    bench_call(other, GET_STATUS);
    bench_expect(bench_hear(bench, other), "node", "bench");
    control_later_answer(bench->later, control_error_reload_text("made-up problem"));
    bench_expect(bench_hear(bench, fd), NULL, CONTROL_ERROR_RELOAD_FAILED);
    bench_expect(bench_hear(bench, fd), "product", "vipd");
    close(fd);
    close(other);
    bench_settle(bench);
    assert_int_equal(control_server_clients(bench->server), 0);
}

/* Interfaces and programs have taken all descriptors: people are served from a reserve. */
static void there_is_a_reserve_of_descriptors(void **state)
{
    enum { TAKEN_MAX = 256 };
    struct control_bench *bench = *state;
    struct rlimit before;
    int taken[TAKEN_MAX];
    int clients[3];
    size_t count = 0;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (size_t i = 0; i < 3; i++)
        clients[i] = bench_dial(bench);
    struct rlimit low = {.rlim_cur = (rlim_t)clients[2] + 1, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    while (count < TAKEN_MAX && (taken[count] = dup(clients[0])) >= 0)
        count++;
    for (size_t i = 0; i < 3; i++) {
        bench_call(clients[i], GET_STATUS);
        bench_expect(bench_hear(bench, clients[i]), "node", "bench");
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    while (count > 0)
        close(taken[--count]);
    for (size_t i = 0; i < 3; i++)
        close(clients[i]);
    bench_settle(bench);
}

static void who_has_gone_is_not_answered(void **state)
{
    struct control_bench *bench = *state;
    int fd = bench_dial(bench);

    bench->answers_later = true;
    bench_call(fd, RELOAD);
    bench_settle(bench);
    assert_int_equal(bench->reloads, 1);
    control_server_close(bench->server);
    bench->server = NULL;
    control_later_answer(bench->later, control_error_reload_text("made-up problem"));
    close(fd);
}

static void calls_in_one_piece_are_answered_in_order(void **state)
{
    struct control_bench *bench = *state;
    static const char calls[] = "{\"method\":\"org.varlink.service.GetInfo\"}\0"
                                "{\"method\":\"io.vipd.Nothing\"}\0" RELOAD "\0" GET_STATUS;
    int fd = bench_dial(bench);

    assert_int_equal(bench_say(fd, calls, sizeof(calls)), sizeof(calls));
    bench_expect(bench_hear(bench, fd), "product", "vipd");
    bench_expect(bench_hear(bench, fd), NULL, CONTROL_ERROR_METHOD_NOT_FOUND);
    bench_expect(bench_hear(bench, fd), NULL, CONTROL_ERROR_RELOAD_FAILED);
    bench_expect(bench_hear(bench, fd), "node", "bench");
    assert_int_equal(bench->reloads, 1);
    close(fd);
    bench_settle(bench);
    assert_int_equal(control_server_clients(bench->server), 0);
}

static void a_call_may_come_octet_by_octet(void **state)
{
    struct control_bench *bench = *state;
    static const char call[] = GET_STATUS;
    int fd = bench_dial(bench);

    for (size_t i = 0; i < sizeof(call); i++) {
        assert_int_equal(bench->made, 0);
        assert_int_equal(bench_say(fd, call + i, 1), 1);
        bench_settle(bench);
    }
    bench_expect(bench_hear(bench, fd), "node", "bench");
    close(fd);
}

static void who_has_said_all_still_gets_the_answer(void **state)
{
    struct control_bench *bench = *state;
    int fd = bench_dial(bench);

    bench->instances = MANY_INSTANCES;
    bench_call(fd, GET_STATUS);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    json_t *reply = bench_hear(bench, fd);
    assert_int_equal(instances_in(reply), MANY_INSTANCES);
    json_decref(reply);
    assert_true(bench_closes(bench, fd));
    close(fd);
}

static void a_oneway_call_is_done_and_not_answered(void **state)
{
    struct control_bench *bench = *state;
    int fd = bench_dial(bench);

    bench_call(fd, "{\"method\":\"io.vipd.Reload\",\"oneway\":true}");
    bench_call(fd, "{\"method\":\"io.vipd.Nothing\",\"oneway\":true}");
    bench_call(fd, "{\"method\":\"io.vipd.Drain\",\"parameters\":{\"all\":true},"
                   "\"oneway\":true}");
    bench_call(fd, GET_STATUS);
    bench_expect(bench_hear(bench, fd), "node", "bench");
    assert_int_equal(bench->reloads, 1);
    assert_int_equal(bench->handovers, 1);
    bench_call(fd, "{\"method\":\"io.vipd.Take\",\"parameters\":{\"instance\":\"i1\"}}");
    bench_expect(bench_hear(bench, fd), "for", "i1");
    assert_int_equal(bench->handovers, 2);
    close(fd);
}

static void add_history(struct control_bench *bench, const char *instance, uint64_t at_ns)
{
    struct history_entry entry = {.at_ns = at_ns, .transition = {.to = VRRP_MASTER}};

    snprintf(entry.instance, sizeof(entry.instance), "%s", instance);
    history_add(bench->history, &entry);
    control_server_publish_history(bench->server);
}

static json_t *only_entry(const json_t *reply)
{
    json_t *entries = json_object_get(json_object_get(reply, "parameters"), "entries");

    assert_int_equal(json_array_size(entries), 1);
    return json_array_get(entries, 0);
}

static void followers_hear_what_happens(void **state)
{
    struct control_bench *bench = *state;
    int fd = bench_dial(bench);

    add_history(bench, "i0", NS_PER_SEC);
    add_history(bench, "i1", 2 * NS_PER_SEC);
    bench_call(fd, "{\"method\":\"io.vipd.GetHistory\",\"parameters\":{\"instance\":\"i1\"},"
                   "\"more\":true}");
    json_t *reply = bench_hear(bench, fd);
    assert_true(json_is_true(json_object_get(reply, "continues")));
    assert_string_equal(json_string_value(json_object_get(only_entry(reply), "instance")), "i1");
    json_decref(reply);
    bench_settle(bench);
    add_history(bench, "i0", 3 * NS_PER_SEC);
    add_history(bench, "i1", 4 * NS_PER_SEC);
    reply = bench_hear(bench, fd);
    assert_string_equal(json_string_value(json_object_get(only_entry(reply), "at")),
                        "1970-01-01T00:00:04.000Z");
    json_decref(reply);
    /* A reader the ring has overtaken learns how much it lost. */
    bench_settle(bench);
    for (uint64_t i = 0; i < HISTORY_ENTRIES_MAX + 7; i++)
        add_history(bench, "i1", i);
    reply = bench_hear(bench, fd);
    json_t *missed = json_object_get(json_object_get(reply, "parameters"), "missed");
    assert_int_equal(json_integer_value(missed), 7);
    json_decref(reply);
    close(fd);
    bench_settle(bench);
    assert_int_equal(control_server_clients(bench->server), 0);
}

static void the_past_comes_in_one_answer(void **state)
{
    struct control_bench *bench = *state;
    int fd = bench_dial(bench);

    for (uint64_t i = 0; i < 5; i++)
        add_history(bench, "i0", i * NS_PER_SEC);
    bench_call(fd, "{\"method\":\"io.vipd.GetHistory\",\"parameters\":{\"limit\":2}}");
    json_t *reply = bench_hear(bench, fd);
    json_t *entries = json_object_get(json_object_get(reply, "parameters"), "entries");
    assert_int_equal(json_array_size(entries), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(entries, 1), "at")),
                        "1970-01-01T00:00:04.000Z");
    json_decref(reply);
    close(fd);
}

static void at_most_so_many_and_the_idle_go_first(void **state)
{
    struct control_bench *bench = *state;
    int fds[CONTROL_CLIENTS_MAX + 2];

    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        fds[i] = bench_dial(bench);
    bench_call(fds[0], "{\"method\":\"io.vipd.GetHistory\",\"more\":true}");
    bench_settle(bench);
    assert_int_equal(control_server_clients(bench->server), CONTROL_CLIENTS_MAX);
    for (size_t i = CONTROL_CLIENTS_MAX; i < CONTROL_CLIENTS_MAX + 2; i++)
        fds[i] = bench_dial(bench);
    bench_settle(bench);
    assert_int_equal(control_server_clients(bench->server), CONTROL_CLIENTS_MAX);
    /* The oldest of all is busy and stays; the two oldest idle ones made room. */
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX + 2; i++)
        assert_int_equal(bench_closes(bench, fds[i]), i == 1 || i == 2);
    bench_call(fds[CONTROL_CLIENTS_MAX + 1], GET_STATUS);
    bench_expect(bench_hear(bench, fds[CONTROL_CLIENTS_MAX + 1]), "node", "bench");
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX + 2; i++)
        close(fds[i]);
    bench_settle(bench);
    assert_int_equal(control_server_clients(bench->server), 0);
}

/* In a process of its own: asks, and waits for the answer with that text in it. */
static bool ask_blocking(const struct control_bench *bench, const char *call, const char *answer)
{
    char reply[REPLY_SIZE] = "";
    size_t used = 0;
    ssize_t got = 1;
    int fd = bench_dial(bench);

    fcntl(fd, F_SETFL, 0);
    bench_call(fd, call);
    while (got > 0 && used < sizeof(reply) - 1 &&
           (used == 0 || memchr(reply, '\0', used) == NULL)) {
        got = recv(fd, reply + used, sizeof(reply) - 1 - used, 0);
        used += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    return strstr(reply, answer) != NULL;
}

static int read_but_not_change(const struct control_bench *bench)
{
    if (!ask_blocking(bench, GET_STATUS, "\"node\":\"bench\""))
        return 1;
    if (!ask_blocking(bench, RELOAD, CONTROL_ERROR_NOT_PERMITTED))
        return 2;
    return 0;
}

static void others_may_read_but_not_change(void **state)
{
    struct control_bench *bench = *state;

    if (geteuid() != 0)
        skip();
    assert_int_equal(bench_join(bench, bench_fork(bench, NOBODY, read_but_not_change)), 0);
    assert_int_equal(bench->reloads, 0);
}

static int take_all_places(const struct control_bench *bench)
{
    for (size_t i = 0; i < CHILD_CLIENTS; i++)
        (void)bench_dial(bench);
    return ask_blocking(bench, GET_STATUS, "\"node\":\"bench\"") ? 0 : 1;
}

static void nobody_locks_the_administrator_out(void **state)
{
    struct control_bench *bench = *state;

    if (geteuid() != 0)
        skip();
    int ours = bench_dial(bench);
    bench_settle(bench);
    assert_int_equal(bench_join(bench, bench_fork(bench, NOBODY, take_all_places)), 0);
    /* The oldest and idle, but of a user with one client only. */
    bench_call(ours, GET_STATUS);
    bench_expect(bench_hear(bench, ours), "node", "bench");
    close(ours);
}

static int open_another(const struct control_bench *bench, struct control_server **out)
{
    const struct control_handlers none = {.history = bench->history};

    return control_server_open(bench->event, BENCH_PRIORITY, bench->path, &none, out);
}

static void the_path_is_taken_only_from_the_dead(void **state)
{
    struct control_bench *bench = *state;
    struct control_server *other = NULL;
    struct stat st;

    assert_int_equal(open_another(bench, &other), -EADDRINUSE);
    bench_settle(bench);
    control_server_close(bench->server);
    bench->server = NULL;
    assert_int_equal(stat(bench->path, &st), -1);

    struct sockaddr_un stale = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(stale.sun_path, bench->path, strlen(bench->path) + 1);
    assert_int_equal(bind(fd, (const struct sockaddr *)&stale, sizeof(stale)), 0);
    close(fd);
    assert_int_equal(open_another(bench, &other), 0);

    /* What is somebody else's by now is not removed, and not taken. */
    assert_int_equal(unlink(bench->path), 0);
    fd = open(bench->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    control_server_close(other);
    assert_int_equal(stat(bench->path, &st), 0);
    assert_int_equal(open_another(bench, &other), -EEXIST);
    assert_true(S_ISREG(st.st_mode));
}

#define bench_test(f) cmocka_unit_test_setup_teardown(f, bench_open, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(a_status_has_every_instance),
        bench_test(a_status_takes_few_turns),
        bench_test(a_reload_is_answered_later),
        bench_test(who_has_gone_is_not_answered),
        bench_test(there_is_a_reserve_of_descriptors),
        bench_test(calls_in_one_piece_are_answered_in_order),
        bench_test(a_call_may_come_octet_by_octet),
        bench_test(who_has_said_all_still_gets_the_answer),
        bench_test(a_oneway_call_is_done_and_not_answered),
        bench_test(followers_hear_what_happens),
        bench_test(the_past_comes_in_one_answer),
        bench_test(at_most_so_many_and_the_idle_go_first),
        bench_test(others_may_read_but_not_change),
        bench_test(nobody_locks_the_administrator_out),
        bench_test(the_path_is_taken_only_from_the_dead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
