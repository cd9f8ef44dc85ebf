/* vipctl watch: what vipd does, as it happens. */
#ifndef TOOLS_WATCH_CMD_WATCH_H
#define TOOLS_WATCH_CMD_WATCH_H

#include "tools/common/context.h"

/* watch [--interval DURATION] [FILTER]; argv[0] is the verb. A full screen on a terminal, else a
 * line for each change; until it is told to quit, whether vipd runs or not. Returns EXIT_GOOD,
 * EXIT_USAGE, or EXIT_FAILED when the output is gone. */
int cmd_watch(const struct context *context, int argc, char **argv);

#endif
