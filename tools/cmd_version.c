/* vipctl version: of this program, and of the agent that runs. */
#include "tools/cmd_version.h"

#include "tools/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What runs, or NULL. Not running is no error here, so nothing is said about it. */
static char *running_version(const struct context *context)
{
    json_t *info = NULL;
    char *version = NULL;

    if (access(context->control_path, F_OK) != 0 ||
        client_ask(context, "org.varlink.service.GetInfo", NULL, &info) != 0)
        return NULL;
    const char *text = json_string_value(json_object_get(info, "version"));
    if (text != NULL)
        version = strdup(text);
    json_decref(info);
    return version;
}

int cmd_version(const struct context *context, int argc, char **argv)
{
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;

    if (argc > 1 && !json) {
        fputs("usage: vipctl version [--json]\n", stderr);
        return EXIT_USAGE;
    }
    char *running = running_version(context);
    if (json) {
        json_t *all = json_pack("{s:s, s:s?}", "vipctl", VIPD_VERSION, "vipd", running);
        json_dumpf(all, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(all);
    } else {
        printf("vipctl " VIPD_VERSION "\nvipd   %s\n", running != NULL ? running : "not running");
    }
    free(running);
    return EXIT_GOOD;
}
