/* vipctl version; see vipctl(1). */
#ifndef TOOLS_CMD_VERSION_H
#define TOOLS_CMD_VERSION_H

#include "tools/context.h"

/* argv[0] is the verb. Returns the exit code. */
int cmd_version(const struct context *context, int argc, char **argv);

#endif
