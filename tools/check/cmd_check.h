/*
 * vipctl check: is this a configuration vipd would take?
 *
 * lib/config decides; this reads the files (common/config_files) and prints what it was told.
 * schema_doc beside it is a program of its own, run by the build: it writes what is documented
 * about the configuration from the same schema.
 */
#ifndef TOOLS_CHECK_CMD_CHECK_H
#define TOOLS_CHECK_CMD_CHECK_H

#include "tools/common/context.h"

/* check [--config-dir DIR] [--json] [FILE...]; argv[0] is the verb. Several files are read as one
 * configuration. Returns the exit code: 0 good, 1 problems (one a line on stdout), 2 usage or
 * unreadable file. What is legal and unwise is told on stderr and changes nothing of that. */
int cmd_check(const struct context *context, int argc, char **argv);

#endif
