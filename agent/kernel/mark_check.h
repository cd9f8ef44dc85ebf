/* Which mark (mark.h) has come back of one that was given: asks the kernel, and may wait for it.
 * For the thread that writes. */
#ifndef AGENT_KERNEL_MARK_CHECK_H
#define AGENT_KERNEL_MARK_CHECK_H

#include "agent/kernel/observed.h"

/* Gives the address the mark with which the kernel has it. 0, or a negative errno: it is not
 * known. */
int mark_check_read(struct observed_address *address);

#endif
