/* The types of checks that there are, as one table. */
#ifndef AGENT_CHECKS_TYPES_H
#define AGENT_CHECKS_TYPES_H

#include "agent/checks/check.h"

const struct check_ops *check_type_ops(enum check_type type);

#endif
