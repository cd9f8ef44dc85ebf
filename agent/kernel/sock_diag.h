/*
 * The kernel's list of TCP sockets, by which some in TIME-WAIT can be ended. It may take a while
 * where there are many: for a worker's thread.
 */
#ifndef AGENT_KERNEL_SOCK_DIAG_H
#define AGENT_KERNEL_SOCK_DIAG_H

#include "lib/packet/address.h"

#include <stddef.h>

/* Ends the sockets in TIME-WAIT whose local address is one of these; sorts them. How many were
 * asked to end, or a negative errno (-EOPNOTSUPP: the kernel cannot). */
int sock_diag_end_time_wait(struct ip_address *addresses, size_t count);

#endif
