/* How often a set's addresses are put right after somebody changed them, and how often that is
 * said. The first repair is made and told at once; the more follow, the longer each waits: a
 * program that takes an address away on sight must cost neither the processor nor the journal.
 * Quiet ends it. Times are boot time in ns. */
#ifndef AGENT_KERNEL_REPAIRS_H
#define AGENT_KERNEL_REPAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a desired set; all zero to begin with. NULL stands for one that is. */
struct repairs {
    uint64_t next_ns;    /* not before that; 0: at once */
    uint64_t backoff_ns; /* what the last one had to wait afterwards */
    uint64_t last_ns;    /* of the last one; 0: none yet */
    uint64_t told_ns;    /* when a line was last logged */
    size_t gone;         /* since that line: added again */
    size_t unmarked;     /* since that line: marked again */
    bool waiting;        /* something is to be put right at next_ns */
};

/* Whether a repair may be made now. False: it waits, repairs_due_ns() says until when. */
bool repairs_may(struct repairs *repairs, uint64_t now_ns);

/* So many addresses were gone and were added again, and so many had lost the mark and got it back.
 * Logs it as `owner`'s, or counts it for a later line. */
void repairs_note(struct repairs *repairs, const char *owner, size_t gone, size_t unmarked,
                  uint64_t now_ns);

/* Logs what was counted, if that is due. */
void repairs_tell(struct repairs *repairs, const char *owner, uint64_t now_ns);

/* The addresses are wanted anew: nothing of them has to wait. */
void repairs_begin(struct repairs *repairs);

/* The addresses are wanted no more: logs what is untold, and nothing waits. */
void repairs_end(struct repairs *repairs, const char *owner, uint64_t now_ns);

/* When repairs_may() or repairs_tell() is to be called next; DEADLINE_NEVER. */
uint64_t repairs_due_ns(const struct repairs *repairs);

#endif
