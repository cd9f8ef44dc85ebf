/*
 * The turns of the event loop. What an advert needs (its socket, the deadlines' timer) waits in an
 * epoll of our own, beside the descriptor of the sd-event, which has everything else: to receive or
 * to send one costs no call of libsystemd, whose code would have to be fetched for it.
 *
 * A turn serves the urgent descriptors first, in the order of their priorities, then one source of
 * the sd-event at most. Only received packets keep it from that as long as there are any: who reads
 * them rests (agent/wire/rest.h). sd-event arms its timers and runs its deferred sources only when
 * asked, so whatever sets one says so: source.h does.
 */
#ifndef AGENT_BASE_TURNS_H
#define AGENT_BASE_TURNS_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct turns;

/* Its owner's, who fills in what is above `turns`, and lets it alone from urgent_open() to
 * urgent_close(). */
struct urgent {
    int fd;
    uint32_t events;  /* EPOLLIN, perhaps EPOLLET */
    int64_t priority; /* the lowest goes first, of those that are ready together */
    void (*fn)(void *userdata);
    void *userdata;
    struct turns *turns;
    bool enabled;
    uint64_t at_ns;      /* see urgent_call_at() */
    struct urgent *next; /* of those that have such a time */
};

/* Its function is called from now on, in the turns of that loop; in the same thread. 0 or a
 * negative errno. */
int urgent_open(sd_event *event, struct urgent *urgent);

/* While its descriptor is still open; also from its own function. Harmless when not opened. */
void urgent_close(struct urgent *urgent);

/* Not called for now, or again. */
void urgent_enable(struct urgent *urgent, bool enabled);

/* Called once at that time (of clock_boot_ns(); UINT64_MAX: not so) or up to a millisecond later,
 * enabled or not and whatever its descriptor has: the loop sleeps no longer than until then, which
 * is no system call of its own, as a timer would be. From its opening to its closing. */
void urgent_call_at(struct urgent *urgent, uint64_t at_ns);

/* One turn: waits so long (UINT64_MAX: without end) for something to do. 1: something was done, 0:
 * nothing, or a negative errno. */
int turns_run(sd_event *event, uint64_t timeout_us);

/* Turns until the sd-event is told to exit. Its exit code or a negative errno. */
int turns_loop(sd_event *event);

/* Serves one source of an sd-event at most and has it armed for what it waits for next. 1: more is
 * pending, 0 or a negative errno. */
int turns_step(sd_event *event);

/* A source of it was set without it: it is armed anew before the loop sleeps. */
void turns_stir(const sd_event *event);

#endif
