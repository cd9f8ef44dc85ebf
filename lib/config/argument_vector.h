/*
 * A command line as written in a configuration, split into words. No shell runs it: words are
 * divided by spaces and tabs and quoted with '', "" or \ as in a shell, and what only a shell could
 * carry out ($, `, |, &, ;, <, >, parentheses outside of quotes) is refused instead of being handed
 * to the program.
 */
#ifndef VIP_CONFIG_ARGUMENT_VECTOR_H
#define VIP_CONFIG_ARGUMENT_VECTOR_H

#include <stdbool.h>
#include <stddef.h>

/* *error_at when memory ran out. */
#define ARGUMENT_VECTOR_NO_MEMORY ((size_t)-1)

/*
 * Splits `text` into at least one word. True: *out_argv is a NULL-terminated list in one block,
 * owned by the caller, ended with free(). False: *out_argv is NULL and *error_at is the offset in
 * `text` of what is wrong (a quote that is never closed, a backslash at the end, a character of the
 * shell's; the end of the text when there is no word at all), or ARGUMENT_VECTOR_NO_MEMORY.
 */
bool argument_vector_split(const char *text, char ***out_argv, size_t *error_at);

/* What is wrong at *error_at, for people: "the quote at column 7 is never closed". Returns buffer.
 */
const char *argument_vector_problem(const char *text, size_t error_at, char *buffer, size_t size);

/* How many words there are. NULL: 0. */
size_t argument_vector_count(char *const *argv);

/* True when both have the same words; NULL is equal to NULL only. */
bool argument_vector_equal(char *const *a, char *const *b);

#endif
