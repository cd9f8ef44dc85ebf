/* The control server's test bench; see control_bench.h. */
#include "tests/unit/agent/control/control_bench.h"

#include "lib/control/status_pack.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    REPLY_BYTES_MAX = 1024 * 1024,
    JOIN_MS = 20000,
    PAUSE_US = 100 * 1000,
    FAILED_TO_BECOME = 99,
};

static void note_piece(const struct control_bench *bench)
{
    if (bench->piece != NULL)
        bench->piece();
}

static json_t *on_node(void *userdata)
{
    const struct status_node node = {.node = "bench", .software = "0"};

    note_piece(userdata);
    return control_status_to_json(&node);
}

struct made {
    struct status_instance status;
    char name[NAME_SIZE];
    char *padding;
};

/* False: there is none. padding is the caller's to free. */
static bool make(struct control_bench *bench, size_t index, struct made *made)
{
    if (index >= bench->instances)
        return false;
    note_piece(bench);
    bench->made++;
    snprintf(made->name, sizeof(made->name), "i%zu", index);
    made->padding = calloc(1, bench->padding + 1);
    assert_non_null(made->padding);
    memset(made->padding, 'x', bench->padding);
    made->status = (struct status_instance){
        .name = made->name, .interface = "eth0", .priority_text = made->padding};
    return true;
}

static json_t *on_instance(void *userdata, size_t index)
{
    struct control_bench *bench = userdata;
    struct made made;

    if (!make(bench, index, &made))
        return NULL;
    bench->written++;
    json_t *json = control_instance_to_json(&made.status);
    free(made.padding);
    return json;
}

static size_t on_pack(void *userdata, size_t index, void *room, size_t size)
{
    struct made made;

    if (!make(userdata, index, &made))
        return 0;
    size_t used = control_instance_pack(&made.status, room, size);
    free(made.padding);
    return used;
}

static size_t on_count(void *userdata)
{
    const struct control_bench *bench = userdata;

    return bench->instances;
}

static uint64_t on_generation(void *userdata)
{
    const struct control_bench *bench = userdata;

    return bench->generation;
}

static bool on_find(void *userdata, const char *name, size_t *index)
{
    const struct control_bench *bench = userdata;

    *index = (size_t)strtoul(name + (name[0] == 'i'), NULL, 10);
    return name[0] == 'i' && *index < bench->instances;
}

static void on_reload(void *userdata, const struct control_request *request,
                      struct control_later *later)
{
    struct control_bench *bench = userdata;

    note_piece(bench);
    bench->reloads++;
    bench->forced = request->force;
    if (bench->answers_later)
        bench->later = later;
    else
        control_later_answer(later, control_error_reload_text("made-up problem"));
}

static json_t *on_handover(void *userdata, const struct control_request *request)
{
    struct control_bench *bench = userdata;

    bench->handovers++;
    return control_reply(json_pack("{s:s}", "for", request->has_name ? request->name : "all"),
                         false);
}

int bench_open(void **state)
{
    struct control_bench *bench = calloc(1, sizeof(*bench));

    assert_non_null(bench);
    strcpy(bench->directory, "/tmp/vipd-control-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    /* Other users have to get at the socket. */
    assert_int_equal(chmod(bench->directory, 0711), 0);
    snprintf(bench->path, sizeof(bench->path), "%s/c", bench->directory);
    bench->instances = 2;
    assert_int_equal(history_open(&bench->history), 0);
    assert_true(sd_event_new(&bench->event) >= 0);
    const struct control_handlers handlers = {.node = on_node,
                                              .instance = on_instance,
                                              .pack = on_pack,
                                              .count = on_count,
                                              .generation = on_generation,
                                              .find = on_find,
                                              .reload = on_reload,
                                              .handover = on_handover,
                                              .userdata = bench,
                                              .history = bench->history};
    assert_int_equal(
        control_server_open(bench->event, BENCH_PRIORITY, bench->path, &handlers, &bench->server),
        0);
    *state = bench;
    return 0;
}

int bench_close(void **state)
{
    struct control_bench *bench = *state;

    control_server_close(bench->server);
    sd_event_unref(bench->event);
    history_close(bench->history);
    unlink(bench->path);
    rmdir(bench->directory);
    free(bench);
    return 0;
}

bool bench_turn(struct control_bench *bench)
{
    int rc;

    /* Slow machines have it pause within what is one piece elsewhere. */
    do {
        bool pauses = bench->server != NULL && control_server_pauses(bench->server);

        rc = sd_event_run(bench->event, pauses ? PAUSE_US : 0);
        assert_true(rc >= 0);
        if (rc == 0 && !pauses)
            break;
    } while (rc == 0);
    return rc > 0;
}

unsigned bench_settle(struct control_bench *bench)
{
    unsigned turns = 0;

    while (bench_turn(bench))
        if (++turns > BENCH_TURNS_MAX)
            fail_msg("the server does not come to rest");
    return turns;
}

int bench_dial(const struct control_bench *bench)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    memcpy(to.sun_path, bench->path, strlen(bench->path) + 1);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

size_t bench_say(int fd, const void *octets, size_t size)
{
    ssize_t sent = send(fd, octets, size, MSG_NOSIGNAL | MSG_DONTWAIT);

    return sent > 0 ? (size_t)sent : 0;
}

void bench_call(int fd, const char *text)
{
    assert_int_equal(bench_say(fd, text, strlen(text) + 1), strlen(text) + 1);
}

/* Octets up to the next NUL, exactly: what follows stays in the socket. */
static char *receive_message(struct control_bench *bench, int fd)
{
    char *text = malloc(REPLY_BYTES_MAX);
    size_t used = 0;
    unsigned turns = 0;

    assert_non_null(text);
    for (;;) {
        ssize_t got = recv(fd, text + used, REPLY_BYTES_MAX - used, MSG_PEEK | MSG_DONTWAIT);
        const char *end = got > 0 ? memchr(text + used, '\0', (size_t)got) : NULL;
        if (end != NULL)
            got = end - (text + used) + 1;
        if (got > 0)
            got = recv(fd, text + used, (size_t)got, MSG_DONTWAIT);
        used += got > 0 ? (size_t)got : 0;
        if (end != NULL)
            return text;
        bench_turn(bench);
        if (got == 0 || used == REPLY_BYTES_MAX || ++turns > BENCH_TURNS_MAX)
            fail_msg("no answer after %u turns and %zu octets", turns, used);
    }
}

json_t *bench_hear(struct control_bench *bench, int fd)
{
    char *text = receive_message(bench, fd);
    json_t *message = json_loads(text, 0, NULL);

    if (!json_is_object(message))
        fail_msg("not a message: %s", text);
    free(text);
    return message;
}

bool bench_closes(struct control_bench *bench, int fd)
{
    char octets[4096];

    for (unsigned turns = 0; turns < BENCH_TURNS_MAX; turns++) {
        ssize_t got = recv(fd, octets, sizeof(octets), MSG_DONTWAIT);

        if (got == 0 || (got < 0 && errno == ECONNRESET))
            return true;
        if (!bench_turn(bench) && got < 0)
            return false;
    }
    return false;
}

void bench_expect(json_t *message, const char *key, const char *text)
{
    const json_t *value = key == NULL
                              ? json_object_get(message, "error")
                              : json_object_get(json_object_get(message, "parameters"), key);

    assert_true(json_is_string(value));
    assert_string_equal(json_string_value(value), text);
    json_decref(message);
}

pid_t bench_fork(const struct control_bench *bench, uid_t uid,
                 int (*act)(const struct control_bench *bench))
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child > 0)
        return child;
    if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
        _exit(FAILED_TO_BECOME);
    _exit(act(bench));
}

int bench_join(struct control_bench *bench, pid_t child)
{
    int status;

    for (int ms = 0; ms < JOIN_MS; ms++) {
        while (bench_turn(bench))
            ;
        if (waitpid(child, &status, WNOHANG) == child)
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        poll(NULL, 0, 1);
    }
    return -1;
}
