/* "Did you mean ...?": the known name nearest to what somebody typed. */
#ifndef VIP_CONFIG_SUGGEST_H
#define VIP_CONFIG_SUGGEST_H

#include <stddef.h>

/* The nearest of `count` names, or NULL when none is near enough to be worth a guess. Case and the
 * difference of '_' and '-' do not count; names and words beyond NAME_SIZE are never near. */
const char *suggest(const char *word, const char *const *names, size_t count);

/* Insertions, deletions, substitutions and swaps of neighbours that turn one into the other;
 * SIZE_MAX when either is longer than NAME_SIZE - 1. */
size_t edit_distance(const char *a, const char *b);

#endif
