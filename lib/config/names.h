/* Names of sections, and lists of them: the checks that are tracked, the instances of a group. */
#ifndef VIP_CONFIG_NAMES_H
#define VIP_CONFIG_NAMES_H

#include "lib/limits.h"

#include <stdbool.h>
#include <stddef.h>

/* Names without doubles. */
struct config_names {
    char (*list)[NAME_SIZE];
    size_t count;
};

/* True for 1 .. NAME_SIZE - 1 characters of [A-Za-z0-9._-], not all of them dots. */
bool config_name_valid(const char *name, size_t length);

/* True when it is one of them. */
bool config_names_have(const struct config_names *names, const char *name);

/* Appends a valid name that is not one of them. False: out of memory, *names is as before. */
bool config_names_add(struct config_names *names, const char *name);

/* True for the same names in the same order. */
bool config_names_equal(const struct config_names *a, const struct config_names *b);

#endif
