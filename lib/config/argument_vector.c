/* Splitting a command line into words: one pass that copies each word behind the list of pointers,
 * which has room for the most words that a text of that length can have. */
#include "lib/config/argument_vector.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct splitter {
    const char *text;
    size_t at;
    char *out; /* where the next character of a word goes */
};

static bool is_gap(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* A shell would do something with it. */
static bool is_special(char c)
{
    return c != '\0' && strchr("$`|&;<>()", c) != NULL;
}

static void put(struct splitter *s)
{
    *s->out++ = s->text[s->at++];
}

/* Behind the opening quote. */
static bool take_single(struct splitter *s)
{
    while (s->text[s->at] != '\'' && s->text[s->at] != '\0')
        put(s);
    return s->text[s->at] == '\'';
}

/* Behind the opening quote. A backslash is one unless it protects what means something here. */
static bool take_double(struct splitter *s, size_t *error_at)
{
    while (s->text[s->at] != '"') {
        char c = s->text[s->at];

        if (c == '\0' || c == '$' || c == '`') {
            *error_at = c == '\0' ? *error_at : s->at;
            return false;
        }
        if (c == '\\' && s->text[s->at + 1] != '\0' && strchr("\"\\$`", s->text[s->at + 1]))
            s->at++;
        put(s);
    }
    return true;
}

static bool take_word(struct splitter *s, size_t *error_at)
{
    while (s->text[s->at] != '\0' && !is_gap(s->text[s->at])) {
        char c = s->text[s->at];
        bool good = true;

        *error_at = s->at;
        if (is_special(c))
            return false;
        if (c != '\'' && c != '"' && c != '\\') {
            put(s);
            continue;
        }
        s->at++;
        if (c == '\\') {
            if (s->text[s->at] == '\0')
                return false;
            put(s);
            continue;
        }
        good = c == '\'' ? take_single(s) : take_double(s, error_at);
        if (!good)
            return false;
        s->at++;
    }
    *s->out++ = '\0';
    return true;
}

static void skip_gap(struct splitter *s)
{
    while (is_gap(s->text[s->at]))
        s->at++;
}

bool argument_vector_split(const char *text, char ***out_argv, size_t *error_at)
{
    size_t length = strlen(text);
    size_t words_max = length / 2 + 1;
    char **argv = calloc(words_max + 1, sizeof(*argv) + 2);
    size_t count = 0;

    *out_argv = NULL;
    *error_at = ARGUMENT_VECTOR_NO_MEMORY;
    if (argv == NULL)
        return false;
    struct splitter s = {.text = text, .out = (char *)(argv + words_max + 1)};
    for (skip_gap(&s); text[s.at] != '\0'; skip_gap(&s)) {
        argv[count++] = s.out;
        if (!take_word(&s, error_at)) {
            free(argv);
            return false;
        }
    }
    if (count == 0) {
        *error_at = length;
        free(argv);
        return false;
    }
    *out_argv = argv;
    return true;
}

const char *argument_vector_problem(const char *text, size_t error_at, char *buffer, size_t size)
{
    size_t column = error_at + 1;

    if (error_at == ARGUMENT_VECTOR_NO_MEMORY)
        snprintf(buffer, size, "out of memory");
    else if (text[error_at] == '\0')
        snprintf(buffer, size, "there is no command");
    else if (text[error_at] == '\\')
        snprintf(buffer, size, "nothing follows the backslash at column %zu", column);
    else if (text[error_at] == '\'' || text[error_at] == '"')
        snprintf(buffer, size, "the quote at column %zu is never closed", column);
    else
        snprintf(buffer, size,
                 "no shell runs this: quote the '%c' at column %zu, or write sh -c '...'",
                 text[error_at], column);
    return buffer;
}

size_t argument_vector_count(char *const *argv)
{
    size_t count = 0;

    while (argv != NULL && argv[count] != NULL)
        count++;
    return count;
}

bool argument_vector_equal(char *const *a, char *const *b)
{
    size_t count = argument_vector_count(a);

    if (a == NULL || b == NULL)
        return a == b;
    if (argument_vector_count(b) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(a[i], b[i]) != 0)
            return false;
    }
    return true;
}
