/*
 * No part for an instance before the machine has been up for so long ([node] start-delay): it stays
 * in INIT, held by HOLD_START_DELAY.
 */
#ifndef AGENT_INSTANCES_START_DELAY_H
#define AGENT_INSTANCES_START_DELAY_H

#include "agent/instances/state.h"

/* Holds the instance, or lets it go, by the time and its configuration. Before ELECTION_START and
 * after every change of the configuration. */
void start_delay_look(struct instance *instance);

/* Frees what it keeps with the instance. */
void start_delay_free(struct instance *instance);

#endif
