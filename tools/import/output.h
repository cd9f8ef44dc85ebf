/*
 * A vipd.conf in the making: sections with keys, and the items: what was not carried over, and what
 * is worth knowing. What this vipd's schema does not have becomes an item by itself.
 */
#ifndef TOOLS_IMPORT_OUTPUT_H
#define TOOLS_IMPORT_OUTPUT_H

#include "tools/import/keepalived_tree.h"

enum import_kind {
    IMPORT_NOTE = 0, /* carried over, or not needed */
    IMPORT_LOST,     /* not carried over: it behaves differently until somebody acts */
};

struct import_item {
    enum import_kind kind;
    struct keepalived_place place;
    const char *text; /* what is written there */
    const char *why;  /* and what to do */
};

struct import_items {
    struct import_item *list;
    size_t count;
};

struct import_key {
    const char *name;
    const char *value;
    size_t order; /* in the schema */
    const struct keepalived_node *node;
    unsigned line; /* in the text as last rendered */
    bool refused;
};

struct import_section {
    const char *type; /* "instance" */
    const char *name; /* NULL: a section without one */
    const struct keepalived_node *node;
    struct import_key *keys;
    size_t count;
    struct import_items items;
    bool known;    /* to this vipd's schema */
    bool refused;  /* written as comment only */
    unsigned line; /* of its header as last rendered; 0: it has none */
    struct import_section *next;
};

struct import_output {
    struct arena *arena;
    const char *source;
    struct import_section *first;
    struct import_section *last;
    struct import_items items; /* of no section */
    const char *problem;       /* why import_text() failed */
};

/* Adds a section behind those there are. node: where it comes from, for messages. */
struct import_section *import_section(struct import_output *out, const char *type, const char *name,
                                      const struct keepalived_node *node);

/* Sets a key, once. What the schema does not have or no line of vipd.conf can hold is an item
 * instead, and false. */
bool import_set(struct import_output *out, struct import_section *section,
                const struct keepalived_node *node, const char *key, const char *value);

/* True when this vipd knows that key. */
bool import_knows(const char *type, const char *key);

/* Adds an item about a statement. section: NULL for none. why is copied. */
void import_item(struct import_output *out, struct import_section *section, enum import_kind kind,
                 const struct keepalived_node *node, const char *why);

/* The same with a text of its own. */
void import_item_text(struct import_output *out, struct import_section *section,
                      enum import_kind kind, const struct keepalived_place *place, const char *text,
                      const char *why);

/* Calls back for each item, in the order they are printed in. */
void import_each_item(const struct import_output *out,
                      void (*call)(void *user, const struct import_section *section,
                                   const struct import_item *item),
                      void *user);

size_t import_count(const struct import_output *out, enum import_kind kind);

/* Makes vipd.conf of it, which vipd takes: what its own check refuses becomes an item. The text is
 * of the arena. NULL: vipd would not take it even so, with the reason in out->problem. */
const char *import_text(struct import_output *out);

#endif
