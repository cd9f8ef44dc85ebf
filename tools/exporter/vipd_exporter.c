/* vipd-exporter: options, the server, and waiting for the signal to stop. */
#include "lib/control/control.h"
#include "tools/exporter/http.h"
#include "tools/exporter/listen.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void print_help(void)
{
    fputs("Usage: vipd-exporter [--listen ADDRESS:PORT | --listen unix:/PATH] [--control PATH]\n"
          "Tells by HTTP what vipd says of this node: /metrics for Prometheus, / for people,\n"
          "/healthz and /master/INSTANCE for load balancers.\n"
          "\n"
          "  --listen WHERE  where to listen (default " LISTEN_DEFAULT ", every address)\n"
          "  --control PATH  control socket (default $" CONTROL_PATH_ENV
          ", else " CONTROL_PATH_DEFAULT ")\n"
          "  --version       print the version and exit\n"
          "  --help          print this and exit\n",
          stdout);
}

/* What a signal is to end is blocked in every thread, and waited for here. */
static void serve(struct http *http, const sigset_t *signals)
{
    const struct timespec second = {.tv_sec = 1};
    int got;

    do {
        got = sigtimedwait(signals, NULL, &second);
        if (got < 0)
            http_sweep(http);
    } while (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static int run(const char *where, const char *control_path)
{
    struct source source;
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    int fd = listen_open(where);
    if (fd < 0)
        return EXIT_FAILED;
    source_init(&source, control_path);
    struct http *http = http_start(fd, &source);
    if (http == NULL) {
        listen_remove(where);
        return EXIT_FAILED;
    }
    fprintf(stderr, "vipd-exporter " VIPD_VERSION ": listens on %s\n", where);
    serve(http, &signals);
    http_stop(http);
    source_free(&source);
    listen_remove(where);
    return EXIT_GOOD;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
                                            {"control", required_argument, NULL, 'c'},
                                            {"version", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *environment = getenv(CONTROL_PATH_ENV);
    const char *control_path =
        environment != NULL && environment[0] != '\0' ? environment : CONTROL_PATH_DEFAULT;
    const char *where = LISTEN_DEFAULT;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'l':
            where = optarg;
            break;
        case 'c':
            control_path = optarg;
            break;
        case 'v':
            puts("vipd-exporter " VIPD_VERSION);
            return EXIT_GOOD;
        case 'h':
            print_help();
            return EXIT_GOOD;
        default:
            fputs("Try 'vipd-exporter --help'.\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "vipd-exporter: unexpected '%s'\nTry 'vipd-exporter --help'.\n",
                argv[optind]);
        return EXIT_USAGE;
    }
    return run(where, control_path);
}
