/* The order in which the event loop serves what is pending: received adverts before the timers that
 * they may stop, both before everything else, people last. */
#ifndef AGENT_BASE_PRIORITIES_H
#define AGENT_BASE_PRIORITIES_H

enum agent_priority {
    AGENT_PRIORITY_FIRST = -50, /* bounds how long packets rest */
    AGENT_PRIORITY_PACKETS = -40,
    AGENT_PRIORITY_DEADLINES = -30,
    AGENT_PRIORITY_LEASES = -20,
    AGENT_PRIORITY_LINKS = -10,
    AGENT_PRIORITY_NEIGHBOURS = -10,
    AGENT_PRIORITY_SIGNALS = 0,
    AGENT_PRIORITY_STATE = 40, /* files about what happened: before the hooks that may read them */
    AGENT_PRIORITY_CHECKS = 45,
    AGENT_PRIORITY_HOOKS = 50,
    AGENT_PRIORITY_RECORDER = 60,
    AGENT_PRIORITY_CONTROL = 100,
    AGENT_PRIORITY_LAST = 200, /* tells that all others had a turn */
};

#endif
