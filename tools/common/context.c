/* How a verb that was called wrongly ends; see context.h. */
#include "tools/common/context.h"

#include <stdio.h>

int context_wrong_usage(const struct context *context, const char *more)
{
    fprintf(stderr, "usage: vipctl %s %s\n%s", context->verb, context->arguments,
            more != NULL ? more : "");
    return EXIT_USAGE;
}
