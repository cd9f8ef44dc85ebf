/* Commands of keepalived as vipd takes them. */
#ifndef TOOLS_IMPORT_COMMANDS_H
#define TOOLS_IMPORT_COMMANDS_H

#include "tools/import/import.h"

/* A command of keepalived as a value of vipd.conf, with what there is to tell about it. */
const char *import_command(struct import *import, struct import_section *section,
                           const struct keepalived_node *node, const char *command);

/* True when a shell would do something with it that a plain list of words cannot. */
bool import_needs_shell(const char *command);

/* Its words, divided and quoted as a shell has them: nothing in them is an operator. */
const char *import_words_of(struct import *import, const char *command);

/* The text as one word of a shell. */
const char *import_quoted(struct import *import, const char *text);

#endif
