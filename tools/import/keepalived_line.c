/* Lines, comments and continuation: see keepalived_line.h. */
#include "tools/import/keepalived_line.h"

#include "tools/import/arena.h"
#include "tools/import/keepalived_define.h"
#include "tools/import/keepalived_lexer.h"

#include <stdlib.h>
#include <string.h>

#define SPACES " \t\r\v\f"

bool keepalived_has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c < 0x20 && c != '\n' && strchr(SPACES, *text) == NULL) || c == 0x7f)
            return true;
    }
    return false;
}

/* "$NAME=", or that behind a condition. */
static bool is_definition(const char *text)
{
    size_t name_length = 0;
    const char *value = NULL;

    text += strspn(text, SPACES);
    if (*text == '@') {
        text += strcspn(text, SPACES);
        text += strspn(text, SPACES);
    }
    return keepalived_is_definition(text, &name_length, &value);
}

char *keepalived_next_line(const char **at, unsigned *line, unsigned *first)
{
    char *out = arena_must(calloc(1, 1));
    size_t length = 0;
    bool more = true;

    *first = *line + 1;
    while (more && **at != '\0') {
        const char *start = *at;
        size_t raw = strcspn(start, "\n");
        size_t used = keepalived_without_comment(start, raw);

        (*line)++;
        *at += raw + (start[raw] == '\n' ? 1 : 0);
        if (used == 0 && length > 0)
            continue; /* an empty line between those of a definition */
        more = used > 0 && start[used - 1] == '\\' && (used < 2 || start[used - 2] != '\\');
        out = arena_must(realloc(out, length + used + 1));
        memcpy(out + length, start, used);
        length += used;
        if (more)
            out[length - 1] = '\n';
        out[length] = '\0';
    }
    if (!is_definition(out)) {
        for (char *end = strchr(out, '\n'); end != NULL; end = strchr(end, '\n'))
            *end = ' ';
    }
    return out;
}
