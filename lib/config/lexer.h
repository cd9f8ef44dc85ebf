/* From text to section headers and key-value pairs, each with its true line number. */
#ifndef VIP_CONFIG_LEXER_H
#define VIP_CONFIG_LEXER_H

#include <stdbool.h>
#include <stddef.h>

enum config_lexer_fault {
    LEXER_UNREADABLE = 0, /* no section, no key = value */
    LEXER_KEY_TOO_LONG,
    LEXER_CONTROL_CHARACTER, /* outside a comment */
};

/* What is told of a text, in the order of its lines. Texts last for the call only. */
struct config_lexer_events {
    void *user;
    /* The text between the brackets, trimmed; not NUL-terminated. */
    void (*section)(void *user, unsigned line, const char *header, size_t length);
    /* continued: a further line of the key's value, not a key given again. */
    void (*value)(void *user, unsigned line, const char *key, const char *value, bool continued);
    void (*fault)(void *user, unsigned line, enum config_lexer_fault fault, const char *text,
                  size_t length);
};

/* Reads one text to its end, whatever is in it. False: out of memory. */
bool config_lex(const char *text, const struct config_lexer_events *events);

/* True when '#' or ';' stands at the beginning of a text or behind a space: it is none, but may
 * have been meant as a comment. The text has no NUL within `length`. */
bool config_lexer_comment_in(const char *text, size_t length);

#endif
