/* vipd: options, configuration, then the agent. */
#include "agent/agent.h"
#include "agent/base/descriptors.h"
#include "agent/base/log.h"
#include "agent/base/memory_trim.h"
#include "agent/base/namespace_lock.h"
#include "agent/base/privileges.h"
#include "agent/config_reading.h"
#include "agent/publish/state_file.h"
#include "agent/publish/systemd_target.h"
#include "agent/release.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum exit_code {
    EXIT_GOOD = 0,
    EXIT_FAILED = 1,
    EXIT_BAD_CONFIG = 2, /* bad usage as well: nothing was touched */
};

enum {
    OPTION_VERSION = 256,
    PROBLEM_TEXT_SIZE = 1024,
};

static const char usage[] =
    "Usage: vipd [OPTION]...\n"
    "Floating-IP failover agent. Stays in the foreground.\n"
    "\n"
    "  --config FILE      configuration (default /etc/vipd/vipd.conf)\n"
    "  --config-dir DIR   further *.conf files, read in name order\n"
    "  --control PATH     control socket (default /run/vipd/control)\n"
    "  --state-dir DIR    where state is kept (default /var/lib/vipd)\n"
    "  --run-dir DIR      has state/INSTANCE for scripts (default: that of the socket)\n"
    "  --release          remove what an agent that died has left behind, and exit\n"
    "  --version          print the version and exit\n"
    "  --help             print this and exit\n"
    "\n"
    "SIGTERM and SIGINT hand over to a peer, then exit; SIGHUP reloads the configuration.\n"
    "Exit status: 0 stopped as told, 1 failed while running, 2 bad configuration or usage.\n";

struct command_line {
    struct agent_options options;
    bool release;
    bool done; /* --help or --version: nothing more to do */
};

static int parse_arguments(int argc, char **argv, struct command_line *out)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"config-dir", required_argument, NULL, 'd'},
        {"control", required_argument, NULL, 'C'},
        {"state-dir", required_argument, NULL, 's'},
        {"run-dir", required_argument, NULL, 'R'},
        {"release", no_argument, NULL, 'r'},
        {"version", no_argument, NULL, OPTION_VERSION},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            out->options.config_file = optarg;
            break;
        case 'd':
            out->options.config_dir = optarg;
            break;
        case 'C':
            out->options.control_path = optarg;
            break;
        case 's':
            out->options.state_dir = optarg;
            break;
        case 'R':
            out->options.run_dir = optarg;
            break;
        case 'r':
            out->release = true;
            break;
        case OPTION_VERSION:
            puts("vipd " VIPD_VERSION);
            out->done = true;
            return EXIT_GOOD;
        case 'h':
            fputs(usage, stdout);
            out->done = true;
            return EXIT_GOOD;
        default:
            fputs("Try 'vipd --help'.\n", stderr);
            return EXIT_BAD_CONFIG;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "vipd: unexpected argument '%s'\nTry 'vipd --help'.\n", argv[optind]);
        return EXIT_BAD_CONFIG;
    }
    return EXIT_GOOD;
}

/* NULL: the reason is logged, and *code is set. Without memory it may do better the next time. */
static struct config_box *load(const struct command_line *line, int *code)
{
    const struct agent_options *options = &line->options;
    struct config_reading reading;
    char text[PROBLEM_TEXT_SIZE];

    /* A release runs no hooks, and must not wait for a name service. */
    config_reading_run(options->config_file, options->config_dir, NULL, !line->release, &reading);
    const struct config_problems *problems = &reading.problems;
    struct config_box *box = reading.box;
    for (size_t i = 0; i < problems->count; i++)
        log_msg(LOG_ERR, "%s", config_problem_format(&problems->list[i], text, sizeof(text)));
    if (box == NULL && problems->count == 0)
        log_msg(LOG_ERR, "%s: out of memory", options->config_file);
    if (box == NULL)
        *code = problems->count == 0 ? EXIT_FAILED : EXIT_BAD_CONFIG;
    else
        config_reading_warn(&reading);
    reading.box = NULL;
    config_reading_free(&reading);
    return box;
}

/* Blocked from the first moment, so that a signal during start-up waits for the loop instead of
 * killing us half way. */
static void block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD); /* the loop reaps what it has started */
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* After an agent that is gone. */
static int release(const struct agent_options *options, struct config_box *box)
{
    int code;

    state_files_clear(options->run_dir, options->control_path);
    code = release_leftovers(box);
    if (box != NULL)
        systemd_targets_stop_all(box->config);
    return code;
}

/* What is held here is held by a living one. */
static bool is_premature(const char *control_path)
{
    pid_t holder = 0;

    if (release_is_premature(control_path)) {
        fprintf(stderr, "vipd: vipd is running here (it answers at %s): stop it first\n",
                control_path);
        return true;
    }
    if (namespace_lock_is_held(&holder)) {
        fprintf(stderr,
                "vipd: vipd is running in this network namespace (process %d): stop it first\n",
                (int)holder);
        return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    struct command_line line = {
        .options = {.config_file = "/etc/vipd/vipd.conf",
                    .control_path = "/run/vipd/control",
                    .state_dir = "/var/lib/vipd"},
    };
    int code = parse_arguments(argc, argv, &line);

    if (code != EXIT_GOOD || line.done)
        return code;
    if (line.release && is_premature(line.options.control_path))
        return EXIT_FAILED;
    memory_give_large_back();
    privileges_reduce();
    block_signals();
    descriptors_raise();
    descriptors_make_room();
    struct config_box *box = load(&line, &code);
    if (line.release)
        code = release(&line.options, box);
    else if (box != NULL)
        code = agent_run(&line.options, box);
    config_box_unref(box);
    return code;
}
