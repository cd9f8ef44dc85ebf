/* `vipd --release`: what is left of an agent that died is taken away at once. */
#ifndef AGENT_RELEASE_H
#define AGENT_RELEASE_H

#include "agent/base/config_box.h"

/* True when a vipd lives that answers (or would, were it not stopped or busy) at that control
 * socket: what it holds is no leftover. */
bool release_is_premature(const char *control_path);

/* Removes every address, virtual link, route and rule that carries our mark, and our table of
 * nf_tables, and resigns (priority 0) for the
 * instances of `box` (NULL: none) that held one. Does not need a running agent; does nothing after
 * a clean stop. Returns 0, or 1 when something could not be removed (logged). */
int release_leftovers(struct config_box *box);

#endif
