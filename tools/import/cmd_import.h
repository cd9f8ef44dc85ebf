/* vipctl import: a keepalived configuration as a vipd.conf. */
#ifndef TOOLS_IMPORT_CMD_IMPORT_H
#define TOOLS_IMPORT_CMD_IMPORT_H

#include "tools/common/context.h"

/* As exit code of `import` alone: vipd.conf was made, and not everything was carried over. */
#define EXIT_INCOMPLETE 3

/* import [--json] [--config-id ID] [-o FILE [--force]] [FILE]; argv[0] is the verb. Returns
 * EXIT_GOOD when everything was carried over, EXIT_INCOMPLETE, EXIT_FAILED for a damaged file or
 * one that is not keepalived's, EXIT_USAGE for wrong usage and for files that cannot be read or
 * written. */
int cmd_import(const struct context *context, int argc, char **argv);

#endif
