/* As whom keepalived runs a program and as whom vipd does, and where that matters. */
#ifndef TOOLS_IMPORT_USERS_H
#define TOOLS_IMPORT_USERS_H

#include "tools/import/program.h"

/* Adds the item about a program's user. clean: nothing was found in it that the unit stops. */
void import_tell_user(struct import *import, struct import_section *section,
                      const struct program *program, bool clean);

/* Adds an item where keepalived may have left a vrrp_script out, for want of a user to run it. */
void import_tell_security(struct import *import, struct import_section *section,
                          const struct keepalived_node *block,
                          const struct keepalived_node *script);

#endif
