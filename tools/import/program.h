/* A program that keepalived runs: a check's or a hook's. */
#ifndef TOOLS_IMPORT_PROGRAM_H
#define TOOLS_IMPORT_PROGRAM_H

#include "tools/import/import.h"

struct program {
    const char *command;                /* as keepalived has it */
    const struct keepalived_node *node; /* where */
    const char *user;                   /* as whom keepalived runs it; NULL: its default */
    const char *user_key;               /* vipd's key for that */
    bool hook;                          /* else a check */
};

#endif
