/*
 * ~SEQ, ~SEQx and ~LST (keepalived.conf(5), "Sequence blocks" and "List blocks"): both become a
 * table with a column for each name and a row for each repetition.
 */
#include "tools/import/keepalived_sequence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS_MAX = 4096 };

#define SYNTAX_SEQ "expected ~SEQ(NAME, FROM, STEP, TO), FROM and STEP may be left out"
#define SYNTAX_LST "expected ~LST(NAME, VALUE, ...) or ~LST({NAME, ...}, {VALUE, ...}, ...)"

bool keepalived_is_sequence(const char *text)
{
    return strncmp(text, "~SEQ(", 5) == 0 || strncmp(text, "~SEQx(", 6) == 0 ||
           strncmp(text, "~LST(", 5) == 0;
}

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t");
}

/* One item, up to a character of `ends`; trimmed. Moves behind it. */
static const char *read_item(struct arena *arena, const char **at, const char *ends)
{
    *at = skip_space(*at);
    size_t length = strcspn(*at, ends);
    const char *start = *at;

    *at += length;
    while (length > 0 && (start[length - 1] == ' ' || start[length - 1] == '\t'))
        length--;
    return arena_text(arena, start, length);
}

/* A number, and items of numbers: decimal, 0x or 0. */
static bool number(const char *text, long *out)
{
    char *end = NULL;

    errno = 0;
    *out = strtol(text, &end, 0);
    return errno == 0 && end != text && *end == '\0' && *out > -1000000000L && *out < 1000000000L;
}

static bool fill_numbers(struct arena *arena, struct keepalived_sequence *out, const long from,
                         long step, long to, bool hexadecimal)
{
    long repetitions = (to - from) / step + 1;

    if (repetitions > SEQUENCE_VALUES_MAX)
        return false;
    out->values = arena_take(arena, (size_t)repetitions * sizeof(*out->values));
    for (long i = 0; i < repetitions; i++)
        out->values[i] = arena_print(arena, hexadecimal ? "%lx" : "%ld", from + i * step);
    out->repetitions = (size_t)repetitions;
    return true;
}

static bool read_numbers(struct arena *arena, const char **at, struct keepalived_sequence *out,
                         bool hexadecimal, const char **error)
{
    long items[3] = {0};
    size_t count = 0;

    *error = SYNTAX_SEQ;
    out->names[0] = read_item(arena, at, ",)");
    out->name_count = 1;
    while (**at == ',') {
        (*at)++;
        if (count == 3 || !number(read_item(arena, at, ",)"), &items[count++]))
            return false;
    }
    if (**at != ')' || count == 0 || out->names[0][0] == '\0')
        return false;
    long to = items[count - 1];
    long from = count > 1 ? items[0] : to > 0 ? 1 : -1;
    long step = count > 2 ? items[1] : to >= from ? 1 : -1;
    if (step == 0 || (to - from) / step < 0 || ((to > from) != (step > 0) && to != from))
        return false;
    *error = "more repetitions than 65536";
    return fill_numbers(arena, out, from, step, to, hexadecimal);
}

/* "A" or "{A, B, ...}" into list. Returns how many, 0 when malformed. */
static size_t read_row(struct arena *arena, const char **at, const char **list)
{
    size_t count = 0;

    *at = skip_space(*at);
    if (**at != '{') {
        list[0] = read_item(arena, at, ",)");
        return 1;
    }
    do {
        (*at)++;
        if (count == SEQUENCE_NAMES_MAX)
            return 0;
        list[count++] = read_item(arena, at, ",}");
    } while (**at == ',');
    if (**at != '}')
        return 0;
    *at = skip_space(*at + 1);
    return count;
}

static bool read_list(struct arena *arena, const char **at, struct keepalived_sequence *out,
                      const char **error)
{
    *error = SYNTAX_LST;
    out->name_count = read_row(arena, at, out->names);
    if (out->name_count == 0)
        return false;
    out->values = arena_take(arena, (size_t)ITEMS_MAX * SEQUENCE_NAMES_MAX * sizeof(*out->values));
    while (**at == ',') {
        (*at)++;
        if (out->repetitions == ITEMS_MAX)
            return false;
        if (read_row(arena, at, out->values + out->repetitions * out->name_count) !=
            out->name_count)
            return false;
        out->repetitions++;
    }
    return **at == ')' && out->repetitions > 0;
}

bool keepalived_sequence_read(struct arena *arena, const char *text,
                              struct keepalived_sequence *out, const char **error)
{
    bool list = strncmp(text, "~LST", 4) == 0;
    bool hexadecimal = strncmp(text, "~SEQx", 5) == 0;
    const char *at = strchr(text, '(') + 1;

    *out = (struct keepalived_sequence){0};
    if (!(list ? read_list(arena, &at, out, error)
               : read_numbers(arena, &at, out, hexadecimal, error)))
        return false;
    out->rest = at + 1;
    return true;
}
