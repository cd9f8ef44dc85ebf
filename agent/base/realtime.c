/* Locked memory and SCHED_FIFO; see realtime.h. */
#include "agent/base/realtime.h"

#include "agent/base/log.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

void realtime_enable(struct realtime *out)
{
    const struct sched_param param = {.sched_priority = REALTIME_PRIORITY};

    /* On fault: what was never touched costs nothing. */
    out->memory_locked = mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
    if (!out->memory_locked)
        log_msg(LOG_NOTICE, "memory is not locked (%s): raise LimitMEMLOCK or give CAP_IPC_LOCK",
                strerror(errno));
    out->fifo = sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param) == 0;
    if (!out->fifo)
        log_msg(LOG_NOTICE,
                "no real-time scheduling (%s): raise LimitRTPRIO or give CAP_SYS_NICE; adverts may "
                "be late on a busy machine",
                strerror(errno));
}
