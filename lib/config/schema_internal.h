/* Shared by the files of the schema only. */
#ifndef VIP_CONFIG_SCHEMA_INTERNAL_H
#define VIP_CONFIG_SCHEMA_INTERNAL_H

#include "lib/config/schema.h"

/* Of lease, in [node] and in [instance NAME]. */
#define LEASE_RANGE                                                                                \
    .min = NS_PER_SEC, .max = 3600 * NS_PER_SEC, .step = NS_PER_SEC, .zero_word = "off"

#define LEASE_EXPECTED "off, or whole seconds from 1s to 1h"

/* The keys of [instance NAME]: schema_instance.c. */
extern const struct config_key config_instance_keys[INSTANCE_KEYS];

#endif
