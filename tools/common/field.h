/* Fields of a JSON object, with something to print where there is none. */
#ifndef TOOLS_COMMON_FIELD_H
#define TOOLS_COMMON_FIELD_H

#include <jansson.h>
#include <stdbool.h>

/* "-" when there is no such string. Lives as long as the object. */
const char *field_text(const json_t *object, const char *key);

/* 0 when there is no such number. */
long long field_number(const json_t *object, const char *key);

bool field_true(const json_t *object, const char *key);

#endif
