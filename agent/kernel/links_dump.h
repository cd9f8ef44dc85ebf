/*
 * The kernel's tables read out by a worker, for it takes the kernel's lock: the messages come back
 * as they are, and the loop takes them apart. For links.c only.
 */
#ifndef AGENT_KERNEL_LINKS_DUMP_H
#define AGENT_KERNEL_LINKS_DUMP_H

#include "agent/base/worker.h"

#include <linux/netlink.h>

struct links_dump;

/* done: in the loop, when one has ended. 0 or a negative errno. */
int links_dump_open(void (*done)(void *userdata), void *userdata, struct links_dump **out);

/* After the worker was closed. */
void links_dump_close(struct links_dump *dump);

/* Begins to read all links and addresses, or all addresses. False: the worker has too much to do.
 * None must be under way. */
bool links_dump_start(struct links_dump *dump, struct worker *worker, bool links_too);

/* From start until done() is called. */
bool links_dump_busy(const struct links_dump *dump);

/* Hands out what was read, in its order, and frees it. 0, -EAGAIN (changes kept interrupting it),
 * or another negative errno: then it is not all. */
int links_dump_take(struct links_dump *dump, void (*fn)(void *userdata, struct nlmsghdr *message),
                    void *userdata);

#endif
