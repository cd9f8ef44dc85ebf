/* How many files this process may have open at a time: each interface takes several, and what the
 * system gives a program to begin with is meant for those that use select(). */
#ifndef AGENT_BASE_DESCRIPTORS_H
#define AGENT_BASE_DESCRIPTORS_H

#include <stdbool.h>

/* Interfaces do not get the last ones: a reload that removes some reads files, what happens is
 * written to others, and hooks have pipes. */
enum { DESCRIPTORS_KEPT = 32 };

/* As many as the system lets us; says (log) when it does not. Once, at start. */
void descriptors_raise(void);

/* 32 KiB of the kernel's memory. */
enum { DESCRIPTORS_ROOM = 4096 };

/* Has the kernel make room for DESCRIPTORS_ROOM open files, which it never takes back; says (log)
 * when it cannot. Where it makes room later, in a process with threads, the thread that opens one
 * more waits for all CPUs to pass a point of rest: on a busy machine 200 ms, in which nothing was
 * adverted. Once, at start, before any thread. */
void descriptors_make_room(void);

/* Whether only those are left that interfaces do not get. Any thread. */
bool descriptors_scarce(void);

/* In a new process, before execve(): what programs expect. */
void descriptors_lower(void);

#endif
