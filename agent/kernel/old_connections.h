/*
 * What the kernel remembers of TCP connections to virtual addresses from the time when this node
 * had them last: sockets in TIME-WAIT, for a minute. Meanwhile the clients have been served by
 * another node and may use their ports again. A connection that is on its way to that node when the
 * address comes back, and that has the numbers of one remembered here, would not be reset, as it
 * has to be for its client to try again: the kernel answers each of its segments as a late one, and
 * the client waits for ever. So who claims addresses forgets what it remembers of them.
 *
 * A worker does it (NETLINK_SOCK_DIAG; CONFIG_INET_DIAG_DESTROY), after the claim: to look through
 * all connections takes the kernel a millisecond for each family, in which many kernels give that
 * processor to nobody, and an address that comes so much later is worse than a segment that its
 * client has to send again. Connections that are open are let alone. Owner: the agent.
 */
#ifndef AGENT_KERNEL_OLD_CONNECTIONS_H
#define AGENT_KERNEL_OLD_CONNECTIONS_H

#include "agent/base/worker.h"
#include "lib/packet/claimed_address.h"

struct old_connections;

/* worker must outlive it. NULL: no memory. */
struct old_connections *old_connections_new(struct worker *worker);

/* Close the worker first: a thread that hangs keeps what it hangs in. NULL is allowed. */
void old_connections_free(struct old_connections *old);

/* What is remembered of connections to these addresses is to be forgotten: with
 * old_connections_go(), or when there are tens of thousands of them. */
void old_connections_forget(struct old_connections *old, const struct claimed_address *addresses,
                            size_t count);

/* The kernel has what was claimed: has it done, also what others have claimed meanwhile. NULL is
 * allowed. */
void old_connections_go(struct old_connections *old);

#endif
