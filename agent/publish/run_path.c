/* See run_path.h. */
#include "agent/publish/run_path.h"

#include <stdio.h>
#include <string.h>

char *run_path(const char *run_dir, const char *control_path, const char *leaf)
{
    const char *slash = strrchr(control_path, '/');
    char *path = NULL;
    int r;

    if (run_dir != NULL)
        r = asprintf(&path, "%s/%s", run_dir, leaf);
    else if (slash != NULL)
        r = asprintf(&path, "%.*s/%s", (int)(slash - control_path), control_path, leaf);
    else
        r = asprintf(&path, "./%s", leaf);
    return r < 0 ? NULL : path;
}
