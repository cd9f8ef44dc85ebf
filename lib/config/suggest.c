/* Nearest name by edit distance (optimal string alignment), for messages only. */
#include "lib/config/suggest.h"

#include "lib/limits.h"

#include <stdbool.h>
#include <string.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* What does not count as a difference. ASCII, whatever the locale. */
static char fold(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == '_' ? '-' : c;
}

size_t edit_distance(const char *a, const char *b)
{
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    size_t rows[3][NAME_SIZE];
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *row = rows[2];

    if (a_len >= NAME_SIZE || b_len >= NAME_SIZE)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_len; j++)
        last[j] = before[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t change = fold(a[i - 1]) == fold(b[j - 1]) ? 0 : 1;

            row[j] = smaller(last[j] + 1, row[j - 1] + 1);
            row[j] = smaller(row[j], last[j - 1] + change);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1]))
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b_len];
}

/* "prio" is far from "priority" by edits and yet clearly meant. */
static bool is_beginning(const char *word, const char *name)
{
    size_t i = 0;

    while (word[i] != '\0' && fold(word[i]) == fold(name[i]))
        i++;
    return word[i] == '\0' && i >= 3;
}

const char *suggest(const char *word, const char *const *names, size_t count)
{
    size_t limit = 1 + strlen(word) / 3;
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;

    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(word, names[i]);

        if (is_beginning(word, names[i]))
            distance = 1;
        if (distance <= limit && distance < best_distance) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}
