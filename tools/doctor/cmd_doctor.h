/* vipctl doctor. */
#ifndef TOOLS_DOCTOR_CMD_DOCTOR_H
#define TOOLS_DOCTOR_CMD_DOCTOR_H

#include "tools/common/context.h"

/* Examines this node. Returns an exit code. */
int cmd_doctor(const struct context *context, int argc, char **argv);

#endif
