/* See answer_wait.h. */
#include "agent/instances/answer_wait.h"

#include "lib/limits.h"

/* So many addresses, at most 4,096, make the pause longer by what it is with few. */
enum { MANY = 2048 };

#define PAUSE_NS (500 * NS_PER_US)

void answer_wait_begin(struct answer_wait *wait, uint64_t bound_ns)
{
    *wait = (struct answer_wait){.bound_ns = bound_ns};
}

bool answer_wait_over(struct answer_wait *wait, size_t answering, uint64_t now_ns)
{
    if (wait->give_up_ns == 0 || answering > wait->answering)
        wait->give_up_ns = now_ns + wait->bound_ns;
    wait->answering = answering;
    return now_ns >= wait->give_up_ns;
}

uint64_t answer_wait_pause_ns(size_t count)
{
    return PAUSE_NS * (1 + count / MANY);
}
