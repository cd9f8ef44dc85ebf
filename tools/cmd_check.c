/*
 * Reads configuration files as vipd does and says what it finds, for people (one line a problem, as
 * compilers do, so that editors can jump to it) or as JSON.
 */
#include "tools/cmd_check.h"

#include "tools/config_files.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_FILE "/etc/vipd/vipd.conf"
#define DEFAULT_DIR  "/etc/vipd/conf.d"

struct check_options {
    const char *file;
    const char *dir;
    bool json;
};

static bool parse_options(int argc, char **argv, struct check_options *out)
{
    static const struct option options[] = {{"config-dir", required_argument, NULL, 'd'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    int option = 0;

    *out = (struct check_options){0};
    optind = 0; /* whoever called us may have read options too */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'd')
            out->dir = optarg;
        else if (option == 'j')
            out->json = true;
        else
            return false;
    }
    if (argc - optind > 1)
        return false;
    if (optind < argc) {
        out->file = argv[optind];
    } else {
        out->file = DEFAULT_FILE;
        out->dir = out->dir != NULL ? out->dir : DEFAULT_DIR;
    }
    return true;
}

/* As configured: derived link-local addresses are not counted. */
static size_t count_addresses(const struct config *config)
{
    size_t count = 0;

    for (size_t i = 0; i < config->instance_count; i++) {
        const struct config_instance *instance = &config->instances[i];

        count += instance->ipv4_count + instance->ipv6_count;
        count -= instance->link_local_derived ? 1 : 0;
    }
    return count;
}

static const char *plural(size_t count, const char *ending)
{
    return count == 1 ? "" : ending;
}

static void print_text(const char *file, const struct config *config,
                       const struct config_problems *problems)
{
    char line[2048];

    for (size_t i = 0; i < problems->count; i++)
        puts(config_problem_format(&problems->list[i], line, sizeof(line)));
    if (config == NULL)
        return;
    size_t addresses = count_addresses(config);
    size_t files = config->file_count - 1;
    printf("%s", file);
    if (files > 0)
        printf(" and %zu more file%s", files, plural(files, "s"));
    printf(": %zu instance%s, %zu address%s: good\n", config->instance_count,
           plural(config->instance_count, "s"), addresses, plural(addresses, "es"));
}

/* JSON wants UTF-8, file names need not be. */
static json_t *json_text(const char *text)
{
    json_t *value = json_string(text != NULL ? text : "");

    return value != NULL ? value : json_string("?");
}

static void print_json(const char *file, const struct config *config,
                       const struct config_problems *problems)
{
    json_t *list = json_array();

    for (size_t i = 0; i < problems->count; i++) {
        const struct config_problem *problem = &problems->list[i];

        json_array_append_new(
            list, json_pack("{s:o, s:i, s:o, s:o, s:o}", "file", json_text(problem->file), "line",
                            (int)problem->line, "section", json_text(problem->section), "key",
                            json_text(problem->key), "text", json_text(problem->text)));
    }
    json_t *all = json_pack(
        "{s:i, s:o, s:b, s:I, s:I, s:o}", "version", 1, "file", json_text(file), "valid",
        config != NULL, "instances", (json_int_t)(config != NULL ? config->instance_count : 0),
        "addresses", (json_int_t)(config != NULL ? count_addresses(config) : 0), "problems", list);
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

static void print(const struct check_options *options, const struct config *config,
                  const struct config_problems *problems)
{
    if (options->json)
        print_json(options->file, config, problems);
    else
        print_text(options->file, config, problems);
}

int cmd_check(const struct context *context, int argc, char **argv)
{
    struct check_options options;
    struct config_files files;
    struct config_problems problems = {0};
    struct config *config = NULL;
    int result = EXIT_GOOD;

    (void)context;
    if (!parse_options(argc, argv, &options)) {
        fputs("usage: vipctl check [--config-dir DIR] [--json] [FILE]\n", stderr);
        return EXIT_USAGE;
    }
    if (config_files_load(options.file, options.dir, &files)) {
        config = config_parse(files.list, files.count, &problems);
        print(&options, config, &problems);
        result = config != NULL ? EXIT_GOOD : EXIT_FAILED;
    } else {
        struct config_problem problem = {.file = files.error_path, .text = files.error};
        const struct config_problems unreadable = {.list = &problem, .count = 1};

        print(&options, NULL, &unreadable);
        result = EXIT_USAGE;
    }
    config_free(config);
    config_problems_free(&problems);
    config_files_free(&files);
    return result;
}
