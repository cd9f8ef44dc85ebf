/*
 * The election with make before break, for three nodes: in lib/election, transitions.c
 * (election_take_over, election_yield), election.c (linger_ends), advert.c (backup_advert,
 * master_advert) and hold.c (election_hold: resign and linger).
 *
 * Time is discrete: one tick is an advert interval. Priorities are the node numbers, node 2 the
 * highest. A tick: timers run, masters advert, adverts arrive or are lost, nodes may crash, stop or
 * start. Losses and faults are bounded in number, so that the search ends; when they are used up the
 * network is good.
 *
 * Checked exhaustively:
 *   safety     a node that is MASTER holds the addresses; once no fault is left and SETTLE ticks
 *              have passed, exactly one node is MASTER, the highest of those that run, and it alone
 *              holds.
 *   make before break
 *              when the MASTER of a settled cluster stops and no frame is lost, then at the end of
 *              every tick exactly one node holds, as long as any runs and none crashes or starts.
 *   progress   no run ends before that (invalid end states).
 */
#define NODES 3
#define DOWN 3    /* ticks of silence until a BACKUP takes over; lower priorities one later each */
#define LINGER 6  /* at most so long a node that resigned keeps answering */
#define LEASE 5   /* ticks until the kernel ends a dead agent's addresses */
#define SETTLE 14 /* DOWN + NODES, twice, and the lease */
#define SETTLED 6 /* ticks after which a cluster of that size has one MASTER */
#define FAULTS 2
#define LOSSES 4

#define INIT 0
#define BACKUP 1
#define MASTER 2

byte state[NODES];
bool holds[NODES];
bool runs[NODES];
byte timer[NODES];  /* BACKUP: silence left */
byte linger[NODES]; /* ticks left; 0: not lingering */
byte lease[NODES];  /* of a dead agent */
byte faults = 0;
byte losses = 0;
byte calm = 0;      /* ticks since the last fault or loss */
byte before = 0;    /* what calm was before the last stop */
bool planned = false; /* a hand-over is under way, and nothing else has happened since */

inline disturb() {
    calm = 0
}

/* Lower priorities wait longer: the skew. */
inline reset_timer(n) {
    timer[n] = DOWN + (NODES - 1 - n)
}

inline take_over(n) {
    holds[n] = true; /* claim, then announce, then advert */
    state[n] = MASTER;
    linger[n] = 0
}

/* MASTER -> BACKUP on a better advert: releases after the settling time, within the tick. */
inline yield(n) {
    state[n] = BACKUP;
    holds[n] = false;
    reset_timer(n)
}

/* The advert of `from`, at `to`. */
inline hear(from, to) {
    if
    :: state[to] == MASTER && from > to -> yield(to)
    :: state[to] == BACKUP && from > to -> reset_timer(to)
    :: else -> skip /* a lower priority: preempted when the timer ends, or answered */
    fi;
    /* Any other holder ends a linger. */
    if
    :: linger[to] > 0 -> linger[to] = 0; holds[to] = false
    :: else -> skip
    fi
}

inline advert(from) {
    byte to = 0;
    do
    :: to < NODES ->
        if
        :: to != from && (runs[to] || linger[to] > 0) ->
            if
            :: hear(from, to)
            :: losses < LOSSES -> losses++; planned = false; disturb()
            fi
        :: else -> skip
        fi;
        to++
    :: else -> break
    od;
    to = 0
}

/* Resignations are adverts too, and may be lost: then the timer runs its length. */
inline resign(from) {
    byte who = 0;
    do
    :: who < NODES ->
        if
        :: who != from && runs[who] && state[who] == BACKUP ->
            if
            :: timer[who] = NODES - 1 - who
            :: losses < LOSSES -> losses++; planned = false
            fi
        :: else -> skip
        fi;
        who++
    :: else -> break
    od;
    who = 0
}

inline crash(n) {
    runs[n] = false;
    state[n] = INIT;
    linger[n] = 0;
    if
    :: holds[n] -> lease[n] = LEASE
    :: else -> skip
    fi
}

inline stop(n) {
    if
    :: state[n] == MASTER -> linger[n] = LINGER; planned = (before >= SETTLED); resign(n)
    :: else -> skip
    fi;
    runs[n] = false;
    state[n] = INIT
}

/* A node that starts removes what a predecessor left. */
inline start(n) {
    runs[n] = true;
    state[n] = BACKUP;
    holds[n] = false;
    linger[n] = 0;
    lease[n] = 0;
    reset_timer(n)
}

inline fault(n) {
    if
    :: faults < FAULTS && runs[n] -> faults++; disturb(); planned = false; crash(n)
    :: faults < FAULTS && runs[n] -> faults++; before = calm; disturb(); stop(n)
    :: !runs[n] -> disturb(); planned = false; start(n)
    :: skip
    fi
}

/* The kernel's part, and the end of a linger. */
inline clocks(n) {
    if
    :: lease[n] > 1 -> lease[n]--
    :: lease[n] == 1 -> lease[n] = 0; holds[n] = false
    :: else -> skip
    fi;
    if
    :: linger[n] > 1 -> linger[n]--
    :: linger[n] == 1 -> linger[n] = 0; holds[n] = false
    :: else -> skip
    fi
}

inline timers(n) {
    if
    :: runs[n] && state[n] == BACKUP && timer[n] == 0 -> take_over(n)
    :: runs[n] && state[n] == BACKUP && timer[n] > 0 -> timer[n]--
    :: else -> skip
    fi
}

inline check() {
    assert(state[0] != MASTER || holds[0]);
    assert(state[1] != MASTER || holds[1]);
    assert(state[2] != MASTER || holds[2]);
    assert(!planned || !(runs[0] || runs[1] || runs[2]) || holds[0] + holds[1] + holds[2] == 1);
    if
    :: calm >= SETTLE && (runs[0] || runs[1] || runs[2]) ->
        assert((state[0] == MASTER) + (state[1] == MASTER) + (state[2] == MASTER) == 1);
        assert(holds[0] + holds[1] + holds[2] == 1);
        assert(!runs[2] || state[2] == MASTER);
        assert(runs[2] || !runs[1] || state[1] == MASTER)
    :: else -> skip
    fi
}

active proctype world() {
    byte n;

    d_step {
        start(0); start(1); start(2)
    }
    do
    :: calm < SETTLE ->
        atomic {
            calm++;
            n = 0;
            do
            :: n < NODES -> clocks(n); timers(n); n++
            :: else -> break
            od;
            n = 0;
            do
            :: n < NODES ->
                if
                :: runs[n] && state[n] == MASTER -> advert(n)
                :: else -> skip
                fi;
                n++
            :: else -> break
            od;
            n = 0;
            do
            :: n < NODES && calm < SETTLE -> fault(n); n++
            :: else -> break
            od;
            n = 0;
            check()
        }
    :: else -> break
    od
}
