/*
 * A lock between the loop and a thread that ordinary programs can take the processor from. Who
 * holds it while the loop wants it runs with the loop's priority until he lets go: else a busy
 * machine could keep him from running, and the loop waiting, for as long as it likes.
 */
#ifndef AGENT_BASE_LOCK_H
#define AGENT_BASE_LOCK_H

#include <pthread.h>

/* A kernel that lends no priority gives an ordinary one. It ends with pthread_mutex_destroy(). */
void lock_init(pthread_mutex_t *lock);

#endif
