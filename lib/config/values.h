/* One written value to its typed field, by the schema. */
#ifndef VIP_CONFIG_VALUES_H
#define VIP_CONFIG_VALUES_H

#include "lib/config/schema_rows.h"

enum { CONFIG_ERROR_SIZE = 384 };

/*
 * Parses `text` (one item, where the type is a list) as a value of `key` and stores it.
 * base: the struct of the section that the key belongs to.
 * Returns 0; -EINVAL with *error worded ("found ..., expected ...") and nothing stored; -ENOMEM.
 */
int config_value_parse(const struct config_key *key, const char *text, void *base, char *error,
                       size_t error_size);

/* True when both structs hold the same value of `key`. */
bool config_value_equal(const struct config_key *key, const void *a, const void *b);

#endif
