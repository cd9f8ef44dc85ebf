/*
 * A vipd.conf in the making: sections with keys, and the items: what was not carried over, and what
 * is worth knowing. What this vipd's schema does not have becomes an item by itself.
 */
#ifndef TOOLS_IMPORT_OUTPUT_H
#define TOOLS_IMPORT_OUTPUT_H

#include "tools/import/keepalived_tree.h"

/* What an item means for whoever takes the result as it is. All but a note are differences: they
 * are what is not carried over, the worst last. */
enum import_kind {
    IMPORT_NOTE = 0, /* carried over, or not needed */
    IMPORT_LOST,     /* something that keepalived did is not done */
    IMPORT_FAILOVER, /* fails over when it should not, or does not when it should */
    IMPORT_MASTERS,  /* two masters, or none */
    IMPORT_KINDS,
};

struct import_item {
    enum import_kind kind;
    struct keepalived_place place;
    const struct keepalived_node *node; /* NULL: of no statement */
    const char *text;                   /* what is written there */
    const char *why;                    /* and what to do */
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
    const struct keepalived_tree *tree;
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

/* True when a hook of this vipd may be run by systemd ("unit: NAME"). */
bool import_knows_unit_hooks(void);

/* Adds an item about a statement. section: NULL for none. why is copied. */
void import_item(struct import_output *out, struct import_section *section, enum import_kind kind,
                 const struct keepalived_node *node, const char *why);

/* The same with a text of its own; node may be NULL where place is given. */
void import_item_text(struct import_output *out, struct import_section *section,
                      enum import_kind kind, const struct keepalived_node *node,
                      const struct keepalived_place *place, const char *text, const char *why);

/* Calls back for each item, in the order they are printed in. */
void import_each_item(const struct import_output *out,
                      void (*call)(void *user, const struct import_section *section,
                                   const struct import_item *item),
                      void *user);

size_t import_count(const struct import_output *out, enum import_kind kind);

/* All items but notes. */
size_t import_count_lost(const struct import_output *out);

/* The file as seen from the directory of the configuration that was given. */
const char *import_short_name(const struct import_output *out, const char *file);

#endif
