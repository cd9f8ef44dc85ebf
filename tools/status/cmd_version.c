/* vipctl version: of this program, and of the agent that runs. */
#include "tools/status/cmd_version.h"

#include "tools/common/client.h"
#include "tools/common/json_print.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What runs; *version is NULL when nothing does, which is no error here. 0 or an exit code. */
static int running_version(const struct context *context, char **version)
{
    json_t *info = NULL;

    *version = NULL;
    if (access(context->control_path, F_OK) != 0 && errno == ENOENT)
        return 0;
    int r = client_ask(context, "org.varlink.service.GetInfo", NULL, &info);
    if (r == 0)
        r = client_expect(context, info, "version", JSON_STRING);
    if (r == 0)
        *version = strdup(json_string_value(json_object_get(info, "version")));
    json_decref(info);
    return r == EXIT_NOT_RUNNING ? 0 : r;
}

int cmd_version(const struct context *context, int argc, char **argv)
{
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;

    if (argc > 1 && !json)
        return context_wrong_usage(context, NULL);
    char *running;
    int r = running_version(context, &running);
    if (json) {
        json_t *all = json_pack("{s:s, s:s?}", "vipctl", VIPD_VERSION, "vipd", running);
        json_print_line(all);
        json_decref(all);
    } else {
        const char *none = r == 0 ? "not running" : "unknown";

        printf("vipctl " VIPD_VERSION "\nvipd   %s\n", running != NULL ? running : none);
    }
    free(running);
    return r;
}
