/*
 * What keepalived makes of statements that it does not expect where they stand: words that it does
 * not know, and lists without their brace. It starts with a message, and reads what follows
 * otherwise than it looks.
 */
#ifndef TOOLS_IMPORT_UNKNOWN_H
#define TOOLS_IMPORT_UNKNOWN_H

#include "tools/import/import.h"

/* A word that is none of the block it stands in. */
struct unknown_word {
    const char *scope;     /* "vrrp_instance" */
    bool outermost;        /* it stands outside of all blocks */
    const char *nearest;   /* what it may have been meant to be; NULL: nothing is near */
    const char *elsewhere; /* the block that has it; NULL: none */
};

/* Adds the item about such a statement. */
void import_tell_unknown(struct import *import, struct import_section *section,
                         const struct keepalived_node *node, const struct unknown_word *word);

/* True when the statement is a list of keepalived's, and no brace opens it. */
bool import_lacks_brace(const struct keepalived_node *node);

/* Adds the item about such a list. */
void import_tell_brace(struct import *import, struct import_section *section,
                       const struct keepalived_node *node);

/* True when keepalived needs a word behind it, and none is there. */
bool import_lacks_value(const struct keepalived_node *node);

/* Adds the item about such a statement. */
void import_tell_value(struct import *import, struct import_section *section,
                       const struct keepalived_node *node);

#endif
