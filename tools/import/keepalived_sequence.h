/* The repetitions of keepalived's language: ~SEQ(NAME, FROM, STEP, TO) and ~LST(NAME, A, B, ...) */
#ifndef TOOLS_IMPORT_KEEPALIVED_SEQUENCE_H
#define TOOLS_IMPORT_KEEPALIVED_SEQUENCE_H

#include "tools/import/keepalived_define.h"

enum { SEQUENCE_NAMES_MAX = 16, SEQUENCE_VALUES_MAX = 65536 };

struct keepalived_sequence {
    const char *names[SEQUENCE_NAMES_MAX];
    size_t name_count;
    const char **values; /* name_count for each repetition */
    size_t repetitions;
    const char *rest; /* of the line: what is repeated */
};

/* True when `text` begins with one of them. */
bool keepalived_is_sequence(const char *text);

/* Reads it. False: malformed or too long, with the reason in *error (static text). */
bool keepalived_sequence_read(struct arena *arena, const char *text,
                              struct keepalived_sequence *out, const char **error);

#endif
