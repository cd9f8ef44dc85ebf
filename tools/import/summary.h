/* What an administrator reads first: what will be alike, what differs, and what is cosmetic. */
#ifndef TOOLS_IMPORT_SUMMARY_H
#define TOOLS_IMPORT_SUMMARY_H

#include "tools/import/output.h"

struct summary_line {
    const char *text;
    int indent;
    const struct summary_line *next;
};

/* How many statements of keepalived became what. */
struct summary_counts {
    size_t alike;
    size_t differ;
    size_t cosmetic;
};

struct summary_counts import_counts(const struct import_output *out);

/* The lines of the summary, of the arena. */
const struct summary_line *import_summary(const struct import_output *out);

/* All items but notes, the worst first, in the order of the files otherwise. Returns how many. */
size_t import_worst(const struct import_output *out, const struct import_item ***list);

/* What a kind means, for programs. */
const char *import_kind_name(enum import_kind kind);

/* The value of a key that was not refused; NULL: none. */
const char *import_get(const struct import_section *section, const char *key);

#endif
