/* Descriptors that are kept for people: when all others are taken by interfaces and programs, that
 * is when somebody asks what is wrong. */
#ifndef AGENT_CONTROL_RESERVE_H
#define AGENT_CONTROL_RESERVE_H

#include <stdbool.h>
#include <stddef.h>

enum { CONTROL_RESERVE_MAX = 4 };

/* All zero to begin with. */
struct control_reserve {
    int list[CONTROL_RESERVE_MAX];
    size_t count;
};

/* Takes what is missing, as far as there is any. */
void control_reserve_fill(struct control_reserve *reserve);

/* Gives one back to the system, for whoever is accepted next. False: none is left. */
bool control_reserve_spend(struct control_reserve *reserve);

/* Gives all of them back. */
void control_reserve_free(struct control_reserve *reserve);

#endif
