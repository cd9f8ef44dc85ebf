/* The difference of two configurations: what a reload has to do, instance by instance. */
#ifndef VIP_CONFIG_DIFF_H
#define VIP_CONFIG_DIFF_H

#include "lib/config/config.h"
#include "lib/config/schema.h"

enum config_change_kind {
    CONFIG_UNCHANGED = 0, /* nothing to do */
    CONFIG_ADDED,         /* start it */
    CONFIG_REMOVED,       /* stop it gracefully */
    CONFIG_UPDATED,       /* applied in place, state kept (priority, addresses, intervals, ...) */
    CONFIG_REPLACED,      /* another virtual router under the same name: stop, then start
                             (interface, vrid, group, families, mac, unicast or not) */
};

struct config_change {
    enum config_change_kind kind;
    const struct config_instance *before; /* NULL when ADDED */
    const struct config_instance *after;  /* NULL when REMOVED */
};

/* A [check NAME] that differs. */
struct config_check_change {
    enum config_change_kind kind; /* never UNCHANGED; REPLACED: looks at something else */
    const char *name;
};

struct config_diff {
    struct config_change *list; /* removed first, then replaced, then the rest in `after` order */
    size_t count;
    struct config_check_change *checks;
    size_t check_count;
    bool node_changed;           /* a [node] value differs */
    const struct config *before; /* the two compared */
    const struct config *after;
};

/* The first key from *next on (0: the first of all) whose values differ in two structs of that
 * section, and *next behind it; NULL: none. */
const struct config_key *config_diff_key(const struct config_section *section, const void *before,
                                         const void *after, size_t *next);

/* True when another check has to be started: type, or what it looks at and how, differs. */
bool config_check_restarts(const struct config_check *before, const struct config_check *after);

/* True when every key has the same value. */
bool config_check_equal(const struct config_check *a, const struct config_check *b);

/* Compares; pointers in *out point into both configurations. Freed with config_diff_free(), also
 * after an error. Returns 0 or -ENOMEM (nothing listed). */
int config_diff(const struct config *before, const struct config *after, struct config_diff *out);

void config_diff_free(struct config_diff *diff);

#endif
