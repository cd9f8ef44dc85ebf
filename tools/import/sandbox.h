/*
 * What vipd's unit takes from the programs that keepalived ran as root: privileges, homes, /tmp, a
 * file system that can be written, the sight of other users' processes, executable memory. A
 * program is looked at as far as that can be done without running it: its command, its file's mode,
 * and the text of a shell script.
 */
#ifndef TOOLS_IMPORT_SANDBOX_H
#define TOOLS_IMPORT_SANDBOX_H

#include "tools/import/program.h"

/* Adds an item for each thing that will not work, or one that says as whom it runs. */
void import_program(struct import *import, struct import_section *section,
                    const struct program *program);

#endif
