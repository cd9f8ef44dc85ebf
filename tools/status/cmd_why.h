/* vipctl why; see vipctl(1). */
#ifndef TOOLS_STATUS_CMD_WHY_H
#define TOOLS_STATUS_CMD_WHY_H

#include "tools/common/context.h"

/* argv[0] is the verb. Returns the exit code. */
int cmd_why(const struct context *context, int argc, char **argv);

#endif
