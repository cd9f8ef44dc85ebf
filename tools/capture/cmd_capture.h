/* vipctl capture; see vipctl(1). */
#ifndef TOOLS_CAPTURE_CMD_CAPTURE_H
#define TOOLS_CAPTURE_CMD_CAPTURE_H

#include "tools/common/context.h"

/* argv[0] is the verb. Returns the exit code. */
int cmd_capture(const struct context *context, int argc, char **argv);

#endif
