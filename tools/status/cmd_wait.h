/* vipctl wait: ends when instances have come to a state. */
#ifndef TOOLS_STATUS_CMD_WAIT_H
#define TOOLS_STATUS_CMD_WAIT_H

#include "tools/common/context.h"

int cmd_wait(const struct context *context, int argc, char **argv);

#endif
