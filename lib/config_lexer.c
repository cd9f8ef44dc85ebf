/*
 * INI text through inih, which takes "key = value" lines and continuation lines apart. It is fed a
 * line at a time by read_line(), which makes up for what the library as distributions build it
 * leaves out:
 *  - line numbers: read_line() counts, the handler is called before the next line is asked for;
 *  - every unreadable line: one that brought no call of the handler is reported, not only the
 *    first;
 *  - its line buffer of 200 octets: a longer line is handed over in pieces cut at a comma or space,
 *    as if it had been continued, and comments may have any length;
 *  - section names of 49 octets, and sections without keys: headers are read here, inih is given a
 *    stand-in;
 *  - indented keys: an indented line continues the value before it only when it has no '=';
 *  - one way of writing: what inih takes for "key: value" has no '=' and is refused.
 * Comments begin with '#' or ';' at the start of a line or behind a space.
 */
#include "lib/config_lexer.h"

#include <assert.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

struct lexer {
    const struct config_lexer_events *events;
    const char *next; /* first character not yet read */
    unsigned line;
    const char *content; /* of the current line, for messages */
    size_t content_length;
    const char *rest; /* of the content: what was not handed over yet */
    size_t rest_length;
    bool asked; /* inih was given something that has to bring a call of the handler */
    bool continued;
    bool open; /* there is a value that could be continued */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_comment(char c)
{
    return c == '#' || c == ';';
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

/* The length without an inline comment. */
static size_t without_comment(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (is_comment(text[i]) && (i == 0 || is_space(text[i - 1])))
            return i;
    }
    return length;
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
    lexer->rest_length = 0;
    lexer->events->fault(lexer->events->user, lexer->line, fault, lexer->content,
                         lexer->content_length);
}

/* "[header]" with nothing behind it but a comment. */
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

/* Where to divide `rest` so that the first piece fits; 0: nowhere. */
static size_t find_cut(const struct lexer *lexer, size_t room)
{
    for (size_t i = room; i > 0; i--) {
        char c = lexer->rest[i - 1];
        if (c == ',' || is_space(c))
            return i;
    }
    return 0;
}

/* Hands over as much of the rest as fits; what follows will be a continuation line. */
static char *hand_over(struct lexer *lexer, char *buffer, size_t size)
{
    size_t used = 0;
    size_t room = size - 3; /* a space before, a newline and NUL behind */
    size_t length = lexer->rest_length;

    if (length > room)
        length = find_cut(lexer, room);
    if (length == 0) {
        report(lexer, LEXER_LINE_TOO_LONG);
    } else {
        if (lexer->continued)
            buffer[used++] = ' ';
        memcpy(buffer + used, lexer->rest, length);
        used += length;
        lexer->asked = true;
    }
    lexer->rest += length;
    lexer->rest_length -= length < lexer->rest_length ? length : lexer->rest_length;
    trim(&lexer->rest, &lexer->rest_length);
    buffer[used++] = '\n';
    buffer[used] = '\0';
    return buffer;
}

/* Takes the next line of the text: its content without surrounding space and comment. */
static void take_line(struct lexer *lexer)
{
    const char *start = lexer->next;
    size_t length = strcspn(start, "\n");

    lexer->next = start + length + (start[length] == '\n' ? 1 : 0);
    lexer->line++;
    if (length > 0 && start[length - 1] == '\r')
        length--;
    lexer->content = start;
    lexer->content_length = without_comment(start, length);
    trim(&lexer->content, &lexer->content_length);
    lexer->continued =
        lexer->content != start && memchr(lexer->content, '=', lexer->content_length) == NULL;
}

static bool is_readable(const struct lexer *lexer)
{
    if (lexer->continued)
        return lexer->open;
    return memchr(lexer->content, '=', lexer->content_length) != NULL;
}

/* inih's reader, in the manner of fgets(). */
static char *read_line(char *buffer, int size, void *stream)
{
    struct lexer *lexer = stream;

    assert(size > 16);
    if (lexer->asked)
        report(lexer, LEXER_UNREADABLE);
    if (lexer->rest_length > 0) {
        lexer->continued = true;
        return hand_over(lexer, buffer, (size_t)size);
    }
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
    if (!is_readable(lexer)) {
        report(lexer, LEXER_UNREADABLE);
        return buffer;
    }
    lexer->rest = lexer->content;
    lexer->rest_length = lexer->content_length;
    return hand_over(lexer, buffer, (size_t)size);
}

static int take_value(void *user, const char *section, const char *key, const char *value)
{
    struct lexer *lexer = user;

    (void)section;
    if (key == NULL || *key == '\0')
        return 1;
    lexer->asked = false;
    lexer->open = true;
    lexer->events->value(lexer->events->user, lexer->line, key, value != NULL ? value : "",
                         lexer->continued);
    return 1;
}

bool config_lex(const char *text, const struct config_lexer_events *events)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    struct lexer lexer = {.events = events, .next = text};

    if (strncmp(text, byte_order_mark, strlen(byte_order_mark)) == 0)
        lexer.next += strlen(byte_order_mark);
    return ini_parse_stream(read_line, &lexer, take_value, &lexer) != -2;
}
