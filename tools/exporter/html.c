/* Escaping; see html.h. */
#include "tools/exporter/html.h"

#include <assert.h>
#include <stdarg.h>

/* Whatever is in it, it can stand between tags and in attributes. */
static void put_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        case '\'':
            fputs("&#39;", out);
            break;
        default:
            /* Control characters are no HTML. */
            putc((unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text, out);
        }
    }
}

void html(FILE *out, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    for (const char *c = format; *c != '\0'; c++) {
        if (*c != '%') {
            putc(*c, out);
            continue;
        }
        c++;
        assert(*c == 's' || *c == '%');
        if (*c == 's')
            put_text(out, va_arg(arguments, const char *));
        else
            putc('%', out);
    }
    va_end(arguments);
}
