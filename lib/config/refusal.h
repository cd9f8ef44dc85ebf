/* A value that is refused, and the words about it. */
#ifndef VIP_CONFIG_REFUSAL_H
#define VIP_CONFIG_REFUSAL_H

#include "lib/config/schema_rows.h"

/* What is parsed, and where the words go if it is refused. */
struct refusal {
    const struct config_key *key;
    const char *text;
    char *error;
    size_t error_size;
};

/* "found 'TEXT'REMARK, expected ...". Returns -EINVAL. */
int config_refuse(const struct refusal *refusal, const char *remark);

/* "too many ITEMS, at most MAX are possible". Returns -EINVAL. */
int config_refuse_more(const struct refusal *refusal, const char *items, int max);

#endif
