/*
 * vipctl status; see vipctl(1).
 *
 * Its family are the verbs that ask the running vipd something and print the answer: status,
 * history, drain, resume and take (handover), reload, version. Each asks with common/client, owns
 * the reply, and prints it as a table, as sentences, or as the JSON that came. What an answer means
 * is decided by vipd: here it is only worded. detail, checks and drained word parts of an instance;
 * history_file reads what a vipd that does not run has left, since what people type for a time.
 */
#ifndef TOOLS_STATUS_CMD_STATUS_H
#define TOOLS_STATUS_CMD_STATUS_H

#include "tools/common/context.h"

/* argv[0] is the verb. Returns the exit code. */
int cmd_status(const struct context *context, int argc, char **argv);

#endif
