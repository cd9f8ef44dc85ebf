/* One vipd in a network namespace: a second one would take the first one's addresses for leftovers
 * and remove them. The lock is the name of an abstract socket, which belongs to the namespace and
 * goes with the process. */
#ifndef AGENT_BASE_NAMESPACE_LOCK_H
#define AGENT_BASE_NAMESPACE_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

/* Takes it: 0, and *fd is to be closed at the end. -EEXIST: a vipd runs in this namespace, and
 * *holder is its process (0: not to be seen from here). Where the name cannot be had for another
 * reason (an ordinary user has taken it: he must not keep us from running) that is logged, and it
 * is 0 with *fd -1. */
int namespace_lock_take(int *fd, pid_t *holder);

/* Whether a vipd has taken it. */
bool namespace_lock_is_held(pid_t *holder);

#endif
