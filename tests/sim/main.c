/* Runs seeds, counts what they covered, and makes a violation small enough to read. */
#include "tests/sim/sim.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct options {
    uint64_t first;
    uint64_t seeds;
    double hours;
    unsigned jobs;
    bool trace;
    bool quiet;
};

struct totals {
    uint64_t seeds;
    uint64_t virtual_ns;
    uint64_t events;
    uint64_t transitions;
    uint64_t faults[FAULT_KINDS_ALL];
    uint64_t violating_seed;
    bool violated;
};

static const char usage[] =
    "Usage: sim [--seeds N] [--first S] [--seed S] [--hours H] [--jobs J] [--trace] [--quiet]\n"
    "\n"
    "  --seeds N   how many seeds to run (default 1000), from --first (default 1)\n"
    "  --seed S    one seed; with --trace all that happens in it\n"
    "  --hours H   virtual hours of each run (default 0.04)\n"
    "  --jobs J    processes (default 1)\n"
    "\n"
    "Exit status: 0 nothing violated, 1 a violation, 2 wrong usage.\n"
    "\nWhat must hold:\n\n";

static uint64_t hours_to_ns(double hours)
{
    return (uint64_t)(hours * 3600 * 1e9);
}

static void add(struct totals *t, const struct world *w)
{
    t->seeds++;
    t->virtual_ns += w->now;
    t->events += w->events;
    t->transitions += w->transitions;
    for (size_t i = 0; i < w->fault_count; i++)
        t->faults[w->faults[i].kind] += w->faults[i].injected;
}

/* Runs the seed with some faults left out. */
static bool violates(struct world *w, const struct options *o, uint64_t seed, const bool *enabled,
                     bool trace)
{
    world_build(w, seed, hours_to_ns(o->hours));
    for (size_t i = 0; i < w->fault_count; i++)
        w->faults[i].enabled = enabled[i];
    w->trace = trace;
    world_run(w);
    return w->violated;
}

/* Leaves out one fault after the other as long as something is still violated. */
static void shrink(struct world *w, const struct options *o, uint64_t seed, bool *enabled)
{
    for (size_t i = 0; i < FAULTS_MAX; i++)
        enabled[i] = true;
    for (size_t i = 0; i < FAULTS_MAX; i++) {
        enabled[i] = false;
        enabled[i] = !violates(w, o, seed, enabled, false) && i < w->fault_count;
    }
}

static void report(struct world *w, const struct options *o, uint64_t seed)
{
    bool enabled[FAULTS_MAX];

    shrink(w, o, seed, enabled);
    printf("seed %llu is violated; what is left after shrinking:\n", (unsigned long long)seed);
    (void)violates(w, o, seed, enabled, !o->quiet);
    printf("%s at %.6f s, %zu nodes, %zu families, preempt %s, faults:\n", w->violation,
           (double)w->violated_at / 1e9, w->node_count, w->family_count, w->preempt ? "yes" : "no");
    for (size_t i = 0; i < w->fault_count; i++)
        if (enabled[i])
            printf("  %.3f s: %s, node %u, for %.3f s\n", (double)w->faults[i].at / 1e9,
                   fault_name(w->faults[i].kind), w->faults[i].node,
                   (double)w->faults[i].duration / 1e9);
    printf("Replay: --seed %llu --hours %g --trace\n", (unsigned long long)seed, o->hours);
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void progress(const struct totals *t, uint64_t goal, const struct timespec *start)
{
    double seconds = seconds_since(start);
    double hours = (double)t->virtual_ns / 3.6e12;

    fprintf(stderr, "\r%llu of %llu seeds, %.1f virtual hours, %.1f of them a second ",
            (unsigned long long)t->seeds, (unsigned long long)goal, hours,
            seconds > 0 ? hours / seconds : 0.0);
}

static void run_share(const struct options *o, unsigned job, struct totals *t)
{
    struct world *w = calloc(1, sizeof(*w));
    struct timespec start;

    if (w == NULL)
        abort();
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (uint64_t i = job; i < o->seeds && !t->violated; i += o->jobs) {
        world_build(w, o->first + i, hours_to_ns(o->hours));
        w->trace = o->trace;
        world_run(w);
        add(t, w);
        t->violated = w->violated;
        t->violating_seed = o->first + i;
        if (job == 0 && isatty(STDERR_FILENO) && t->seeds % 256 == 0)
            progress(t, o->seeds / o->jobs, &start);
    }
    if (t->violated && !o->trace)
        report(w, o, t->violating_seed);
    world_free(w);
    free(w);
}

/* One process for each job; each writes its totals into a pipe. */
static void run_jobs(const struct options *o, struct totals *sum)
{
    int pipes[2];

    if (pipe(pipes) < 0)
        abort();
    fflush(stdout);
    for (unsigned job = 0; job < o->jobs; job++) {
        struct totals t = {0};

        if (fork() != 0)
            continue;
        run_share(o, job, &t);
        fflush(stdout);
        _exit(write(pipes[1], &t, sizeof(t)) == (ssize_t)sizeof(t) ? 0 : 1);
    }
    close(pipes[1]);
    for (unsigned job = 0; job < o->jobs; job++) {
        struct totals t;

        if (read(pipes[0], &t, sizeof(t)) != (ssize_t)sizeof(t))
            abort();
        sum->seeds += t.seeds;
        sum->virtual_ns += t.virtual_ns;
        sum->events += t.events;
        sum->transitions += t.transitions;
        sum->violated = sum->violated || t.violated;
        for (size_t i = 0; i < FAULT_KINDS_ALL; i++)
            sum->faults[i] += t.faults[i];
    }
    close(pipes[0]);
    while (wait(NULL) > 0)
        ;
}

static void summarize(const struct totals *t, double seconds)
{
    double hours = (double)t->virtual_ns / 3.6e12;

    printf("%llu seeds, %.1f virtual hours (%.2f years), %llu events, %llu transitions, %.1f s: "
           "%.0f virtual hours a second\nfaults:",
           (unsigned long long)t->seeds, hours, hours / 8766, (unsigned long long)t->events,
           (unsigned long long)t->transitions, seconds, hours / seconds);
    for (size_t i = 0; i < FAULT_KINDS_ALL; i++)
        printf("%s %s %llu", i == 0 ? "" : ",", fault_name((enum fault_kind)i),
               (unsigned long long)t->faults[i]);
    printf("\n%s\n", t->violated ? "VIOLATED" : "nothing violated");
}

static bool parse_options(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {{"seeds", required_argument, NULL, 'n'},
                                            {"first", required_argument, NULL, 'f'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"hours", required_argument, NULL, 'H'},
                                            {"jobs", required_argument, NULL, 'j'},
                                            {"trace", no_argument, NULL, 't'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'n':
            o->seeds = strtoull(optarg, NULL, 10);
            break;
        case 'f':
            o->first = strtoull(optarg, NULL, 10);
            break;
        case 's':
            o->first = strtoull(optarg, NULL, 10);
            o->seeds = 1;
            break;
        case 'H':
            o->hours = strtod(optarg, NULL);
            break;
        case 'j':
            o->jobs = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 't':
            o->trace = true;
            break;
        case 'q':
            o->quiet = true;
            break;
        case 'h':
            printf("%s%s", usage, invariants_text);
            exit(0);
        default:
            return false;
        }
    }
    return optind == argc && o->jobs > 0 && o->hours > 0;
}

int main(int argc, char **argv)
{
    struct options o = {.first = 1, .seeds = 1000, .hours = 0.04, .jobs = 1};
    struct totals t = {0};
    struct timespec start;

    if (!parse_options(argc, argv, &o)) {
        fputs("Try --help.\n", stderr);
        return 2;
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    run_jobs(&o, &t);
    if (isatty(STDERR_FILENO))
        fputc('\n', stderr);
    summarize(&t, seconds_since(&start));
    return t.violated ? 1 : 0;
}
