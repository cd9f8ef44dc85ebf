/*
 * What a program says beyond what anybody wants to know: read and thrown away by a thread of
 * ordinary priority, as fast as the program likes, so that neither it nor the loop waits.
 */
#ifndef AGENT_BASE_FLOOD_H
#define AGENT_BASE_FLOOD_H

struct flood;

/* From now on everything that comes out of the pipe is thrown away; the caller does not read it any
 * more, and may close it. NULL: no thread can be had. */
struct flood *flood_begin(int pipe);

/* Ends it soon, without waiting; what still writes then is told that nobody reads. NULL is
 * allowed. */
void flood_end(struct flood *flood);

#endif
