/* The other side of the fork; for child.c only. */
#ifndef AGENT_BASE_CHILD_EXEC_H
#define AGENT_BASE_CHILD_EXEC_H

#include "agent/base/child.h"

/* In the new process: becomes the program, with its output going to `output`. Never returns. */
_Noreturn void child_exec(const struct child_spec *spec, int output);

#endif
