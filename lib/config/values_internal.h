/* Shared by values.c and values_check.c only: the parsers of values. */
#ifndef VIP_CONFIG_VALUES_INTERNAL_H
#define VIP_CONFIG_VALUES_INTERNAL_H

#include "lib/config/values.h"

/* A refused value: where the words about it go. */
struct refusal {
    const struct config_key *key;
    const char *text;
    char *error;
    size_t error_size;
};

/* "found 'TEXT'REMARK, expected ...". Returns -EINVAL. */
int config_refuse(const struct refusal *refusal, const char *remark);

/* A duration within the key's range. 0, or -EINVAL with the words written. */
int config_parse_duration(const struct refusal *refusal, const char *text, uint64_t *field);

/* Stores text in the field of the key's size, or refuses it. */
int config_parse_text(const struct refusal *refusal, void *field, bool valid);

/* The types that [check NAME] brings, and VALUE_TRACK and VALUE_DAMPING. Results as
 * config_value_parse(). field: what the key's offset points at. */
int config_value_parse_check(const struct refusal *refusal, void *field);

/* True when two fields of such a type hold the same. */
bool config_value_equal_check(const struct config_key *key, const void *a, const void *b);

#endif
