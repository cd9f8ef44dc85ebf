/* vipctl: options, then the verb from a table. */
#include "lib/config/suggest.h"
#include "lib/control/control.h"
#include "tools/capture/cmd_capture.h"
#include "tools/capture/cmd_decode.h"
#include "tools/check/cmd_check.h"
#include "tools/check/cmd_keygen.h"
#include "tools/common/verb_help.h"
#include "tools/doctor/cmd_doctor.h"
#include "tools/import/cmd_import.h"
#include "tools/status/cmd_handover.h"
#include "tools/status/cmd_history.h"
#include "tools/status/cmd_reload.h"
#include "tools/status/cmd_status.h"
#include "tools/status/cmd_version.h"
#include "tools/status/cmd_wait.h"
#include "tools/status/cmd_why.h"
#include "tools/watch/cmd_watch.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct verb {
    const char *name;
    const char *arguments;
    const char *help;
    int (*run)(const struct context *context, int argc, char **argv);
};

static const struct verb verbs[] = {
    {"status", "[--json] [--all] [--check | --state] [INSTANCE]", "who is master of what, and why",
     cmd_status},
    {"why", "[--json] INSTANCE", "why it is in its state, and why it last failed over", cmd_why},
    {"watch", "[--interval DURATION] [FILTER]", "status and transitions as they happen", cmd_watch},
    {"history", "[--since TIME] [--count N] [--follow] [--json] [--state-dir DIR] [INSTANCE]",
     "every transition with its reason and evidence", cmd_history},
    {"drain", "[--for TIME] [--force] [--json] INSTANCE | --all",
     "give mastership away, with no packet lost, and stay away", cmd_drain},
    {"resume", "[--json] INSTANCE | --all", "end a drain", cmd_resume},
    {"take", "[--json] INSTANCE", "ask for mastership now, once", cmd_take},
    {"wait", "[--state STATE] [--timeout TIME] [--quiet] INSTANCE | --all",
     "until it is MASTER, or in another state", cmd_wait},
    {"reload", "[--json] [--force] [--dry-run]", "have vipd read its configuration again",
     cmd_reload},
    {"check", "[--config-dir DIR] [--json] [FILE...]", "find problems in a configuration",
     cmd_check},
    {"capture", "[-r FILE | -i INTERFACE] [--json] [--all] [--count N]",
     "adverts, ARP and neighbour discovery, live or from a recording", cmd_capture},
    {"decode", "[--json] [--config FILE --instance NAME [--marks FILE]] < PACKETS",
     "explain hex IP packets from standard input", cmd_decode},
    {"keygen", "[-o FILE]", "make a key for auth-key", cmd_keygen},
    {"import", "[--json] [--config-id ID] [--plan | -o FILE [--force]] [FILE]",
     "make a vipd.conf of a keepalived configuration", cmd_import},
    {"doctor", "[--config FILE] [--config-dir DIR] [--listen DURATION] [--json] [--verbose]",
     "examine this node and say what will bite", cmd_doctor},
    {"version", "[--json]", "versions of vipctl and of the running vipd", cmd_version},
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static void print_help(void)
{
    fputs("Usage: vipctl [--control PATH] VERB [ARGUMENT]...\n"
          "Looks at and steers the floating-IP agent vipd on this node.\n\n",
          stdout);
    for (size_t i = 0; i < VERBS; i++)
        printf("  %s %s\n      %s\n", verbs[i].name, verbs[i].arguments, verbs[i].help);
    fputs("\n  --control PATH  control socket (default $" CONTROL_PATH_ENV
          ", else " CONTROL_PATH_DEFAULT ")\n"
          "  --version       print the version and exit\n"
          "  --help          print this and exit; behind a verb, its options\n"
          "\n"
          "Exit status: 0 good, 1 refused or problems found, 2 wrong usage or an unreadable file,\n"
          "3 vipd is not running (import: not everything carried over), 4 not permitted,\n"
          "5 no sensible answer in time, 6 nobody took over, or it was not given.\n"
          "status --check: 0 fine, 1 warning, 2 bad; 3 to 5 as above.\n",
          stdout);
}

/* --help or -h among what follows a verb. */
static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int print_usage(const struct verb *verb)
{
    printf("usage: vipctl %s %s\n%s; see vipctl(1)\n\n%s", verb->name, verb->arguments, verb->help,
           verb_help(verb->name));
    return EXIT_GOOD;
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

static int say_unknown(const char *name)
{
    const char *names[VERBS];

    for (size_t i = 0; i < VERBS; i++)
        names[i] = verbs[i].name;
    const char *near = suggest(name, names, VERBS);
    fprintf(stderr, "vipctl: unknown verb '%s'", name);
    if (near != NULL)
        fprintf(stderr, "; did you mean '%s'?", near);
    fputs("\nTry 'vipctl --help'.\n", stderr);
    return EXIT_USAGE;
}

/* Output that did not get out (a full disk) is a failure, whatever the verb says. */
static int close_output(int code)
{
    const bool failed = ferror(stdout) != 0;

    if (fclose(stdout) == 0 && !failed)
        return code;
    fprintf(stderr, "vipctl: cannot write the output: %s\n", strerror(errno));
    return code == EXIT_GOOD ? EXIT_FAILED : code;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"control", required_argument, NULL, 'c'},
                                            {"version", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *environment = getenv(CONTROL_PATH_ENV);
    struct context context = {
        .control_path =
            environment != NULL && environment[0] != '\0' ? environment : CONTROL_PATH_DEFAULT,
        .colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL,
    };
    int option;

    /* '+': what follows the verb is the verb's. */
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            context.control_path = optarg;
            break;
        case 'v':
            puts("vipctl " VIPD_VERSION);
            return EXIT_GOOD;
        case 'h':
            print_help();
            return EXIT_GOOD;
        default:
            fputs("Try 'vipctl --help'.\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (optind == argc) {
        print_help();
        return EXIT_USAGE;
    }
    const struct verb *verb = find_verb(argv[optind]);
    if (verb == NULL)
        return say_unknown(argv[optind]);
    context.verb = verb->name;
    context.arguments = verb->arguments;
    argc -= optind;
    argv += optind;
    return close_output(asks_for_help(argc, argv) ? print_usage(verb)
                                                  : verb->run(&context, argc, argv));
}
