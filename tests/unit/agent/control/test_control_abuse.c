/* The control server with hostile clients: nonsense, too much, half of it, silence, never reading,
 * and floods, which must neither hold up what is more important nor other clients. */
#include "agent/base/source.h"
#include "agent/control/press.h"
#include "tests/unit/agent/control/control_bench.h"
#include "tests/unit/emulated.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    FLOODERS = 31,
    FLOOD_PIECES = 1500,
    /* Clients take turns: one asks once while every flooder may have some pieces of its own done.
     */
    POLITE_TURNS_MAX = 20 * (FLOODERS + 1),
    LIVELY_EVERY_MS = 200,
    PIECES_PER_TURN = 8,
    PADDING = 512 * 1024,
    /* What may be made for a client that does not read: the queue, one piece, and the kernel's
     * buffer, whatever its size here. */
    UNREAD_BYTES_MAX = 4 * 1024 * 1024,
};

#define GET_STATUS "{\"method\":\"io.vipd.GetStatus\"}"

static void still_serves(struct control_bench *bench)
{
    int fd = bench_dial(bench);

    bench_call(fd, GET_STATUS);
    bench_expect(bench_hear(bench, fd), "node", "bench");
    close(fd);
}

static void nonsense_is_dropped_at_once(void **state)
{
    struct control_bench *bench = *state;
    static const char *const texts[] = {
        "", "x", "GET / HTTP/1.1\r\n\r\n", "{}", "[]", "{\"method\":7}", GET_STATUS "}", "\xff\xfe",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int fd = bench_dial(bench);

        bench_call(fd, texts[i]);
        if (!bench_closes(bench, fd))
            fail_msg("kept after saying: %s", texts[i]);
        close(fd);
    }
    assert_int_equal(control_server_clients(bench->server), 0);
    still_serves(bench);
}

static void deep_nesting_does_no_harm(void **state)
{
    struct control_bench *bench = *state;
    char *text = malloc(CONTROL_MESSAGE_BYTES_MAX);
    int fd = bench_dial(bench);

    assert_non_null(text);
    memset(text, '[', CONTROL_MESSAGE_BYTES_MAX);
    text[CONTROL_MESSAGE_BYTES_MAX - 1] = '\0';
    assert_int_equal(bench_say(fd, text, CONTROL_MESSAGE_BYTES_MAX), CONTROL_MESSAGE_BYTES_MAX);
    assert_true(bench_closes(bench, fd));
    free(text);
    close(fd);
    still_serves(bench);
}

/* The longest message is taken, one octet more is not; spaces around JSON do not matter. */
static void the_length_of_a_message_is_bounded(void **state)
{
    struct control_bench *bench = *state;
    char *text = malloc(CONTROL_MESSAGE_BYTES_MAX + 1);
    int longest = bench_dial(bench);
    int longer = bench_dial(bench);

    assert_non_null(text);
    memset(text, ' ', CONTROL_MESSAGE_BYTES_MAX + 1);
    memcpy(text, GET_STATUS, strlen(GET_STATUS));
    text[CONTROL_MESSAGE_BYTES_MAX - 1] = '\0';
    assert_int_equal(bench_say(longest, text, CONTROL_MESSAGE_BYTES_MAX),
                     CONTROL_MESSAGE_BYTES_MAX);
    bench_expect(bench_hear(bench, longest), "node", "bench");
    text[CONTROL_MESSAGE_BYTES_MAX - 1] = ' ';
    text[CONTROL_MESSAGE_BYTES_MAX] = '\0';
    assert_int_equal(bench_say(longer, text, CONTROL_MESSAGE_BYTES_MAX + 1),
                     CONTROL_MESSAGE_BYTES_MAX + 1);
    assert_true(bench_closes(bench, longer));
    free(text);
    close(longest);
    close(longer);
}

static void who_leaves_in_the_middle_is_forgotten(void **state)
{
    struct control_bench *bench = *state;

    bench->instances = SIZE_MAX;
    for (int i = 0; i < 3; i++) {
        int fd = bench_dial(bench);

        if (i == 1)
            assert_int_equal(bench_say(fd, GET_STATUS, 5), 5);
        if (i == 2)
            bench_call(fd, GET_STATUS);
        for (int turn = 0; turn < 10; turn++)
            bench_turn(bench);
        close(fd);
        bench_settle(bench);
        assert_int_equal(control_server_clients(bench->server), 0);
    }
}

/* A long answer to somebody who does not read: it is made only as far as it fits. */
static void what_nobody_reads_is_not_made(void **state)
{
    struct control_bench *bench = *state;
    int fd = bench_dial(bench);

    bench->instances = PRESS_FEW;
    bench->padding = PADDING;
    bench_call(fd, GET_STATUS);
    bench_settle(bench);
    assert_true(bench->made > 0);
    assert_true(bench->made * (size_t)PADDING < UNREAD_BYTES_MAX);
    close(fd);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The stuck go when their time is up, also the one that sends an octet now and then. Who asks now
 * and then stays, and so does who follows the history in silence. */
static void the_stuck_are_dropped_in_the_end(void **state)
{
    struct control_bench *bench = *state;
    enum { SILENT, HALF, TRICKLING, DEAF, STUCK, LIVELY = STUCK, FOLLOWER, CLIENTS };
    int fds[CLIENTS];
    int64_t began = now_ms();
    unsigned answers = 0;

    bench->instances = 3;
    bench->padding = 512 * 1024;
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = bench_dial(bench);
    assert_int_equal(bench_say(fds[HALF], GET_STATUS, 9), 9);
    bench_call(fds[DEAF], GET_STATUS);
    bench_call(fds[FOLLOWER], "{\"method\":\"io.vipd.GetHistory\",\"more\":true}");
    bench_settle(bench);
    bench->padding = 0;
    int64_t until = now_ms() + 3 * (int64_t)CONTROL_SILENCE_MS_MAX;
    while (control_server_clients(bench->server) > CLIENTS - STUCK && now_ms() < until) {
        (void)bench_say(fds[TRICKLING], "{", 1);
        bench_call(fds[LIVELY], GET_STATUS);
        bench_expect(bench_hear(bench, fds[LIVELY]), "node", "bench");
        answers++;
        poll(NULL, 0, LIVELY_EVERY_MS);
        bench_settle(bench);
    }
    assert_int_equal(control_server_clients(bench->server), CLIENTS - STUCK);
    /* They had their time, and others theirs meanwhile. */
    assert_true(now_ms() - began >= CONTROL_SILENCE_MS_MAX);
    assert_true(answers > 1);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(bench_closes(bench, fds[i]), i < STUCK);
        close(fds[i]);
    }
}

/* What is more important: a timer that each piece of control work makes due. */
static sd_event_source *urgent;
static unsigned urgent_owed; /* since that turn; 0: it is not */
static unsigned urgent_late;
static unsigned pieces;
static unsigned turn;

static int on_urgent(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    (void)userdata;
    urgent_owed = 0;
    return 0;
}

static void on_piece(void)
{
    pieces++;
    /* What a turn has begun it may end. */
    urgent_late += urgent_owed != 0 && urgent_owed != turn;
    urgent_owed = turn;
    (void)source_set_time(urgent, 0);
    (void)source_set_enabled(urgent, SD_EVENT_ONESHOT);
}

/* As many calls as the socket takes, and away with what comes back. */
static void flood(const int *fds)
{
    static const char calls[] = GET_STATUS "\0" GET_STATUS "\0" GET_STATUS "\0" GET_STATUS;
    char away[4096];

    for (int i = 0; i < FLOODERS; i++) {
        (void)bench_say(fds[i], calls, sizeof(calls));
        while (recv(fds[i], away, sizeof(away), MSG_DONTWAIT) > 0)
            ;
    }
}

static void start_flood(struct control_bench *bench, int *fds)
{
    pieces = urgent_late = urgent_owed = 0;
    turn = 1;
    assert_true(source_add_time(bench->event, &urgent, CLOCK_MONOTONIC, 0, 1, on_urgent, NULL) >=
                0);
    assert_true(sd_event_source_set_priority(urgent, BENCH_PRIORITY - 1) >= 0);
    bench->piece = on_piece;
    for (int i = 0; i < FLOODERS; i++)
        fds[i] = bench_dial(bench);
}

static void end_flood(const int *fds)
{
    for (int i = 0; i < FLOODERS; i++)
        close(fds[i]);
    urgent = sd_event_source_disable_unref(urgent);
}

static void a_flood_never_comes_before_a_deadline(void **state)
{
    struct control_bench *bench = *state;
    int fds[FLOODERS];
    unsigned turns = 0;
    unsigned most = 0;

    start_flood(bench, fds);
    while (pieces < FLOOD_PIECES && ++turns < BENCH_TURNS_MAX) {
        unsigned before = pieces;

        flood(fds);
        turn++;
        bench_turn(bench);
        most = pieces - before > most ? pieces - before : most;
    }
    assert_true(pieces >= FLOOD_PIECES);
    assert_in_range(most, 1, PIECES_PER_TURN);
    assert_int_equal(urgent_late, 0);
    end_flood(fds);
}

static void a_flood_leaves_others_their_turn(void **state)
{
    struct control_bench *bench = *state;
    int fds[FLOODERS];
    char octet;

    start_flood(bench, fds);
    for (int i = 0; i < BENCH_TURNS_MAX && pieces < FLOOD_PIECES; i++) {
        flood(fds);
        bench_turn(bench);
    }
    int polite = bench_dial(bench);
    bench_call(polite, GET_STATUS);
    unsigned turns = 0;
    while (recv(polite, &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && turns < POLITE_TURNS_MAX) {
        flood(fds);
        turns += bench_turn(bench);
    }
    assert_in_range(turns, 1, POLITE_TURNS_MAX - 1);
    bench_expect(bench_hear(bench, polite), "node", "bench");
    close(polite);
    end_flood(fds);
}

#define bench_test(f) cmocka_unit_test_setup_teardown(f, bench_open, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(nonsense_is_dropped_at_once),
        bench_test(deep_nesting_does_no_harm),
        bench_test(the_length_of_a_message_is_bounded),
        bench_test(who_leaves_in_the_middle_is_forgotten),
        bench_test(what_nobody_reads_is_not_made),
        bench_test(the_stuck_are_dropped_in_the_end),
        bench_test(a_flood_never_comes_before_a_deadline),
        bench_test(a_flood_leaves_others_their_turn),
    };

    if (emulated_without("speed: the server pauses, its share of the CPU is used up"))
        return EXIT_EMULATED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
