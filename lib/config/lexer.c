/*
 * INI text through inih, which takes keys, their lines and continuation lines apart. It is fed a
 * line at a time by read_line(), which makes up for what the library as distributions build it
 * leaves out:
 *  - line numbers: read_line() counts, the handler is called before the next line is asked for;
 *  - every unreadable line: one that brought no call of the handler is reported, not only the
 *    first;
 *  - whole values: it has a line buffer of 200 octets and cuts a value at " ;". So it is given the
 *    key with a stand-in, and the value itself goes past it;
 *  - section names of 49 octets, and sections without keys: headers are read here, inih is given a
 *    stand-in;
 *  - indented keys: an indented line continues the value before it only when it has no '=';
 *  - one way of writing: "key: value" is refused.
 * Comments begin with '#' or ';' at the start of a line, behind nothing but blanks.
 */
#include "lib/config/lexer.h"

#include <assert.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char comment_marks[] = "#;";

struct lexer {
    const struct config_lexer_events *events;
    const char *next; /* first character not yet read */
    unsigned line;
    const char *content; /* of the current line, for messages */
    size_t content_length;
    char *value; /* of the current line; as large as the text */
    bool asked;  /* inih was given something that has to bring a call of the handler */
    bool continued;
    bool open; /* there is a value that could be continued */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && is_space(**text)) {
        (*text)++;
        (*length)--;
    }
    while (*length > 0 && is_space((*text)[*length - 1]))
        (*length)--;
}

bool config_lexer_comment_in(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (strchr(comment_marks, text[i]) != NULL && (i == 0 || is_space(text[i - 1])))
            return true;
    }
    return false;
}

static bool has_control_character(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static void report(struct lexer *lexer, enum config_lexer_fault fault)
{
    lexer->asked = false;
    lexer->events->fault(lexer->events->user, lexer->line, fault, lexer->content,
                         lexer->content_length);
}

/* "[header]" with nothing behind it. */
static bool read_section(struct lexer *lexer, const char *text, size_t length)
{
    const char *end = memchr(text, ']', length);

    if (end == NULL || end != text + length - 1)
        return false;
    const char *header = text + 1;
    size_t header_length = length - 2;
    trim(&header, &header_length);
    lexer->events->section(lexer->events->user, lexer->line, header, header_length);
    return true;
}

/* Keeps the value, and gives inih what has it call the handler: "KEY=x", or " x" to continue. */
static void hand_over(struct lexer *lexer, char *buffer, size_t size)
{
    const char *value = lexer->content;
    size_t length = lexer->content_length;
    size_t key_length = 0;

    if (!lexer->continued) {
        key_length = (size_t)((const char *)memchr(value, '=', length) - value);
        value += key_length + 1;
        length -= key_length + 1;
    }
    trim(&value, &length);
    memcpy(lexer->value, value, length);
    lexer->value[length] = '\0';
    lexer->asked = true;
    snprintf(buffer, size, "%.*s%s\n", (int)key_length, lexer->content,
             lexer->continued ? " x" : "=x");
}

/* Takes the next line of the text: its content without surrounding space; none in a comment. */
static void take_line(struct lexer *lexer)
{
    const char *start = lexer->next;
    size_t length = strcspn(start, "\n");

    lexer->next = start + length + (start[length] == '\n' ? 1 : 0);
    lexer->line++;
    if (length > 0 && start[length - 1] == '\r')
        length--;
    lexer->content = start;
    lexer->content_length = length;
    trim(&lexer->content, &lexer->content_length);
    if (lexer->content_length > 0 && strchr(comment_marks, *lexer->content) != NULL)
        lexer->content_length = 0;
    lexer->continued =
        lexer->content != start && memchr(lexer->content, '=', lexer->content_length) == NULL;
}

static bool is_readable(const struct lexer *lexer)
{
    if (lexer->continued)
        return lexer->open;
    const char *equals = memchr(lexer->content, '=', lexer->content_length);
    return equals != NULL && memchr(lexer->content, ':', (size_t)(equals - lexer->content)) == NULL;
}

/* With "=x", a newline and NUL. */
static bool key_fits(const struct lexer *lexer, size_t size)
{
    return lexer->continued || strcspn(lexer->content, "=") <= size - 4;
}

/* inih's reader, in the manner of fgets(). */
static char *read_line(char *buffer, int size, void *stream)
{
    struct lexer *lexer = stream;

    assert(size > 16);
    if (lexer->asked)
        report(lexer, LEXER_UNREADABLE);
    if (*lexer->next == '\0')
        return NULL;

    take_line(lexer);
    buffer[0] = '\n';
    buffer[1] = '\0';
    if (lexer->content_length == 0)
        return buffer;
    if (has_control_character(lexer->content, lexer->content_length)) {
        report(lexer, LEXER_CONTROL_CHARACTER);
        return buffer;
    }
    if (*lexer->content == '[') {
        if (!read_section(lexer, lexer->content, lexer->content_length))
            report(lexer, LEXER_UNREADABLE);
        /* Forgets the key that could be continued. */
        snprintf(buffer, (size_t)size, "[-]\n");
        lexer->open = false;
        return buffer;
    }
    if (!is_readable(lexer))
        report(lexer, LEXER_UNREADABLE);
    else if (!key_fits(lexer, (size_t)size))
        report(lexer, LEXER_KEY_TOO_LONG);
    else
        hand_over(lexer, buffer, (size_t)size);
    return buffer;
}

static int take_value(void *user, const char *section, const char *key, const char *stand_in)
{
    struct lexer *lexer = user;

    (void)section;
    (void)stand_in;
    if (key == NULL || *key == '\0')
        return 1;
    lexer->asked = false;
    lexer->open = true;
    lexer->events->value(lexer->events->user, lexer->line, key, lexer->value, lexer->continued);
    return 1;
}

bool config_lex(const char *text, const struct config_lexer_events *events)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    size_t room = strlen(text) + 1;
    struct lexer lexer = {.events = events, .next = text, .value = malloc(room)};

    if (lexer.value == NULL)
        return false;
    if (strncmp(text, byte_order_mark, strlen(byte_order_mark)) == 0)
        lexer.next += strlen(byte_order_mark);
    bool done = ini_parse_stream(read_line, &lexer, take_value, &lexer) != -2;
    explicit_bzero(lexer.value, room); /* it may have been a key */
    free(lexer.value);
    return done;
}
