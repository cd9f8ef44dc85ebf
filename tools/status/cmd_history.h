/* vipctl history; see vipctl(1). */
#ifndef TOOLS_STATUS_CMD_HISTORY_H
#define TOOLS_STATUS_CMD_HISTORY_H

#include "tools/common/context.h"

/* argv[0] is the verb. Returns the exit code. */
int cmd_history(const struct context *context, int argc, char **argv);

#endif
