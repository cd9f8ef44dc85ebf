/* Text as HTML. */
#ifndef TOOLS_EXPORTER_HTML_H
#define TOOLS_EXPORTER_HTML_H

#include <stdio.h>

/* Writes a format of our own: "%s" becomes the next text, escaped, "%%" a percent sign. */
void html(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
