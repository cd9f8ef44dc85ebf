/* Lines broken between words; see wrap.h. */
#include "tools/common/wrap.h"

#include "tools/common/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    WORD_SIZE = 512,
    COLUMNS_MIN = 40, /* in less nothing can be read */
};

size_t wrap_columns(void)
{
    const char *wanted = getenv("COLUMNS");
    struct winsize size = {0};
    long columns = wanted != NULL ? strtol(wanted, NULL, 10) : 0;

    if (columns <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        columns = size.ws_col > 0 ? size.ws_col : WRAP_COLUMNS;
    if (columns <= 0)
        return 0;
    return columns > COLUMNS_MIN ? (size_t)columns : COLUMNS_MIN;
}

size_t wrap_print(FILE *out, const char *text, size_t at, size_t indent, size_t columns)
{
    size_t column = at;
    bool first = true;

    while (*(text += strspn(text, " ")) != '\0') {
        size_t length = strcspn(text, " ");
        char word[WORD_SIZE];

        snprintf(word, sizeof(word), "%.*s", (int)length, text);
        size_t width = table_width(word);
        if (columns > 0 && !first && column > indent && column + 1 + width > columns) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!first) {
            fputc(' ', out);
            column++;
        }
        fputs(word, out);
        column += width;
        text += length;
        first = false;
    }
    return column;
}
