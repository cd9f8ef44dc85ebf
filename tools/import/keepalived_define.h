/* keepalived's definitions: $NAME=VALUE, and $NAME or ${NAME} where they are used. */
#ifndef TOOLS_IMPORT_KEEPALIVED_DEFINE_H
#define TOOLS_IMPORT_KEEPALIVED_DEFINE_H

#include "tools/import/arena.h"

#include <stdbool.h>

struct keepalived_define {
    const char *name;
    const char *value; /* of several lines when it has '\n' */
};

struct keepalived_defines {
    struct arena *arena;
    struct keepalived_define *list;
    size_t count;
};

/* Defines a name, or gives it another value. Texts are copied. */
void keepalived_define(struct keepalived_defines *defines, const char *name, size_t length,
                       const char *value);

/* True when `text` is "$NAME=VALUE". *value is in text. */
bool keepalived_is_definition(const char *text, size_t *name_length, const char **value);

/* The first use of a known name in `text`: *start and *end are the offsets of what its value
 * takes the place of. NULL: there is none. */
const char *keepalived_find_use(const struct keepalived_defines *defines, const char *text,
                                size_t *start, size_t *end);

#endif
