/*
 * What went wrong in the worker's thread, which must not log: kept until the loop says it.
 */
#ifndef AGENT_WIRE_PROBLEM_H
#define AGENT_WIRE_PROBLEM_H

/* "" when nothing did. */
struct wire_problem {
    char text[256];
};

#endif
