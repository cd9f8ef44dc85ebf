/* A mutex with priority inheritance; see lock.h. */
#include "agent/base/lock.h"

void lock_init(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    (void)pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    if (pthread_mutex_init(lock, &attributes) != 0)
        pthread_mutex_init(lock, NULL);
    pthread_mutexattr_destroy(&attributes);
}
