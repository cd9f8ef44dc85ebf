/*
 * vipctl watch: what vipd does, as it happens.
 *
 * cmd_watch owns the loop; feed owns the connection and the last answers, which the others borrow;
 * model makes texts of an answer, the same for every form of output. lines prints them where there
 * is no terminal. Where there is one, screen owns it (with ncurses) and its keys, view is what the
 * keys change, draw shows it, and table fits it to the width. Nothing here waits but the loop.
 */
#ifndef TOOLS_WATCH_CMD_WATCH_H
#define TOOLS_WATCH_CMD_WATCH_H

#include "tools/common/context.h"

/* watch [--interval DURATION] [FILTER]; argv[0] is the verb. A full screen on a terminal, else a
 * line for each change; until it is told to quit, whether vipd runs or not. Returns EXIT_GOOD,
 * EXIT_USAGE, or EXIT_FAILED when the output is gone. */
int cmd_watch(const struct context *context, int argc, char **argv);

#endif
