/* Stamps and marks; see auth_sequence.h. */
#include "lib/packet/auth_sequence.h"

#include "lib/limits.h"

enum {
    SECONDS_AT = 32,
    FRACTION_AT = 16,
    FRACTIONS = 65536,
    WINDOW_MIN_S = 5,
    WINDOW_MAX_S = 300,
    WINDOW_INTERVALS = 3,
    /* So much of the time that passes two honest clocks may drift apart. */
    DRIFT_PART = 1000,
};

/* An advert may have been on its way for so long that was the last one to be believed. */
#define FORGIVEN_NS (NS_PER_SEC / 4)

/* Two adverts of one sender, whose clock runs, differ by no more in their delay. */
#define SAME_TIME_NS ((int64_t)NS_PER_SEC)

uint32_t auth_window_default(uint64_t advert_interval_ns)
{
    /* Cut to whole seconds first, as keepalived does. */
    uint64_t seconds = WINDOW_INTERVALS * (advert_interval_ns / NS_PER_SEC);

    if (seconds < WINDOW_MIN_S)
        return WINDOW_MIN_S;
    return (uint32_t)(seconds < WINDOW_MAX_S ? seconds : WINDOW_MAX_S);
}

uint64_t auth_sequence_at(uint64_t utc_ns)
{
    uint64_t fraction = utc_ns % NS_PER_SEC * FRACTIONS / NS_PER_SEC;

    return utc_ns / NS_PER_SEC << SECONDS_AT | fraction << FRACTION_AT;
}

bool auth_sequence_after(uint64_t a, uint64_t b)
{
    return (int64_t)(a - b) > 0;
}

uint64_t auth_sequence_passed(uint64_t sequence, uint64_t passed_ns)
{
    uint64_t forgiven_ns = FORGIVEN_NS + passed_ns / DRIFT_PART;

    return passed_ns > forgiven_ns ? sequence + auth_sequence_at(passed_ns - forgiven_ns)
                                   : sequence;
}

/* How many seconds a is behind b, negative: ahead; both modulo 2^32. */
static int64_t seconds_between(uint64_t a, uint64_t b)
{
    return (int32_t)((uint32_t)(b >> SECONDS_AT) - (uint32_t)(a >> SECONDS_AT));
}

/* ---- Sending */

uint64_t auth_sender_next(struct auth_sender *sender, const struct auth_rules *rules,
                          uint64_t utc_ns)
{
    uint64_t clock = auth_sequence_at(utc_ns);
    bool set_back = rules->replay == AUTH_REPLAY_TIME &&
                    seconds_between(clock, sender->last) > (int64_t)rules->window_s;

    if (!sender->sent || auth_sequence_after(clock, sender->last) || set_back)
        sender->last = clock;
    else
        sender->last++;
    sender->sent = true;
    return sender->last;
}

bool auth_sender_steady(struct auth_sender *sender, const struct auth_rules *rules,
                        const struct auth_clock *now, uint64_t *sequence)
{
    uint64_t offset_ns = now->utc_ns - now->boot_ns;
    int64_t back_ns = (int64_t)(sender->offset_ns - offset_ns);

    if (rules->replay != AUTH_REPLAY_TIME || now->boot_ns == 0)
        return false;
    if (!sender->timed || back_ns <= (int64_t)(rules->window_s * NS_PER_SEC)) {
        sender->timed = true;
        sender->offset_ns = offset_ns;
        sender->last_steady = sender->last;
        return false;
    }
    uint64_t clock = auth_sequence_at(now->boot_ns + sender->offset_ns);
    sender->last_steady =
        auth_sequence_after(clock, sender->last_steady) ? clock : sender->last_steady + 1;
    *sequence = sender->last_steady;
    return true;
}

void auth_sender_resume(struct auth_sender *sender, const struct auth_rules *rules,
                        uint64_t ceiling, uint64_t utc_ns)
{
    int64_t ahead_s = seconds_between(auth_sequence_at(utc_ns), ceiling);

    if (rules->replay == AUTH_REPLAY_TIME && ahead_s > (int64_t)rules->window_s)
        return;
    if (sender->sent && !auth_sequence_after(ceiling, sender->last))
        return;
    *sender = (struct auth_sender){.sent = true, .last = ceiling};
}

/* ---- Receiving */

static bool within(int64_t a, int64_t b, int64_t limit)
{
    return a - b <= limit && b - a <= limit;
}

/* When it was stamped, in ns of its own seconds; the counter is no time. */
static int64_t offset_of(uint64_t sequence, const struct auth_clock *now)
{
    uint64_t fraction = sequence >> FRACTION_AT & (FRACTIONS - 1);
    uint64_t stamp_ns = (sequence >> SECONDS_AT) * NS_PER_SEC + fraction * NS_PER_SEC / FRACTIONS;

    return (int64_t)(now->boot_ns - stamp_ns);
}

/* Its clock seems to have been set. Believed is the second advert that says so, an interval behind
 * the first: whoever replays two cannot keep the living sender from speaking between them. */
static bool confirmed(struct auth_doubt *doubt, uint64_t sequence, uint64_t interval_ns,
                      bool right_time, const struct auth_clock *now)
{
    int64_t offset = offset_of(sequence, now);
    bool same = doubt->set && within(offset, doubt->offset_ns, SAME_TIME_NS);
    bool after = auth_sequence_after(sequence, doubt->sequence);

    if (same && after)
        return now->boot_ns - doubt->heard_ns >= interval_ns - interval_ns / 8;
    /* A copy of the first, at once or later: else whoever repeats it puts the second off for ever.
     */
    bool awaited = doubt->set && now->boot_ns - doubt->heard_ns <= 2 * interval_ns;
    if (awaited && !after && (same || !right_time))
        return false;
    *doubt = (struct auth_doubt){
        .set = true, .sequence = sequence, .heard_ns = now->boot_ns, .offset_ns = offset};
    return false;
}

/* RFC 1982's order and the window; the boot clock is not asked. */
static enum auth_freshness judge_by_utc(const struct auth_mark *mark, int64_t window_s,
                                        uint64_t sequence, uint64_t utc)
{
    if (!within(seconds_between(sequence, utc), 0, window_s))
        return AUTH_OLD_OR_AHEAD;
    /* A mark that far away refuses nothing that the window lets in, but for a sender whose clock
     * was ahead and was set. */
    if (mark->set && within(seconds_between(mark->sequence, utc), 0, window_s) &&
        !auth_sequence_after(sequence, mark->sequence))
        return AUTH_SEEN;
    if (mark->aside && within(seconds_between(mark->aside_sequence, utc), 0, window_s) &&
        !auth_sequence_after(sequence, mark->aside_sequence))
        return AUTH_SEEN;
    return AUTH_FRESH;
}

/* A sender that was heard by the boot clock within the window: its time goes on. */
static enum auth_freshness judge_in_touch(struct auth_mark *mark, const struct auth_rules *rules,
                                          uint64_t sequence, uint64_t interval_ns,
                                          const struct auth_clock *now)
{
    int64_t window_ns = (int64_t)rules->window_s * (int64_t)NS_PER_SEC;
    bool grows = auth_sequence_after(sequence, mark->sequence);
    enum auth_freshness by_utc =
        judge_by_utc(mark, rules->window_s, sequence, auth_sequence_at(now->utc_ns));

    int64_t offset = offset_of(sequence, now);
    bool ahead = offset < mark->offset_ns;

    if (within(offset, mark->offset_ns, window_ns))
        return grows ? AUTH_FRESH : AUTH_SEEN;
    if (grows && by_utc == AUTH_FRESH)
        return AUTH_FRESH;
    /* Set ahead, or back to the right time: of neither a copy can be told at once. What grows and
     * is behind was held up on its way. */
    bool right_time = by_utc == AUTH_FRESH;
    struct auth_doubt *doubt = right_time ? &mark->right : &mark->ahead;
    if (((grows && ahead) || right_time) &&
        confirmed(doubt, sequence, interval_ns, right_time, now))
        return AUTH_FRESH;
    return by_utc == AUTH_FRESH ? AUTH_SEEN : by_utc;
}

/* By the rule of time. */
static enum auth_freshness judge_by_time(struct auth_mark *mark, const struct auth_rules *rules,
                                         uint64_t sequence, uint64_t interval_ns,
                                         const struct auth_clock *now)
{
    const uint64_t window_ns = rules->window_s * NS_PER_SEC;

    bool timed = mark->set && mark->timed && now->boot_ns != 0;
    if (timed && now->boot_ns - mark->accepted_ns <= window_ns)
        return judge_in_touch(mark, rules, sequence, interval_ns, now);
    /* Long unheard: both boot clocks have gone on all the same. */
    if (timed && within(offset_of(sequence, now), mark->offset_ns, (int64_t)window_ns))
        return auth_sequence_after(sequence, mark->sequence) ? AUTH_FRESH : AUTH_SEEN;
    return judge_by_utc(mark, rules->window_s, sequence, auth_sequence_at(now->utc_ns));
}

/* Only what is near our time can be worth anything to who sends it again. */
static void put_aside(struct auth_mark *mark, int64_t window_s, uint64_t sequence, uint64_t utc)
{
    bool near = within(seconds_between(sequence, utc), 0, window_s);
    bool newest = !mark->aside || auth_sequence_after(sequence, mark->aside_sequence) ||
                  !within(seconds_between(mark->aside_sequence, utc), 0, window_s);

    if (near && newest) {
        mark->aside = true;
        mark->aside_sequence = sequence;
    }
}

enum auth_freshness auth_mark_judge(struct auth_mark *mark, const struct auth_rules *rules,
                                    uint64_t sequence, uint64_t interval_ns,
                                    const struct auth_clock *now)
{
    if (rules->replay == AUTH_REPLAY_MONOTONIC)
        return mark->set && !auth_sequence_after(sequence, mark->sequence) ? AUTH_SEEN : AUTH_FRESH;
    enum auth_freshness found = judge_by_time(mark, rules, sequence, interval_ns, now);
    if (found != AUTH_FRESH)
        put_aside(mark, rules->window_s, sequence, auth_sequence_at(now->utc_ns));
    return found;
}

/* Less delay counts at once; more is a late packet, or a clock that drifts. */
static int64_t next_offset(const struct auth_mark *mark, int64_t offset, uint64_t passed_ns)
{
    int64_t drift_ns = (int64_t)(passed_ns / DRIFT_PART);

    if (offset <= mark->offset_ns + drift_ns)
        return offset;
    return mark->offset_ns + drift_ns;
}

void auth_mark_raise(struct auth_mark *mark, const struct auth_rules *rules, uint64_t sequence,
                     const struct auth_clock *now)
{
    int64_t window_ns = (int64_t)rules->window_s * (int64_t)NS_PER_SEC;

    if (now->boot_ns != 0) {
        int64_t offset = offset_of(sequence, now);
        bool same = mark->timed && within(offset, mark->offset_ns, window_ns);

        mark->offset_ns =
            same ? next_offset(mark, offset, now->boot_ns - mark->accepted_ns) : offset;
        mark->timed = true;
        mark->accepted_ns = now->boot_ns;
    }
    mark->set = true;
    mark->sequence = sequence;
    mark->ahead.set = false;
    mark->right.set = false;
}
