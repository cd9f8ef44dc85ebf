/*
 * The sequence of authenticated adverts (auth.h): what a sender stamps next, and what a receiver
 * still believes. Seconds, 65536ths of them and a counter, compared by RFC 1982's arithmetic.
 *
 * Time comes in twice: UTC, by which a stranger is judged and everything is stamped, and the boot
 * clock, which nobody sets. A sender that was believed once is judged by the boot clock as well
 * (struct auth_mark), so that a step of the receiver's clock or a constant difference changes
 * nothing, and a step of the sender's costs one advert.
 */
#ifndef VIP_PACKET_AUTH_SEQUENCE_H
#define VIP_PACKET_AUTH_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

enum auth_replay {
    AUTH_REPLAY_TIME = 0,  /* fresh, and after the last one */
    AUTH_REPLAY_MONOTONIC, /* after the last one */
} __attribute__((packed));

/* Both sides of a cluster should have the same; the octets are the same in any case. */
struct auth_rules {
    enum auth_replay replay;
    uint32_t window_s; /* AUTH_REPLAY_TIME */
};

struct auth_clock {
    uint64_t utc_ns;
    uint64_t boot_ns; /* 0: there is none, UTC alone decides */
};

/* What keepalived takes where no window is configured. */
uint32_t auth_window_default(uint64_t advert_interval_ns);

/* The sequence of that moment, without a counter. */
uint64_t auth_sequence_at(uint64_t utc_ns);

/* a is after b. */
bool auth_sequence_after(uint64_t a, uint64_t b);

/*
 * What a sender must be beyond that was believed with `sequence` so long ago: its clock has gone
 * on, so what it stamped until now is more, but for what clocks and delays may differ. For a
 * receiver that comes back and does not know what it believed last.
 */
uint64_t auth_sequence_passed(uint64_t sequence, uint64_t passed_ns);

/* A sender. All zero: has sent nothing yet. */
struct auth_sender {
    bool sent;
    uint64_t last;
    /* UTC over the boot clock, as long as it was not set back; and what was stamped by that since
     * it was. */
    bool timed;
    uint64_t offset_ns;
    uint64_t last_steady;
};

/* What to stamp now. */
uint64_t auth_sender_next(struct auth_sender *sender, const struct auth_rules *rules,
                          uint64_t utc_ns);

/*
 * What to stamp a second copy with, after auth_sender_next(). False: none is needed. By the rule of
 * time a clock that was set back by more than the window is taken for a correction, and stamps
 * begin anew; whoever has believed the former ones drops that. If it is the new time that is wrong,
 * nobody would hear this sender any more: so it goes on by the former time as well.
 */
bool auth_sender_steady(struct auth_sender *sender, const struct auth_rules *rules,
                        const struct auth_clock *now, uint64_t *sequence);

/* Goes on behind what may have been sent before a restart. By the rule of time only where the clock
 * is behind it by no more than the window: else the clock was set, and the receivers' marks are
 * given up. */
void auth_sender_resume(struct auth_sender *sender, const struct auth_rules *rules,
                        uint64_t ceiling, uint64_t utc_ns);

/* An advert that is as if its sender's clock had been set. */
struct auth_doubt {
    bool set;
    uint64_t sequence;
    uint64_t heard_ns;
    int64_t offset_ns;
};

/* What is known of one sender. All zero: nothing. */
struct auth_mark {
    bool set;
    uint64_t sequence; /* the greatest one accepted */
    /* By the boot clock: when the last one was accepted, and how far its stamps are behind ours.
     * The least delay counts, so that a late packet does not move it. */
    bool timed;
    uint64_t accepted_ns;
    int64_t offset_ns;
    /* To be followed by another such one, with none by the time that is believed between them: by a
     * time of the future, and by the right one. A sender whose clock was set twice sends by both.
     */
    struct auth_doubt ahead;
    struct auth_doubt right;
    /* The greatest one that came and was not acted upon. A sender whose clock was set back sends by
     * both times, and is followed by one: the copies by the other are used up all the same. */
    bool aside;
    uint64_t aside_sequence;
};

enum auth_freshness {
    AUTH_FRESH = 0,
    AUTH_OLD_OR_AHEAD, /* outside of the window */
    AUTH_SEEN,         /* not after the mark */
};

/* What an advert is against the mark. Only for one whose tag is right: it may put it in doubt.
 * interval_ns: between adverts, as it says itself. */
enum auth_freshness auth_mark_judge(struct auth_mark *mark, const struct auth_rules *rules,
                                    uint64_t sequence, uint64_t interval_ns,
                                    const struct auth_clock *now);

/* Raises it to an advert that was judged fresh and is acted upon. */
void auth_mark_raise(struct auth_mark *mark, const struct auth_rules *rules, uint64_t sequence,
                     const struct auth_clock *now);

#endif
