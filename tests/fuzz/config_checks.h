/* What must hold of whatever the configuration is made from, for the targets that read it. */
#ifndef TESTS_FUZZ_CONFIG_CHECKS_H
#define TESTS_FUZZ_CONFIG_CHECKS_H

#include "lib/config/config.h"

enum { TEXT_MAX = 16384 };

/* A NUL-terminated copy of exactly that size, so that one octet too far is seen. Freed by the
 * caller. */
char *copy_text(const uint8_t *data, size_t size);

/* Parses, and checks that there is a configuration within its limits or problems that can be told,
 * never both. The configuration, owned by the caller, or NULL. */
struct config *parse_and_check(const struct config_source *sources, size_t count);

#endif
