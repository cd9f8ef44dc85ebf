/* JSON on stdout, as all verbs write it. */
#ifndef TOOLS_COMMON_JSON_PRINT_H
#define TOOLS_COMMON_JSON_PRINT_H

#include <jansson.h>

/* A document, indented, and a new line. */
void json_print(const json_t *document);

/* On one line: for streams of objects. */
void json_print_line(const json_t *object);

/* A string, of text that need not be UTF-8, which JSON wants: "?" then; "" for NULL. */
json_t *json_text(const char *text);

#endif
