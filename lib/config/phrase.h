/*
 * One item of a list whose items are phrases, in iproute2's words: split at blanks, taken word by
 * word, each at most once, by a table of the words that may stand there. Private to the parsers of
 * values.
 */
#ifndef VIP_CONFIG_PHRASE_H
#define VIP_CONFIG_PHRASE_H

#include "lib/config/refusal.h"
#include "lib/config/route.h"

enum { PHRASE_WORDS_MAX = 32 };

struct phrase {
    const struct refusal *refusal;
    char text[ROUTE_TEXT_SIZE];
    const char *words[PHRASE_WORDS_MAX];
    size_t count;
    size_t at;     /* the next word */
    uint32_t seen; /* bits of the rows taken already */
};

/* A word that may stand in a phrase. */
struct phrase_word {
    const char *name; /* NULL ends the table */
    bool alone;       /* no value stands behind it */
    unsigned meaning; /* those of one meaning stand at most once together */
    bool (*take)(void *out, const char *value);
};

/* Splits what is to be parsed. 0 or -EINVAL, with the words written. */
int phrase_begin(struct phrase *phrase, const struct refusal *refusal);

/* The next word if it is that one, and goes on. */
bool phrase_skip(struct phrase *phrase, const char *word);

/* The next word, or NULL. */
const char *phrase_next(struct phrase *phrase);

/* Takes all that is left into *out by the table. 0 or -EINVAL, with the words written. */
int phrase_take(struct phrase *phrase, const struct phrase_word *table, void *out);

/* "found 'TEXT' with WORD, expected ...", WORD quoted. Returns -EINVAL. */
int phrase_refuse(const struct phrase *phrase, const char *why, const char *word);

/* A number, decimal or with 0x. */
bool phrase_number(const char *text, uint32_t *out);

/* The name of an interface, into char[INTERFACE_NAME_SIZE]. */
bool phrase_interface(const char *text, char *out);

/* A routing table: a number, or the name of one that every system has. */
bool phrase_table(const char *text, uint32_t *out);

/* A prefix, an address alone being a host. False for one with bits behind its length as well. */
bool phrase_network(const char *text, struct ip_prefix *out);

#endif
