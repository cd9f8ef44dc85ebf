/*
 * Reading of keepalived's files, in the order of keepalived's own reader: comments, conditional
 * lines, definitions, sequences, use of definitions, includes. Whatever is in the files, it ends:
 * includes and definitions nest to a bound, and all that is written out counts against a budget.
 */
#include "tools/import/keepalived_reader.h"

#include "tools/common/read_file.h"
#include "tools/import/keepalived_define.h"
#include "tools/import/keepalived_lexer.h"
#include "tools/import/keepalived_line.h"
#include "tools/import/keepalived_sequence.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FILE_BYTES_MAX = 4 * 1024 * 1024,
    LINE_BYTES_MAX = 64 * 1024,
    INCLUDE_DEPTH_MAX = 16,
    FILES_MAX = 1000,
    NESTING_MAX = 32,
    USES_MAX = 1000, /* of definitions in one line */
    BUDGET = 64 * 1024 * 1024,
    LINE_COST = 64,
};

struct reader {
    struct arena *arena;
    const struct keepalived_events *events;
    struct keepalived_error *error;
    struct keepalived_defines defines;
    const char *config_id;
    unsigned include_depth;
    unsigned files;
    size_t spent; /* of BUDGET */
};

static bool process(struct reader *reader, const struct keepalived_place *place, const char *text,
                    unsigned depth);
static bool read_one(struct reader *reader, const char *path, const struct keepalived_place *from);

static bool fail(struct reader *reader, const struct keepalived_place *place, const char *text)
{
    *reader->error = (struct keepalived_error){place->file, place->line, text};
    return false;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static const char *skip_space(const char *text)
{
    while (is_space(*text))
        text++;
    return text;
}

static size_t word_length(const char *text)
{
    return strcspn(text, " \t\r\v\f\n");
}

/* The directory of a file, without the slash behind; "." and "" (the root's) included. */
static const char *directory_of(struct arena *arena, const char *file)
{
    const char *slash = strrchr(file, '/');

    return slash == NULL ? "." : arena_text(arena, file, (size_t)(slash - file));
}

/* ${_PWD} is that of the file being read. */
static void define_pwd(struct reader *reader, const char *file)
{
    char resolved[PATH_MAX];
    const char *name = realpath(file, resolved) != NULL ? resolved : file;

    keepalived_define(&reader->defines, "_PWD", 4, directory_of(reader->arena, name));
}

/* Where glob() has to look: relative to the including file, whose own name is no pattern. */
static char *include_pattern(struct reader *reader, const char *file, const char *pattern)
{
    if (pattern[0] == '/')
        return arena_copy(reader->arena, pattern);
    const char *directory = directory_of(reader->arena, file);
    char *out = arena_take(reader->arena, 2 * strlen(directory) + strlen(pattern) + 2);
    size_t length = 0;

    if (strcmp(directory, ".") != 0 || file[0] == '.') {
        for (const char *at = directory; *at != '\0'; at++) {
            if (strchr("*?[]{}\\~", *at) != NULL)
                out[length++] = '\\';
            out[length++] = *at;
        }
        out[length++] = '/';
    }
    memcpy(out + length, pattern, strlen(pattern) + 1);
    return out;
}

static bool include(struct reader *reader, const struct keepalived_place *place, const char *text,
                    const char *pattern)
{
    glob_t found = {0};
    bool good = true;

    if (reader->include_depth == INCLUDE_DEPTH_MAX)
        return fail(reader, place,
                    "includes are nested more than 16 deep; expected no file to include itself");
    int result =
        glob(include_pattern(reader, place->file, pattern), GLOB_BRACE | GLOB_MARK, NULL, &found);
    if (result != 0 && result != GLOB_NOMATCH)
        good = fail(reader, place, "the directory of the include cannot be read");
    else if (result == GLOB_NOMATCH)
        reader->events->left_out(reader->events->user, place, text,
                                 strpbrk(pattern, "*?[{") == NULL, "no such file on this machine");
    reader->include_depth++;
    for (size_t i = 0; good && result == 0 && i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];

        if (path[strlen(path) - 1] != '/')
            good = read_one(reader, arena_copy(reader->arena, path), place);
    }
    reader->include_depth--;
    if (good)
        define_pwd(reader, place->file);
    globfree(&found);
    return good;
}

/* include and its variants (includea, includer, ...), which differ in what is an error. */
static const char *include_of(struct reader *reader, const char *text)
{
    static const char *const words[] = {"include",  "includea", "includer",
                                        "includem", "includew", "includeb"};
    size_t length = word_length(text);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i]) != length || strncmp(words[i], text, length) != 0)
            continue;
        struct keepalived_lexer lexer;
        const char *pattern = skip_space(text + length);
        const char *word = NULL;
        /* A pattern may have braces; in quotes it may have spaces. */
        if (*pattern != '"' && *pattern != '\'')
            return arena_text(reader->arena, pattern, word_length(pattern));
        keepalived_lexer_open(&lexer, reader->arena, pattern);
        if (keepalived_lexer_next(&lexer, &word) != TOKEN_WORD)
            word = NULL;
        keepalived_lexer_close(&lexer);
        return word;
    }
    return NULL;
}

/* '@ID' and '@^ID'. True: the line counts, *rest is what is behind. */
static bool applies(const struct reader *reader, const char *text, const char **rest)
{
    bool negative = text[1] == '^';
    const char *id = text + 1 + (negative ? 1 : 0);
    size_t length = word_length(id);
    bool same = strlen(reader->config_id) == length && strncmp(reader->config_id, id, length) == 0;

    *rest = id + length;
    return same != negative;
}

static bool conditional(struct reader *reader, const struct keepalived_place *place,
                        const char *text, unsigned depth)
{
    const char *rest = NULL;

    if (applies(reader, text, &rest))
        return process(reader, place, rest, depth + 1);
    char *why = arena_print(reader->arena,
                            "a line for other nodes: this is for config-id '%s', "
                            "--config-id takes another",
                            reader->config_id);
    reader->events->left_out(reader->events->user, place, text, false, why);
    return true;
}

static bool repeat(struct reader *reader, const struct keepalived_place *place, const char *text,
                   unsigned depth)
{
    struct keepalived_sequence sequence;
    const char *error = NULL;
    bool good = true;

    if (!keepalived_sequence_read(reader->arena, text, &sequence, &error))
        return fail(reader, place, error);
    for (size_t i = 0; good && i < sequence.repetitions; i++) {
        for (size_t n = 0; n < sequence.name_count; n++)
            keepalived_define(&reader->defines, sequence.names[n], strlen(sequence.names[n]),
                              sequence.values[i * sequence.name_count + n]);
        good = process(reader, place, sequence.rest, depth + 1);
    }
    return good;
}

/* Each line of a text with several. */
static bool process_lines(struct reader *reader, const struct keepalived_place *place, char *text,
                          unsigned depth)
{
    char *rest = NULL;
    bool good = true;

    for (char *line = strtok_r(text, "\n", &rest); good && line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        good = process(reader, place, line, depth + 1);
    return good;
}

/* Takes what `text` has of definitions in their place. NULL: *reader->error says why not. */
static char *write_out(struct reader *reader, const struct keepalived_place *place,
                       const char *text)
{
    char *line = arena_must(strdup(text));
    size_t start = 0;
    size_t end = 0;
    unsigned uses = 0;

    for (;;) {
        const char *value = keepalived_find_use(&reader->defines, line, &start, &end);
        char *next = NULL;

        if (value == NULL)
            return line;
        if (uses++ == USES_MAX || strlen(line) + strlen(value) > LINE_BYTES_MAX) {
            fail(reader, place,
                 "the definitions used here do not end or are too long; expected none that uses "
                 "itself");
            free(line);
            return NULL;
        }
        reader->spent += strlen(line) + strlen(value);
        if (asprintf(&next, "%.*s%s%s", (int)start, line, value, line + end) < 0)
            next = NULL;
        free(line);
        line = arena_must(next);
        /* Lines of their own come next: what they define counts for those behind. */
        if (strchr(value, '\n') != NULL)
            return line;
    }
}

static bool process_written_out(struct reader *reader, const struct keepalived_place *place,
                                const char *text, unsigned depth)
{
    char *line = write_out(reader, place, text);
    bool good = line != NULL;

    if (line == NULL)
        return false;
    const char *content = skip_space(line);
    const char *pattern = NULL;
    if (strchr(content, '\n') != NULL)
        good = process_lines(reader, place, line, depth);
    else if (*content == '@' || (keepalived_is_sequence(content) && content[0] != text[0]))
        good = process(reader, place, content, depth + 1);
    else if ((pattern = include_of(reader, content)) != NULL)
        good = include(reader, place, content, pattern);
    else if (*content != '\0')
        good = reader->events->line(reader->events->user, place, content);
    free(line);
    return good;
}

static bool process(struct reader *reader, const struct keepalived_place *place, const char *text,
                    unsigned depth)
{
    size_t name_length = 0;
    const char *value = NULL;

    text = skip_space(text);
    if (*text == '\0')
        return true;
    reader->spent += strlen(text) + LINE_COST;
    if (reader->spent > BUDGET || depth > NESTING_MAX)
        return fail(reader, place,
                    "definitions, sequences and includes grow beyond all bounds here; expected "
                    "none that uses itself");
    if (*text == '@')
        return conditional(reader, place, text, depth);
    if (keepalived_is_definition(text, &name_length, &value)) {
        keepalived_define(&reader->defines, text + 1, name_length, skip_space(value));
        return true;
    }
    if (keepalived_is_sequence(text))
        return repeat(reader, place, text, depth);
    return process_written_out(reader, place, text, depth);
}

static bool process_text(struct reader *reader, const char *file, const char *text)
{
    struct keepalived_place place = {file, 0};
    unsigned line = 0;
    bool good = true;

    while (good && *text != '\0') {
        char *content = keepalived_next_line(&text, &line, &place.line);

        if (strlen(content) > LINE_BYTES_MAX)
            good = fail(reader, &place, "found a line of more than 64 KiB");
        else if (keepalived_has_control(content))
            good = fail(reader, &place,
                        "found a control character, expected the text of a keepalived "
                        "configuration");
        else
            good = process(reader, &place, content, 0);
        free(content);
    }
    return good;
}

/* Behind a byte-order mark, which keepalived takes for a part of the first word. */
static const char *skip_mark(struct reader *reader, const char *path, const char *text)
{
    static const char mark[] = "\xef\xbb\xbf";
    const struct keepalived_place place = {path, 1};

    if (strncmp(text, mark, strlen(mark)) != 0)
        return text;
    text += strlen(mark);
    bool lost = keepalived_without_comment(text, strcspn(text, "\n")) > 0;
    reader->events->left_out(
        reader->events->user, &place, "a byte-order mark", lost,
        lost ? "keepalived takes it for a part of the first word, which it then does not know, and "
               "leaves the statement or block out; here it is carried over"
             : "keepalived has a message for it, and so it can go");
    return text;
}

static bool read_one(struct reader *reader, const char *path, const struct keepalived_place *from)
{
    const struct keepalived_place whole = {path, 0};
    char error[128];

    if (reader->files++ == FILES_MAX)
        return fail(reader, from != NULL ? from : &whole,
                    "includes bring more than 1000 files; expected none that includes itself");
    char *text = read_file(path, FILE_BYTES_MAX, error, sizeof(error));
    if (text == NULL) {
        if (from == NULL)
            return fail(reader, &whole, arena_copy(reader->arena, error));
        reader->events->left_out(reader->events->user, from, path, true,
                                 arena_print(reader->arena, "cannot be read: %s", error));
        return true;
    }
    reader->spent += strlen(text);
    define_pwd(reader, path);
    bool good = process_text(reader, path, skip_mark(reader, path, text));
    free(text);
    return good;
}

bool keepalived_read(struct arena *arena, const char *path, const char *config_id,
                     const struct keepalived_events *events, struct keepalived_error *error)
{
    struct reader reader = {
        .arena = arena,
        .events = events,
        .error = error,
        .defines = {.arena = arena},
        .config_id = config_id,
    };
    static const char hash[] = {KEEPALIVED_HASH, '\0'};
    static const char bang[] = {KEEPALIVED_BANG, '\0'};

    keepalived_define(&reader.defines, "_HASH", 5, hash);
    keepalived_define(&reader.defines, "_BANG", 5, bang);
    keepalived_define(&reader.defines, "_INSTANCE", 9, config_id);
    return read_one(&reader, arena_copy(arena, path), NULL);
}
