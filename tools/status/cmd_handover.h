/* vipctl drain, resume, take. */
#ifndef TOOLS_STATUS_CMD_HANDOVER_H
#define TOOLS_STATUS_CMD_HANDOVER_H

#include "tools/common/context.h"

int cmd_drain(const struct context *context, int argc, char **argv);
int cmd_resume(const struct context *context, int argc, char **argv);
int cmd_take(const struct context *context, int argc, char **argv);

#endif
