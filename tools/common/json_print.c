/* JSON on stdout; see json_print.h. */
#include "tools/common/json_print.h"

#include <stdio.h>

static void print(const json_t *json, size_t flags)
{
    json_dumpf(json, stdout, flags);
    putchar('\n');
}

void json_print(const json_t *document)
{
    print(document, JSON_INDENT(2));
}

void json_print_line(const json_t *object)
{
    print(object, JSON_COMPACT);
}

json_t *json_text(const char *text)
{
    json_t *value = json_string(text != NULL ? text : "");

    return value != NULL ? value : json_string("?");
}
