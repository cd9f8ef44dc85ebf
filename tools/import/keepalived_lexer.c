/*
 * Words of keepalived's language (keepalived.conf(5), "Quoted strings"): divided by white space,
 * parts of them quoted with " or ', which are taken away, and backslash escapes as a shell's $''.
 * Inside quotes of one kind the other kind is an ordinary character.
 */
#include "tools/import/keepalived_lexer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f';
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

size_t keepalived_without_comment(const char *text, size_t length)
{
    char quote = '\0';
    size_t end = 0;

    while (end < length) {
        char c = text[end];

        if (c == '\\' && end + 1 < length)
            end++;
        else if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (is_quote(c))
            quote = c;
        else if (c == '#' || c == '!')
            break;
        end++;
    }
    while (end > 0 && is_space(text[end - 1]))
        end--;
    return end;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static unsigned char number(const char **next, int base, size_t digits)
{
    unsigned value = 0;

    while (digits-- > 0 && digit_of(**next) >= 0 && digit_of(**next) < base)
        value = value * (unsigned)base + (unsigned)digit_of(*(*next)++);
    return (unsigned char)value;
}

/* What stands behind a backslash. */
static char escaped(const char **next)
{
    static const char names[] = "abEfnrtv";
    static const char values[] = "\a\b\033\f\n\r\t\v";
    char c = *(*next)++;
    const char *found = strchr(names, c);

    if (found != NULL && c != '\0')
        return values[found - names];
    if (c == 'x' && digit_of(**next) >= 0)
        return (char)number(next, 16, 8);
    if (c == 'c' && **next != '\0')
        return (char)(*(*next)++ & 0x1f);
    if (digit_of(c) >= 0 && digit_of(c) < 8) {
        (*next)--;
        return (char)number(next, 8, 3);
    }
    return c;
}

static bool ends_word(char c)
{
    return c == '\0' || is_space(c) || c == '{' || c == '}';
}

void keepalived_lexer_open(struct keepalived_lexer *lexer, struct arena *arena, const char *line)
{
    *lexer = (struct keepalived_lexer){
        .arena = arena, .next = line, .scratch = arena_must(malloc(strlen(line) + 1))};
}

void keepalived_lexer_close(struct keepalived_lexer *lexer)
{
    free(lexer->scratch);
    lexer->scratch = NULL;
}

static enum keepalived_token read_word(struct keepalived_lexer *lexer, const char **out)
{
    const char **next = &lexer->next;
    size_t length = 0;
    char quote = '\0';
    bool name = false; /* within ${NAME} that stands for nothing known and remains as it is */

    while (**next != '\0' && (quote != '\0' || name || !ends_word(**next))) {
        char c = *(*next)++;

        if (c == '\\' && **next != '\0') {
            lexer->scratch[length++] = escaped(next);
        } else if (quote != '\0' ? c == quote : is_quote(c)) {
            quote = quote == '\0' ? c : '\0';
        } else {
            name = (name && c != '}') || (c == '$' && quote == '\0' && **next == '{');
            if (c == KEEPALIVED_HASH)
                c = '#';
            else if (c == KEEPALIVED_BANG)
                c = '!';
            lexer->scratch[length++] = c;
        }
    }
    *out = arena_text(lexer->arena, lexer->scratch, length);
    return quote == '\0' ? TOKEN_WORD : TOKEN_BAD_QUOTE;
}

enum keepalived_token keepalived_lexer_next(struct keepalived_lexer *lexer, const char **out)
{
    while (is_space(*lexer->next))
        lexer->next++;
    if (*lexer->next == '\0')
        return TOKEN_END;
    if (*lexer->next == '{' || *lexer->next == '}')
        return *lexer->next++ == '{' ? TOKEN_OPEN : TOKEN_CLOSE;
    return read_word(lexer, out);
}
