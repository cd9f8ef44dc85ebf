/*
 * The agent is the composition: it owns the event loop and every room of the node, wires them to
 * each other, and runs the instances of the configuration from start to hand-over. It knows all
 * rooms; none of them knows it. What a room needs is handed to it when it is opened, and what it
 * has to tell comes back by a callback (agent/README.md has the way through them).
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "agent/base/config_box.h"
#include "agent/options.h"

/* Runs until it is told to stop. box: the configuration (a reference is taken).
 * Returns the process's exit code: 0 after a hand-over, 1 on a failure (logged). */
int agent_run(const struct agent_options *options, struct config_box *box);

#endif
