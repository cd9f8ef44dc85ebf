/* How many files this process may have open at a time: each interface takes several, and what the
 * system gives a program to begin with is meant for those that use select(). */
#ifndef AGENT_BASE_DESCRIPTORS_H
#define AGENT_BASE_DESCRIPTORS_H

/* As many as the system lets us; says (log) when it does not. Once, at start. */
void descriptors_raise(void);

/* In a new process, before execve(): what programs expect. */
void descriptors_lower(void);

#endif
