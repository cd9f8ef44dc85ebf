/* Clocks that are set, and what is sent again: a sender and a receiver with clocks of their own, an
 * advert a second, and somebody who has recorded all of them. */
#include "lib/limits.h"
#include "lib/packet/auth_sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HOUR  (INT64_C(3600) * (int64_t)NS_PER_SEC)
#define START (UINT64_C(1764360000) * NS_PER_SEC)

enum { RECORDED_MAX = 8192, MASTER_DOWN = 3 };

struct world {
    struct auth_rules rules;
    uint64_t passed_ns; /* since both were started */
    int64_t sender_ns;  /* how far each clock is ahead of the right time */
    int64_t receiver_ns;
    struct auth_sender sender;
    struct auth_mark mark;
    uint64_t recorded[RECORDED_MAX];
    unsigned count;
    unsigned silent; /* seconds in which the receiver has believed nothing */
    unsigned worst;  /* of those, the longest */
};

static struct auth_clock clock_of(const struct world *world, int64_t ahead_ns)
{
    return (struct auth_clock){.utc_ns = START + world->passed_ns + (uint64_t)ahead_ns,
                               .boot_ns = NS_PER_SEC + world->passed_ns};
}

/* True when the receiver takes it. */
static bool arrives(struct world *world, uint64_t sequence)
{
    const struct auth_clock now = clock_of(world, world->receiver_ns);

    if (auth_mark_judge(&world->mark, &world->rules, sequence, NS_PER_SEC, &now) != AUTH_FRESH)
        return false;
    auth_mark_raise(&world->mark, &world->rules, sequence, &now);
    return true;
}

/* A second passes, and the sender adverts. */
static void second(struct world *world)
{
    world->passed_ns += NS_PER_SEC;
    const struct auth_clock now = clock_of(world, world->sender_ns);
    uint64_t sequence = auth_sender_next(&world->sender, &world->rules, now.utc_ns);
    world->recorded[world->count++ % RECORDED_MAX] = sequence;
    bool taken = arrives(world, sequence);
    if (auth_sender_steady(&world->sender, &world->rules, &now, &sequence)) {
        world->recorded[world->count++ % RECORDED_MAX] = sequence;
        taken = arrives(world, sequence) || taken;
    }
    world->silent = taken ? 0 : world->silent + 1;
    if (world->silent > world->worst)
        world->worst = world->silent;
}

static void seconds(struct world *world, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        second(world);
}

static struct world begin(enum auth_replay replay)
{
    struct world world = {.rules = {.replay = replay, .window_s = 5}};

    seconds(&world, 10);
    assert_int_equal(world.worst, 0);
    return world;
}

static void a_step_of_either_clock_strands_nobody(void **state)
{
    static const int64_t steps[] = {HOUR,
                                    -HOUR,
                                    6 * (int64_t)NS_PER_SEC,
                                    -6 * (int64_t)NS_PER_SEC,
                                    NS_PER_SEC,
                                    -(int64_t)NS_PER_SEC,
                                    365 * 24 * HOUR};

    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct world world = begin(AUTH_REPLAY_TIME);

        world.receiver_ns = steps[i];
        seconds(&world, 100);
        assert_int_equal(world.worst, 0);
        world.receiver_ns = 0;
        seconds(&world, 100);
        assert_int_equal(world.worst, 0);
        world.sender_ns = steps[i];
        seconds(&world, 100);
        assert_in_range(world.worst, 0, MASTER_DOWN - 2);
        world.sender_ns = 0;
        seconds(&world, 100);
        assert_in_range(world.worst, 0, MASTER_DOWN - 2);
    }
}

static void both_clocks_may_be_set_at_once(void **state)
{
    struct world world = begin(AUTH_REPLAY_TIME);

    (void)state;
    world.receiver_ns = -HOUR;
    world.sender_ns = HOUR;
    seconds(&world, 20);
    world.receiver_ns = HOUR;
    world.sender_ns = -HOUR;
    seconds(&world, 20);
    assert_in_range(world.worst, 0, MASTER_DOWN - 2);
}

/* It is followed by the former time when it is set ahead once more, for a moment: of its two copies
 * neither is of a time that was believed, and neither may keep the other from being. */
static void who_is_set_twice_is_heard_by_one_of_its_times(void **state)
{
    (void)state;
    for (unsigned moment = 1; moment <= 4; moment++) {
        struct world world = begin(AUTH_REPLAY_TIME);

        world.sender_ns = HOUR;
        seconds(&world, 30);
        world.sender_ns = 0;
        seconds(&world, 30);
        world.worst = 0;
        world.sender_ns = 2 * HOUR;
        seconds(&world, moment);
        world.sender_ns = 0;
        seconds(&world, 30);
        assert_in_range(world.worst, 0, MASTER_DOWN - 1);
    }
}

/* What keepalived has of it, which has no boot clock in it: a clock that was ahead and is set right
 * is heard again at once. */
static void a_correction_is_believed_by_utc_alone(void **state)
{
    const struct auth_rules rules = {.window_s = 5};
    struct auth_sender sender = {0};
    struct auth_mark mark = {0};

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        uint64_t ahead_ns = i < 10 ? (uint64_t)HOUR : 0;
        const struct auth_clock now = {.utc_ns = START + i * NS_PER_SEC};
        uint64_t sequence = auth_sender_next(&sender, &rules, now.utc_ns + ahead_ns);
        enum auth_freshness fresh = auth_mark_judge(&mark, &rules, sequence, NS_PER_SEC, &now);

        assert_int_equal(fresh, i < 10 ? AUTH_OLD_OR_AHEAD : AUTH_FRESH);
        if (fresh == AUTH_FRESH)
            auth_mark_raise(&mark, &rules, sequence, &now);
    }
}

/* Everything that was ever sent, again and again, beside the sender and when it is dead; with
 * clocks that were set meanwhile. */
static void nothing_that_was_sent_is_taken_again(void **state)
{
    static const int64_t steps[] = {0, HOUR, -HOUR};

    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct world world = begin(AUTH_REPLAY_TIME);

        world.receiver_ns = steps[i];
        seconds(&world, 100);
        for (unsigned k = 0; k < world.count; k++)
            assert_false(arrives(&world, world.recorded[k]));
        seconds(&world, 5);
        assert_int_equal(world.worst, 0);
        world.passed_ns += 3 * NS_PER_SEC;
        for (unsigned k = 0; k < world.count; k++)
            assert_false(arrives(&world, world.recorded[k]));
        world.passed_ns += (uint64_t)HOUR;
        for (unsigned k = 0; k < world.count; k++)
            assert_false(arrives(&world, world.recorded[k]));
    }
}

/* Recorded while its clock was ahead, and sent while it lives: between two of them it speaks. */
static void a_recording_of_another_time_does_not_silence_the_living(void **state)
{
    struct world world = begin(AUTH_REPLAY_TIME);

    (void)state;
    world.sender_ns = HOUR;
    seconds(&world, 30);
    unsigned first = world.count - 20;
    world.sender_ns = 0;
    seconds(&world, 30);
    world.worst = 0;
    for (unsigned k = 0; k < 20; k++) {
        assert_false(arrives(&world, world.recorded[first + k]));
        second(&world);
        assert_false(arrives(&world, world.recorded[first + k]));
    }
    assert_int_equal(world.worst, 0);
}

/* Somebody repeats each advert at once, and a little later. */
static void copies_do_not_put_the_belief_in_a_new_time_off(void **state)
{
    static const int64_t steps[] = {HOUR, -HOUR};

    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct world world = begin(AUTH_REPLAY_TIME);

        world.sender_ns = steps[i];
        for (unsigned k = 0; k < 10; k++) {
            second(&world);
            assert_false(arrives(&world, world.recorded[world.count - 1]));
            world.passed_ns += NS_PER_SEC / 5;
            assert_false(arrives(&world, world.recorded[world.count - 1]));
            world.passed_ns -= NS_PER_SEC / 5;
        }
        assert_true(world.worst <= 1);
    }
}

/* It sends by both times, one is followed, and then it dies: somebody sends them as it would. */
static void copies_by_the_time_that_is_not_followed_are_used_up(void **state)
{
    (void)state;
    for (unsigned late = 1; late <= 5; late++) {
        struct world world = begin(AUTH_REPLAY_TIME);

        world.sender_ns = HOUR;
        seconds(&world, 30);
        world.sender_ns = 0;
        seconds(&world, 30);
        /* Two a second: the one by the right time, and the other. */
        for (unsigned k = world.count - 2 * late; k < world.count; k += 2) {
            world.passed_ns += NS_PER_SEC;
            assert_false(arrives(&world, world.recorded[k]));
        }
    }
}

static void late_adverts_do_not_walk_the_time_away(void **state)
{
    struct world world = begin(AUTH_REPLAY_TIME);
    uint64_t delay_ns = 0;
    unsigned taken = 0;

    (void)state;
    /* Each is held back a little longer than the one before. */
    for (unsigned i = 0; i < 100; i++) {
        world.passed_ns += NS_PER_SEC;
        delay_ns += NS_PER_SEC / 10;
        const struct auth_clock then = clock_of(&world, 0);
        uint64_t sequence = auth_sequence_at(then.utc_ns - delay_ns);

        taken += arrives(&world, sequence) ? 1 : 0;
    }
    /* Ten for each second of the window, which cuts to whole ones, and little more. */
    assert_in_range(taken, 40, 62);
}

/* An agent crashes and knows the marks of a while ago: what was recorded until it is there again is
 * refused, and the sender goes on to be heard, whatever the clocks say. */
static void what_a_crash_forgot_is_not_taken_again(void **state)
{
    static const int64_t apart[] = {0, 3 * (int64_t)NS_PER_SEC, -3 * (int64_t)NS_PER_SEC};

    (void)state;
    for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++) {
        struct world world = begin(AUTH_REPLAY_TIME);

        world.sender_ns = apart[i];
        seconds(&world, 30);
        const struct auth_mark saved = world.mark;
        unsigned known = world.count;
        seconds(&world, 40);
        world.passed_ns += NS_PER_SEC / 2;
        const struct auth_clock now = clock_of(&world, 0);
        world.mark = (struct auth_mark){
            .set = true,
            .sequence = auth_sequence_passed(saved.sequence, now.boot_ns - saved.accepted_ns)};
        for (unsigned k = known; k < world.count; k++)
            assert_false(arrives(&world, world.recorded[k]));
        world.passed_ns -= NS_PER_SEC / 2;
        world.worst = 0;
        seconds(&world, 10);
        assert_int_equal(world.worst, 0);
    }
    assert_int_equal(auth_sequence_passed(7, 0), 7);
    assert_int_equal(auth_sequence_passed(7, NS_PER_SEC / 5), 7);
}

static void the_monotonic_rule_needs_no_clock(void **state)
{
    struct world world = begin(AUTH_REPLAY_MONOTONIC);

    (void)state;
    world.sender_ns = -365 * 24 * HOUR;
    world.receiver_ns = HOUR;
    seconds(&world, 100);
    assert_int_equal(world.worst, 0);
    for (unsigned k = 0; k < world.count; k++)
        assert_false(arrives(&world, world.recorded[k]));
}

static void a_sender_goes_on_behind_what_it_may_have_sent(void **state)
{
    const struct auth_rules time = {.window_s = 5};
    const struct auth_rules monotonic = {.replay = AUTH_REPLAY_MONOTONIC};
    const uint64_t ceiling = auth_sequence_at(START + 3 * NS_PER_SEC);
    struct auth_sender sender = {0};

    (void)state;
    auth_sender_resume(&sender, &time, ceiling, START);
    assert_true(auth_sequence_after(auth_sender_next(&sender, &time, START), ceiling));
    /* Its clock was ahead by more than any window: it begins anew. */
    sender = (struct auth_sender){0};
    auth_sender_resume(&sender, &time, ceiling + (UINT64_C(60) << 32), START);
    assert_int_equal(auth_sender_next(&sender, &time, START), auth_sequence_at(START));
    sender = (struct auth_sender){0};
    auth_sender_resume(&sender, &monotonic, ceiling + (UINT64_C(60) << 32), START);
    assert_true(auth_sequence_after(auth_sender_next(&sender, &monotonic, START), ceiling));
    /* Its clock has gone on. */
    sender = (struct auth_sender){0};
    auth_sender_resume(&sender, &monotonic, ceiling, START + 60 * NS_PER_SEC);
    assert_int_equal(auth_sender_next(&sender, &monotonic, START + 60 * NS_PER_SEC),
                     auth_sequence_at(START + 60 * NS_PER_SEC));
}

/* 2038, when serial numbers of seconds turn round, and 2106, when they begin anew. */
static void no_year_is_special(void **state)
{
    static const uint64_t moments[] = {UINT64_C(0x7fffffff), UINT64_C(0xffffffff)};

    (void)state;
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        const struct auth_rules rules = {.replay = AUTH_REPLAY_MONOTONIC};
        struct auth_sender sender = {0};
        struct auth_mark mark = {0};

        for (uint64_t s = 0; s < 10; s++) {
            const struct auth_clock now = {.utc_ns = (moments[i] - 5 + s) * NS_PER_SEC};
            uint64_t sequence = auth_sender_next(&sender, &rules, now.utc_ns);

            assert_int_equal(auth_mark_judge(&mark, &rules, sequence, NS_PER_SEC, &now),
                             AUTH_FRESH);
            auth_mark_raise(&mark, &rules, sequence, &now);
            assert_int_equal(sequence >> 32, (moments[i] - 5 + s) & UINT32_MAX);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_of_either_clock_strands_nobody),
        cmocka_unit_test(both_clocks_may_be_set_at_once),
        cmocka_unit_test(who_is_set_twice_is_heard_by_one_of_its_times),
        cmocka_unit_test(a_correction_is_believed_by_utc_alone),
        cmocka_unit_test(nothing_that_was_sent_is_taken_again),
        cmocka_unit_test(a_recording_of_another_time_does_not_silence_the_living),
        cmocka_unit_test(copies_do_not_put_the_belief_in_a_new_time_off),
        cmocka_unit_test(copies_by_the_time_that_is_not_followed_are_used_up),
        cmocka_unit_test(late_adverts_do_not_walk_the_time_away),
        cmocka_unit_test(what_a_crash_forgot_is_not_taken_again),
        cmocka_unit_test(the_monotonic_rule_needs_no_clock),
        cmocka_unit_test(a_sender_goes_on_behind_what_it_may_have_sent),
        cmocka_unit_test(no_year_is_special),
    };

    return cmocka_run_group_tests_name("auth_sequence", tests, NULL, NULL);
}
