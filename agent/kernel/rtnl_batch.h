/*
 * Changes to the kernel's links and addresses, many in one sendmsg(). The kernel answers what
 * fails, and the last one; between them is what succeeded (libmnl). All memory is set aside when it
 * is opened.
 */
#ifndef AGENT_KERNEL_RTNL_BATCH_H
#define AGENT_KERNEL_RTNL_BATCH_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    RTNL_BATCH_MESSAGES = 128,
    RTNL_BATCH_MESSAGE_BYTES = 512,
};

struct rtnl_batch;

/* 0 or a negative errno. */
int rtnl_batch_open(struct rtnl_batch **out);
void rtnl_batch_close(struct rtnl_batch *batch);

/* Begins a message (NLM_F_REQUEST and NLM_F_ACK are added to flags as needed); the caller puts a
 * header and attributes of at most RTNL_BATCH_MESSAGE_BYTES into it. At most RTNL_BATCH_MESSAGES of
 * them before rtnl_batch_send(). */
struct nlmsghdr *rtnl_batch_begin(struct rtnl_batch *batch, uint16_t type, uint16_t flags);

/* Bit of the sequence numbers of quiet messages. */
#define RTNL_BATCH_QUIET 0x80000000u

/* Whether what is begun from now on is quiet, for whoever hears of all changes and knows already
 * (links_ignore_quiet()). */
void rtnl_batch_set_quiet(struct rtnl_batch *batch, bool quiet);

/* Messages begun and not yet sent. */
unsigned rtnl_batch_count(const struct rtnl_batch *batch);

bool rtnl_batch_full(const struct rtnl_batch *batch);

/* Sends all and waits (at most 1 s) for the answers. Returns 0 when all succeeded, else
 * the first negative errno; rtnl_batch_result() has each. The batch is empty afterwards. */
int rtnl_batch_send(struct rtnl_batch *batch);

/* 0 or a negative errno of the i-th message of the last send. */
int rtnl_batch_result(const struct rtnl_batch *batch, unsigned i);

/* What the kernel says about that error beyond its number; "" when nothing. */
const char *rtnl_batch_detail(const struct rtnl_batch *batch, unsigned i);

/* Under which notifications of the kernel name it as the one who changed something. */
uint32_t rtnl_batch_port(const struct rtnl_batch *batch);

/* Empty: the sequence number that the next message gets, but for the bit. */
uint32_t rtnl_batch_sequence(const struct rtnl_batch *batch);

/* sendmsg() calls since opening. */
uint64_t rtnl_batch_sends(const struct rtnl_batch *batch);

#endif
