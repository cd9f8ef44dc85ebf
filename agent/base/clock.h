/* The two clocks: one for decisions, one for people. */
#ifndef AGENT_BASE_CLOCK_H
#define AGENT_BASE_CLOCK_H

#include <stdint.h>

/* CLOCK_BOOTTIME in nanoseconds: counts suspend, ignores wall-clock jumps. All decisions use it. */
uint64_t clock_boot_ns(void);

/* CLOCK_REALTIME in nanoseconds since 1970: shown to people, never decided on. */
uint64_t clock_wall_ns(void);

#endif
