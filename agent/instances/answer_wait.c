/* See answer_wait.h. */
#include "agent/instances/answer_wait.h"

#include "lib/limits.h"

/* So many addresses, at most 4,096, make the pause longer by what it is with few. */
enum { MANY = 2048 };

#define PAUSE_NS (500 * NS_PER_US)

/* 10,000 took 7 s on an idle machine, and as long as this on a very busy one. */
#define LONGEST_NS (30 * NS_PER_SEC)

void answer_wait_begin(struct answer_wait *wait, uint64_t bound_ns)
{
    *wait = (struct answer_wait){.bound_ns = bound_ns};
}

bool answer_wait_over(struct answer_wait *wait, uint64_t progress, uint64_t now_ns)
{
    if (wait->give_up_ns == 0)
        wait->last_ns = now_ns + LONGEST_NS;
    if (wait->give_up_ns == 0 || progress != wait->progress)
        wait->give_up_ns = now_ns + wait->bound_ns;
    wait->progress = progress;
    return now_ns >= wait->give_up_ns || now_ns >= wait->last_ns;
}

uint64_t answer_wait_pause_ns(size_t count)
{
    return PAUSE_NS * (1 + count / MANY);
}
