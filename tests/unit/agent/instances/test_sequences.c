/* Stamps of authenticated adverts on disk: a crash at any moment and an end in peace repeat none,
 * and whom was believed is known again. */
#include "agent/base/clock.h"
#include "agent/instances/sequences.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_SIZE = 128 };

struct bench {
    char directory[64];
    char path[PATH_SIZE];
    char kept[PATH_SIZE];
    sd_event *event;
    struct worker *worker;
    struct sequences *sequences;
    struct authentication auth;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    if (bench == NULL)
        return -1;
    snprintf(bench->directory, sizeof(bench->directory), "/tmp/vipd-sequences-XXXXXX");
    if (mkdtemp(bench->directory) == NULL || sd_event_new(&bench->event) < 0) {
        free(bench);
        return -1;
    }
    snprintf(bench->path, PATH_SIZE, "%s/sequences", bench->directory);
    snprintf(bench->kept, PATH_SIZE, "%s/kept", bench->directory);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    (void)unlink(bench->path);
    (void)unlink(bench->kept);
    (void)rmdir(bench->directory);
    sd_event_unref(bench->event);
    free(bench);
    return 0;
}

/* An agent with one router starts. */
static void begin(struct bench *bench, enum auth_replay replay)
{
    const struct worker_options worker = {.name = "test", .tasks_max = 8};

    assert_int_equal(worker_open(bench->event, &worker, &bench->worker), 0);
    assert_int_equal(sequences_open(bench->worker, bench->directory, &bench->sequences), 0);
    bench->auth = (struct authentication){
        .keys = auth_keys_new(),
        .peers = calloc(1, sizeof(struct auth_peers)),
        .policy = {.rules = {.replay = replay, .window_s = 5}},
    };
    assert_non_null(bench->auth.peers);
    sequences_begin(bench->sequences, "web", IP_FAMILY_IPV4, &bench->auth);
}

static uint64_t send(struct bench *bench, uint64_t utc_ns)
{
    uint64_t sequence = auth_sender_next(&bench->auth.sender, &bench->auth.policy.rules, utc_ns);

    sequences_note(&bench->auth, utc_ns, clock_boot_ns());
    return sequence;
}

static void end(struct bench *bench)
{
    sequences_end(&bench->auth);
    sequences_close(bench->sequences);
    worker_close(bench->worker);
    free(bench->auth.peers);
    auth_keys_unref(bench->auth.keys);
}

/* The same, and the file is as it was before that. */
static void crash(struct bench *bench)
{
    assert_true(worker_wait(bench->worker, 20 * NS_PER_SEC));
    assert_int_equal(rename(bench->path, bench->kept), 0);
    end(bench);
    assert_int_equal(rename(bench->kept, bench->path), 0);
}

static void a_clock_that_was_lost_repeats_nothing_by_the_monotonic_rule(void **state)
{
    struct bench *bench = *state;
    uint64_t utc_ns = clock_wall_ns();
    uint64_t last = 0;

    begin(bench, AUTH_REPLAY_MONOTONIC);
    for (unsigned i = 0; i < 5; i++) {
        last = send(bench, utc_ns + i * NS_PER_SEC);
        assert_true(worker_wait(bench->worker, 20 * NS_PER_SEC));
    }
    crash(bench);
    begin(bench, AUTH_REPLAY_MONOTONIC);
    uint64_t next = send(bench, NS_PER_SEC);
    assert_true(auth_sequence_after(next, last));
    crash(bench);
    begin(bench, AUTH_REPLAY_MONOTONIC);
    assert_true(auth_sequence_after(send(bench, NS_PER_SEC), next));
    end(bench);
}

static void a_clock_that_was_set_back_a_little_repeats_nothing(void **state)
{
    struct bench *bench = *state;
    uint64_t utc_ns = clock_wall_ns() + 3 * NS_PER_SEC;

    begin(bench, AUTH_REPLAY_TIME);
    uint64_t last = send(bench, utc_ns);
    end(bench);
    begin(bench, AUTH_REPLAY_TIME);
    assert_true(auth_sequence_after(send(bench, clock_wall_ns()), last));
    end(bench);
}

static void whom_we_believed_is_known_again(void **state)
{
    struct bench *bench = *state;
    struct ip_address peer;
    struct ip_address peer6;

    assert_true(ip_address_parse("192.0.2.3", &peer));
    assert_true(ip_address_parse("fe80::3", &peer6));
    begin(bench, AUTH_REPLAY_TIME);
    auth_peers_set(bench->auth.peers, &peer, 0x6800000080000001);
    auth_peers_set(bench->auth.peers, &peer6, 5);
    end(bench);
    begin(bench, AUTH_REPLAY_TIME);
    assert_int_equal(auth_peers_find(bench->auth.peers, &peer)->mark.sequence, 0x6800000080000001);
    assert_int_equal(auth_peers_find(bench->auth.peers, &peer6)->mark.sequence, 5);
    end(bench);
}

/* A file that was left by a crash: it says that a sender was believed so long ago, by a boot clock
 * that is so far from ours. The mark that is taken from it. */
static uint64_t resumed(struct bench *bench, enum auth_replay replay, uint64_t ago_ns,
                        uint64_t other_clock_ns)
{
    struct ip_address peer;
    FILE *file = fopen(bench->path, "we");

    assert_non_null(file);
    fprintf(file, "boot 0x%" PRIx64 "\nmark web ipv4 192.0.2.3 0x6800000080000001\n",
            clock_wall_ns() - clock_boot_ns() + other_clock_ns);
    fprintf(file, "believed web ipv4 192.0.2.3 0x%" PRIx64 "\n", clock_boot_ns() - ago_ns);
    assert_int_equal(fclose(file), 0);
    begin(bench, replay);
    assert_true(ip_address_parse("192.0.2.3", &peer));
    uint64_t mark = auth_peers_find(bench->auth.peers, &peer)->mark.sequence;
    end(bench);
    return mark - 0x6800000080000001;
}

static void what_was_stamped_before_the_start_is_no_news(void **state)
{
    struct bench *bench = *state;

    /* Ten seconds, less a quarter of one and a thousandth; and however long this test takes. */
    uint64_t beyond = resumed(bench, AUTH_REPLAY_TIME, 10 * NS_PER_SEC, 0);
    assert_in_range(beyond, auth_sequence_at(9740 * NS_PER_MS), UINT64_C(100) << 32);
    /* Another boot, a clock that was set, too long ago: nothing is known of it. */
    assert_int_equal(resumed(bench, AUTH_REPLAY_TIME, 10 * NS_PER_SEC, 3 * NS_PER_SEC), 0);
    assert_int_equal(resumed(bench, AUTH_REPLAY_TIME, 600 * NS_PER_SEC, 0), 0);
    /* There stamps are no times. */
    assert_int_equal(resumed(bench, AUTH_REPLAY_MONOTONIC, 10 * NS_PER_SEC, 0), 0);
}

/* The file is one that the agent itself writes: it was killed at the next moment. */
static void an_agent_that_crashed_knows_when_it_believed_whom(void **state)
{
    struct bench *bench = *state;
    struct ip_address peer;
    struct auth_mark *mark;

    assert_true(ip_address_parse("192.0.2.3", &peer));
    begin(bench, AUTH_REPLAY_TIME);
    auth_peers_set(bench->auth.peers, &peer, 0x6800000080000001);
    mark = &bench->auth.peers->list[0].mark;
    mark->timed = true;
    mark->accepted_ns = clock_boot_ns() - 10 * NS_PER_SEC;
    sequences_note(&bench->auth, clock_wall_ns(), clock_boot_ns());
    crash(bench);
    begin(bench, AUTH_REPLAY_TIME);
    assert_in_range(auth_peers_find(bench->auth.peers, &peer)->mark.sequence - 0x6800000080000001,
                    auth_sequence_at(9740 * NS_PER_MS), UINT64_C(100) << 32);
    end(bench);
}

static void where_no_clock_tells_what_is_old_marks_are_seconds_old(void **state)
{
    static const struct {
        enum auth_replay replay;
        uint32_t window_s;
        uint64_t passed_ns;
        bool saved;
    } cases[] = {{AUTH_REPLAY_MONOTONIC, 5, 6 * NS_PER_SEC, true},
                 {AUTH_REPLAY_MONOTONIC, 5, 4 * NS_PER_SEC, false},
                 {AUTH_REPLAY_TIME, 10, 59 * NS_PER_SEC, false},
                 {AUTH_REPLAY_TIME, 10, 61 * NS_PER_SEC, true},
                 {AUTH_REPLAY_TIME, 11, 6 * NS_PER_SEC, true},
                 {AUTH_REPLAY_TIME, 11, 4 * NS_PER_SEC, false}};
    struct bench *bench = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(bench, cases[i].replay);
        bench->auth.policy.rules.window_s = cases[i].window_s;
        sequences_note(&bench->auth, clock_wall_ns(), clock_boot_ns());
        assert_true(worker_wait(bench->worker, 20 * NS_PER_SEC));
        (void)unlink(bench->path);
        sequences_note(&bench->auth, clock_wall_ns(), clock_boot_ns() + cases[i].passed_ns);
        assert_true(worker_wait(bench->worker, 20 * NS_PER_SEC));
        assert_int_equal(access(bench->path, F_OK) == 0, cases[i].saved);
        end(bench);
    }
}

static void a_file_that_makes_no_sense_is_no_file(void **state)
{
    static const char text[] =
        "sent\nsent web ipv5 0x1\nmark web ipv4 x 0x1\nsent we/b ipv4 0x1\n"
        "sent web ipv4 1\nsent web ipv4 0x12345678123456781\n\n# x\n"
        "mark web ipv4 192.0.2.3 0x7 more\nsent web ipv4 0x\nboot x\nbelieved web ipv4 x 0x1\n"
        "believed web ipv4 192.0.2.3 0x1\nboot\n";
    struct bench *bench = *state;
    FILE *file = fopen(bench->path, "we");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    begin(bench, AUTH_REPLAY_MONOTONIC);
    assert_false(bench->auth.sender.sent);
    end(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_clock_that_was_lost_repeats_nothing_by_the_monotonic_rule,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_was_set_back_a_little_repeats_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(whom_we_believed_is_known_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_stamped_before_the_start_is_no_news, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_agent_that_crashed_knows_when_it_believed_whom, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(where_no_clock_tells_what_is_old_marks_are_seconds_old,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_makes_no_sense_is_no_file, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("sequences", tests, NULL, NULL);
}
