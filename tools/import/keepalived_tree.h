/* A keepalived configuration as a tree of statements and blocks. */
#ifndef TOOLS_IMPORT_KEEPALIVED_TREE_H
#define TOOLS_IMPORT_KEEPALIVED_TREE_H

#include "tools/import/keepalived_reader.h"

/* A statement "WORD WORD ..." or a block "WORD ... { ... }". All of it is of the arena. */
struct keepalived_node {
    struct keepalived_place place;
    const char **words; /* at least one, but for the root */
    size_t count;
    bool block;
    struct keepalived_node *parent;
    struct keepalived_node *first; /* what is in the block, in order */
    struct keepalived_node *last;
    struct keepalived_node *next;
};

/* What the reader left out. */
struct keepalived_left_out {
    struct keepalived_place place;
    const char *text;
    const char *why;
    bool lost;
};

struct keepalived_tree {
    struct keepalived_node root; /* its place is the file as a whole */
    struct keepalived_left_out *left_out;
    size_t left_out_count;
};

/* Reads `path` and what it includes. NULL: *error says why. */
struct keepalived_tree *keepalived_tree_read(struct arena *arena, const char *path,
                                             const char *config_id, struct keepalived_error *error);

/* True when the statement begins with that word. */
bool keepalived_is(const struct keepalived_node *node, const char *word);

/* The last statement of that word in a block, as keepalived lets it count; NULL: none. */
const struct keepalived_node *keepalived_last(const struct keepalived_node *block,
                                              const char *word);

/* The first one, for words of which keepalived ignores repetitions; NULL: none. */
const struct keepalived_node *keepalived_first(const struct keepalived_node *block,
                                               const char *word);

/* The words from `index` on, one space between. Of the arena. */
char *keepalived_text(struct arena *arena, const struct keepalived_node *node, size_t index);

#endif
