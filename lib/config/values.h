/* One written value to its typed field, by the schema. */
#ifndef VIP_CONFIG_VALUES_H
#define VIP_CONFIG_VALUES_H

#include "lib/config/config.h"
#include "lib/config/schema.h"

enum { CONFIG_ERROR_SIZE = 384 };

/*
 * Parses `text` (one item, where the type is a list) as a value of `key` and stores it.
 * base: the struct config or struct config_instance the key belongs to.
 * Returns 0; -EINVAL with *error worded ("found ..., expected ...") and nothing stored; -ENOMEM.
 */
int config_value_parse(const struct config_key *key, const char *text, void *base, char *error,
                       size_t error_size);

/* True for 1 .. NAME_SIZE - 1 characters of [A-Za-z0-9._-]. */
bool config_name_valid(const char *name, size_t length);

/* True when both structs hold the same value of `key`. */
bool config_value_equal(const struct config_key *key, const void *a, const void *b);

/* Makes room for one more item behind `count` ones. NULL: out of memory, *list is as before. */
void *config_list_grow(void *list, size_t count, size_t item_size);

#endif
