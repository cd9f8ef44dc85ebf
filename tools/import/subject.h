/*
 * What the files that fill in one [instance] share (instance.c, wire.c, behaviour.c): whose block
 * it is, and which section it becomes.
 */
#ifndef TOOLS_IMPORT_SUBJECT_H
#define TOOLS_IMPORT_SUBJECT_H

#include "tools/import/import.h"

struct subject {
    struct import *import;
    struct import_instance *instance;
    const struct keepalived_node *block;
    struct import_section *section;
};

#define ITEM_ON(subject, kind, node, ...)                                                          \
    IMPORT_ITEM((subject)->import, (subject)->section, (kind), (node), __VA_ARGS__)

/* The last statement of that word in the block, which is the one that counts, or NULL. */
static inline const struct keepalived_node *last(const struct subject *subject, const char *word)
{
    return keepalived_last(subject->block, word);
}

/* Sets a key of the section, as import_set() does. False: vipd does not take that value. */
static inline bool set(const struct subject *subject, const struct keepalived_node *node,
                       const char *key, const char *value)
{
    return import_set(subject->import->out, subject->section, node, key, value);
}

#endif
