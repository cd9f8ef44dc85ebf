/*
 * Advertisement sockets: one raw socket (protocol 112) for each link and family, shared by all
 * virtual routers there, for multicast and unicast alike (RFC 9568 5.1).
 * Bound to the device; TTL / hop limit 255, CS6, multicast loop off.
 *
 * Joining and leaving the group takes the kernel's RTNL lock, for which anybody can make us wait:
 * what is marked "any thread" belongs into a worker; the rest is the loop's.
 */
#ifndef AGENT_WIRE_ADVERT_IO_H
#define AGENT_WIRE_ADVERT_IO_H

#include "agent/wire/advert_header.h"
#include "agent/wire/inbox.h"
#include "agent/wire/problem.h"
#include "lib/packet/packet.h"

#include <systemd/sd-event.h>

struct advert_io;
struct outbox_shelf;
struct sock_fprog;

/* Called when a read pass used up its budget with packets still waiting: the owner fires deadlines
 * that are due, so that a flood cannot starve them. */
typedef void (*advert_io_busy_fn)(void *userdata);

struct advert_io_options {
    int ifindex;
    const char *ifname;
    enum ip_family family;
    bool send_only; /* on a virtual link: no membership, nothing is received */
    int64_t priority;
    struct room *room;          /* what is received is read into it; it outlives the socket */
    struct outbox_shelf *shelf; /* what is posted waits there; the same; NULL: nothing waits */
    inbox_fn on_message;
    advert_io_busy_fn on_busy;
    void (*on_pass)(void *userdata); /* the loop was woken to read, and that is done; or NULL */
    void *userdata;
};

/* Any thread: opens the socket. 0, or a negative errno and what it was about. */
int advert_io_open(const struct advert_io_options *options, struct advert_io **out,
                   struct wire_problem *problem);

/* Hands on what comes in, from now on. 0 or a negative errno. */
int advert_io_listen(struct advert_io *io, sd_event *event);

/* Hands on nothing more. NULL is allowed. */
void advert_io_silence(struct advert_io *io);

/* Any thread, once it is silent. NULL is allowed. */
void advert_io_close(struct advert_io *io);

/* Has the kernel drop what the program says; NULL: nothing any more. 0 or a negative errno. */
int advert_io_filter(const struct advert_io *io, const struct sock_fprog *program);

/* Reads no more (packets wait in the kernel, which drops what is too much), or again.
 * NULL is allowed. */
void advert_io_rest(struct advert_io *io, bool resting);

/* Any thread, while others use it: joins or leaves a group. 0 or a negative errno. */
int advert_io_join(const struct advert_io *io, const struct ip_address *group);
int advert_io_leave(const struct advert_io *io, const struct ip_address *group);

/* Hands on what waits to be read, a bounded number of messages. True when more may wait. NULL is
 * allowed. */
bool advert_io_receive(struct advert_io *io);

/* Does so if nobody is woken for it just now, as there is so much (see pace.h); several times, for
 * the one advert that puts a deadline off may be behind many others. */
void advert_io_catch_up(struct advert_io *io);

/* Sends one message. 0 or a negative errno (not logged: the caller knows the instance). No
 * allocation. */
int advert_io_send(struct advert_io *io, const struct advert_header *header, const uint8_t *payload,
                   size_t size);

/* Has it sent with others at the next advert_io_flush(), or before; see outbox.h. */
void advert_io_post(struct advert_io *io, const struct advert_header *header,
                    const uint8_t *payload, size_t size, const struct advert_sender *sender);
void advert_io_flush(struct advert_io *io);

#endif
