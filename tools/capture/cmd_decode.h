/* vipctl decode; see vipctl(1). */
#ifndef TOOLS_CAPTURE_CMD_DECODE_H
#define TOOLS_CAPTURE_CMD_DECODE_H

#include "tools/common/context.h"

/* argv[0] is the verb. Returns the exit code. */
int cmd_decode(const struct context *context, int argc, char **argv);

#endif
