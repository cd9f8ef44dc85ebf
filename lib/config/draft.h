/*
 * A configuration while it is read: the value itself and what is known about where each part was
 * written. Private to parse.c, reading*.c, draft.c and validate*.c.
 */
#ifndef VIP_CONFIG_DRAFT_H
#define VIP_CONFIG_DRAFT_H

#include "lib/config/problem.h"
#include "lib/config/schema_rows.h"

/* Where the keys of one section were written. */
struct section_draft {
    const char *file; /* NULL: the section was not given */
    unsigned line;
    unsigned key_line[SECTION_KEYS_MAX]; /* of the first time; 0: not given */
    unsigned items[SECTION_KEYS_MAX];    /* lists: how many were written, good or bad */
    bool bad[SECTION_KEYS_MAX];          /* a problem was found in the value */
    bool set_aside; /* its header was refused: its values are judged, the whole is not */
};

/* A virtual address and where it was written. */
struct placed_address {
    struct ip_address address;
    size_t instance; /* its index */
    unsigned line;
    char device[INTERFACE_NAME_SIZE]; /* empty: the instance's own */
    bool extra;
    bool derived; /* of the section's VRID, at its header */
};

struct config_draft {
    struct config *config;
    struct section_draft node;
    struct section_draft *instances; /* parallel to config->instances */
    struct section_draft *groups;    /* parallel to config->groups */
    struct section_draft *checks;    /* parallel to config->checks */
    struct placed_address *placed;   /* all virtual addresses, in the order written */
    size_t placed_count;
    struct config_problems *problems;
};

/* Begins with the defaults of [node] and copies of the file names. False: out of memory. */
bool config_draft_begin(struct config_draft *draft, const struct config_source *sources,
                        size_t count);

/* Appends an instance with its defaults. file: one of config->files; name: valid, of `length`
 * characters. False: out of memory. */
bool config_draft_add_instance(struct config_draft *draft, const char *file, unsigned line,
                               const char *name, size_t length);

/* Appends a check likewise. */
bool config_draft_add_check(struct config_draft *draft, const char *file, unsigned line,
                            const char *name, size_t length);

/* Appends a group likewise. */
bool config_draft_add_group(struct config_draft *draft, const char *file, unsigned line,
                            const char *name, size_t length);

/* Gives an instance what [node] says where it says nothing itself. False: out of memory. */
bool config_draft_complete(struct config_draft *draft, size_t index);

/* Brings the addresses of an instance into their order, those of adverts by family as well: the
 * IPv6 link-local address first, derived where none is given (RFC 9568 erratum 8300). False: out of
 * memory. */
bool config_draft_complete_addresses(struct config_draft *draft, size_t index);

/* Fills in what the types of the checks decide. */
void config_draft_complete_checks(struct config_draft *draft);

/* Remembers an address. False: out of memory. */
bool config_draft_place(struct config_draft *draft, const struct placed_address *placed);

/* Checks what no single value shows: missing keys, combinations, clashes between instances. */
void config_validate(const struct config_draft *draft);

/* The part of it that is about checks and who follows them. */
void config_validate_checks(const struct config_draft *draft);

/* The part that is about who gives way to whom: known instances, and no circle. */
void config_validate_avoid(const struct config_draft *draft);

/* The part that is about groups: known instances, one at least, none in two groups. */
void config_validate_groups(const struct config_draft *draft);

#endif
