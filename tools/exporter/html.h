/* Text as HTML. */
#ifndef TOOLS_EXPORTER_HTML_H
#define TOOLS_EXPORTER_HTML_H

#include <stdio.h>

/* Writes the text, whatever is in it, so that it can stand between tags and in attributes. */
void html_text(FILE *out, const char *text);

/* Writes a format of our own: "%s" becomes the next text, escaped, "%%" a percent sign. */
void html(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
