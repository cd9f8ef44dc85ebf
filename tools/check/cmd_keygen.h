/* vipctl keygen: a key for `auth-key`. */
#ifndef TOOLS_CHECK_CMD_KEYGEN_H
#define TOOLS_CHECK_CMD_KEYGEN_H

#include "tools/common/context.h"

/* keygen [-o FILE]; argv[0] is the verb. Prints a new key, or writes it to a file that is not there
 * yet, readable by root and the group vipd alone. Returns the exit code: 0 good, 1 it could not be
 * made or written, 2 usage. */
int cmd_keygen(const struct context *context, int argc, char **argv);

#endif
