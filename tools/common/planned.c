/* See planned.h. */
#include "tools/common/planned.h"

#include "tools/common/field.h"

#include <string.h>

bool planned_entry(const json_t *entry)
{
    static const char *const reasons[] = {"started", "stopped",      "drained",
                                          "resumed", "reconfigured", "taken"};

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(field_text(entry, "reason"), reasons[i]) == 0)
            return true;
    return false;
}

enum table_colour planned_colour(const json_t *entry)
{
    const char *to = field_text(entry, "to");

    if (strcmp(to, "MASTER") == 0)
        return TABLE_GREEN;
    return strcmp(to, "INIT") == 0 && !planned_entry(entry) ? TABLE_RED : TABLE_PLAIN;
}
