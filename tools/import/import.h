/*
 * From the tree of a keepalived configuration to a vipd.conf in the making. Which keepalived word
 * becomes which key of vipd: words.c has what is not carried over, the file of its subject what is
 * (instance.c, wire.c, behaviour.c, addresses.c, hooks.c, checks.c, script.c, sandbox.c, groups.c).
 *
 * Three layers, from below: keepalived_*.c know keepalived's language and nothing of vipd: files
 * become lines, words, a tree. output.c, text.c, refuse.c, summary.c and plan.c know vipd.conf, and
 * of keepalived only where a statement stands: sections and keys, asked of this vipd's own schema,
 * rendered and read again by its own parser. Between them stands what is declared here. All memory
 * is of one arena, which cmd_import owns; no file is touched but those that are read and the one
 * that is written. It may use lib, and neither a running vipd nor the network.
 */
#ifndef TOOLS_IMPORT_IMPORT_H
#define TOOLS_IMPORT_IMPORT_H

#include "lib/limits.h"
#include "tools/import/output.h"

/* Settings of global_defs that are defaults of the instances. NULL: not given. */
struct import_globals {
    const struct keepalived_node *block;
    const struct keepalived_node *version;
    const struct keepalived_node *garp_repeat;
    const struct keepalived_node *garp_refresh;
    const struct keepalived_node *min_garp;
    const struct keepalived_node *strict;
    const struct keepalived_node *script_user;
    const struct keepalived_node *script_security;
    const struct keepalived_node *checksum_as_v2;
    const struct keepalived_node *down_adverts;
    const struct keepalived_node *group4;
    const struct keepalived_node *group6;
    bool mails; /* keepalived has mail to send about VRRP */
};

/* Whose statements: one of the tables of words.c. */
enum import_scope {
    SCOPE_FILE = 0,
    SCOPE_GLOBAL,
    SCOPE_INSTANCE,
    SCOPE_GROUP,
    SCOPE_SCRIPT,
    SCOPE_PROCESS,
    SCOPE_TRACK_FILE,
};

/* One [check] to be: something tracked, with one weight. */
struct import_check {
    const char *name; /* in vipd.conf */
    const char *kind; /* keepalived's word: "track_script" */
    const char *type; /* vipd's */
    enum import_scope scope;
    const char *target;                  /* the script's, interface's ... name */
    const char *weight;                  /* NULL or "0": fault when it fails */
    const struct keepalived_node *block; /* vrrp_script ...; NULL for interfaces */
    const struct keepalived_node *use;   /* where it is tracked first */
};

/* A vrrp_instance and what it became. */
struct import_instance {
    const struct keepalived_node *block;
    const char *keepalived_name;
    const char *name; /* in vipd.conf */
    struct import_section *section;
    const struct keepalived_node *group; /* the vrrp_sync_group it is in, or NULL */
    const char *priority;
    bool owner;    /* priority 255 */
    bool master;   /* keepalived begins as MASTER */
    bool strict;   /* keepalived's strict mode */
    bool version2; /* of VRRP */
    bool unicast;
};

struct import {
    struct arena *arena;
    const struct keepalived_tree *tree;
    struct import_output *out;
    struct import_globals globals;
    struct import_instance *instances;
    size_t instance_count;
    struct import_check *checks;
    size_t check_count;
};

/* Fills in import->out from import->tree. False: nothing in it is of keepalived. */
bool import_all(struct import *import);

/* The parts of it, in this order. */
void import_global(struct import *import);
void import_list_instances(struct import *import);
void import_list_checks(struct import *import);
void import_write_instances(struct import *import);
void import_write_checks(struct import *import);
void import_write_groups(struct import *import);

/* Keys for addresses of an instance. Returns its family; NONE: no address. */
enum import_family { IMPORT_NO_FAMILY = 0, IMPORT_IPV4, IMPORT_IPV6 };
enum import_family import_family_of(const struct keepalived_node *block);
void import_addresses(struct import *import, struct import_instance *instance,
                      const char *interface);

/* Keys for what is on the wire: source, peers, password, groups, MAC, checksum, dead-factor. */
void import_wire(struct import *import, struct import_instance *instance);
void import_auth_hmac(struct import *import, struct import_instance *instance);

/* Keys for what the instance does: preempt, announcements, accept, its link. */
void import_behaviour(struct import *import, struct import_instance *instance);

/* Tells of delays of interfaces that no instance is on. */
void import_tell_link_delays(struct import *import);

/* Keys for notify scripts: of an instance, or of a group on its first member. */
void import_hooks(struct import *import, struct import_section *section,
                  const struct keepalived_node *block, bool of_group, const char *keepalived_name,
                  const char *priority);

/* The `track` key of an instance: its own tracking and that of its group. */
void import_track(struct import *import, struct import_instance *instance);

/* A vrrp_script to a check of the type that fits it. */
void import_script(struct import *import, struct import_section *section,
                   const struct keepalived_node *block);

/* Sets the program that a process check looks for, and tells what vipd needs to see it. */
void import_executable(struct import *import, struct import_section *section,
                       const struct keepalived_node *node, const char *name);

/* "A, B, C". */
const char *import_joined(struct import *import, const char *const *texts, size_t count);

/* `text` as a name that vipd takes, told when it had to be changed. Another one than `taken` says
 * is there; NULL: any. */
const char *import_name(struct import *import, const struct keepalived_node *node, const char *text,
                        bool (*taken)(const struct import *import, const char *name));

/* Items for all statements of a block that the conversion above does not read. Returns
 * how many it knew. */
size_t import_sort_out(struct import *import, enum import_scope scope,
                       struct import_section *section, const struct keepalived_node *block);

/* Small readers of values. False: not one. */
bool import_number(const char *text, long min, long max, long *out);
bool import_seconds(const char *text, uint64_t *out_ns);
/* True when this vipd takes these lines in an [instance] that is complete without them. */
bool import_takes(const char *lines);
/* The word behind the keyword, or NULL. */
const char *import_value(const struct keepalived_node *node);
/* A BOOL of keepalived: true without a word. */
bool import_bool(const struct keepalived_node *node);

/* import_item() with a printed reason. */
#define IMPORT_ITEM(import, section, kind, node, ...)                                              \
    import_item((import)->out, (section), (kind), (node), arena_print((import)->arena, __VA_ARGS__))

#endif
