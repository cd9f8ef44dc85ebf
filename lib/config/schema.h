/*
 * The one table of every section and key of the configuration. The parser, config_diff(),
 * `vipctl check`, the man page, the example file and the shell completion all read it: a new key is
 * a new row here (and a field in lib/config/config.h).
 */
#ifndef VIP_CONFIG_SCHEMA_H
#define VIP_CONFIG_SCHEMA_H

#include "lib/config/schema_rows.h"

struct config_section {
    const char *name;
    bool named; /* [NAME name] */
    const struct config_key *keys;
    size_t key_count;
    const char *help;
};

/* All sections. Static. */
const struct config_section *config_schema(size_t *count);

/* By name, or NULL. */
const struct config_section *config_schema_section(const char *name);
const struct config_key *config_schema_key(const struct config_section *section, const char *name);

/* The section of struct config (node), struct config_instance (instance), struct config_group and
 * struct config_check. */
const struct config_section *config_schema_node(void);
const struct config_section *config_schema_instance(void);
const struct config_section *config_schema_group(void);
const struct config_section *config_schema_check(void);

/* True for the types that hold several items and may be given more than once. */
bool config_value_is_list(enum config_value_type type);

/* True for lists whose items have several words: only commas and ends of lines divide those. */
bool config_value_is_phrases(enum config_value_type type);

/* The default as people are told it: the text, the note, or "required". Static text. */
const char *config_key_default(const struct config_key *key);

/* A value for an example file: the default, else the sample. Static text. */
const char *config_key_sample(const struct config_key *key);

/* What a reload does for a changed key of that section: "in place", "restarts the instance",
 * "starts the check anew", "restarts its instances" or "needs a restart of vipd". Static text. */
const char *config_reload_name(const struct config_section *section, enum config_reload reload);

#endif
