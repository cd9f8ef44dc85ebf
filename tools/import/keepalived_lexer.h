/* One line of a keepalived configuration: its comment, its words, its braces. */
#ifndef TOOLS_IMPORT_KEEPALIVED_LEXER_H
#define TOOLS_IMPORT_KEEPALIVED_LEXER_H

#include "tools/import/arena.h"

/* Stand in for the '#' of ${_HASH} and the '!' of ${_BANG}, which begin no comment. */
#define KEEPALIVED_HASH '\1'
#define KEEPALIVED_BANG '\2'

/* The length of `text` without a comment ('#' or '!' outside of quotes) and the spaces before. */
size_t keepalived_without_comment(const char *text, size_t length);

enum keepalived_token {
    TOKEN_END = 0,
    TOKEN_WORD,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_BAD_QUOTE, /* a quote that is never closed */
};

struct keepalived_lexer {
    struct arena *arena;
    const char *next;
    char *scratch;
};

/* Begins a line, which has to last until the lexer is closed. */
void keepalived_lexer_open(struct keepalived_lexer *lexer, struct arena *arena, const char *line);
void keepalived_lexer_close(struct keepalived_lexer *lexer);

/* The next token. out: a word without its quotes and with escapes resolved, of the arena. */
enum keepalived_token keepalived_lexer_next(struct keepalived_lexer *lexer, const char **out);

#endif
