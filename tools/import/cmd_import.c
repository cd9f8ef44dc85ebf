/*
 * Reads a keepalived configuration and writes the vipd.conf that does the same, with what it could
 * not carry over as comments. How it is made: see import.h.
 */
#include "tools/import/cmd_import.h"

#include "tools/common/json_print.h"
#include "tools/common/options.h"
#include "tools/common/read_file.h"
#include "tools/import/import.h"
#include "tools/import/keys.h"
#include "tools/import/plan.h"
#include "tools/import/refuse.h"
#include "tools/import/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLANK_BYTES_MAX = 64 * 1024 };

#define DEFAULT_FILE "/etc/keepalived/keepalived.conf"

struct options {
    const char *file;
    const char *output; /* NULL: stdout */
    const char *config_id;
    bool force;
    bool json;
    bool plan; /* the steps of the migration, not the configuration */
};

static bool parse_options(int argc, char **argv, struct options *out)
{
    const struct verb_option table[] = {
        {.name = "output", .letter = 'o', .text = &out->output},
        {.name = "config-id", .letter = 'i', .text = &out->config_id},
        {.name = "force", .flag = &out->force},
        {.name = "json", .flag = &out->json},
        {.name = "plan", .flag = &out->plan},
    };

    *out = (struct options){.file = DEFAULT_FILE};
    int first = options_read(argc, argv, table, sizeof(table) / sizeof(table[0]));
    if (first < 0 || argc - first > 1)
        return false;
    if (first < argc)
        out->file = argv[first];
    return out->plan ? out->output == NULL && !out->force : out->output != NULL || !out->force;
}

/* keepalived's default: the first part of the node's name. */
static const char *default_config_id(struct arena *arena)
{
    char name[HOST_NAME_MAX + 1] = "";

    if (gethostname(name, sizeof(name) - 1) != 0)
        return "";
    return arena_text(arena, name, strcspn(name, "."));
}

static void add_item(void *user, const struct import_section *section,
                     const struct import_item *item)
{
    json_t *list = user;
    json_t *title = json_null();

    if (section != NULL && section->name != NULL)
        title = json_sprintf("%s %s", section->type, section->name);
    else if (section != NULL)
        title = json_text(section->type);
    json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:i, s:o, s:o, s:o}", "kind",
                                          item->kind != IMPORT_NOTE ? "not-carried-over" : "note",
                                          "danger", import_kind_name(item->kind), "file",
                                          json_text(item->place.file), "line",
                                          (int)item->place.line, "section", title, "text",
                                          json_text(item->text), "why", json_text(item->why)));
}

static void print_json(const struct options *options, const struct import_output *out,
                       const char *text)
{
    json_t *items = json_array();

    import_each_item(out, add_item, items);
    const struct summary_counts counts = import_counts(out);
    json_t *all =
        json_pack("{s:i, s:o, s:b, s:I, s:{s:I, s:I, s:I}, s:o, s:o}", "version", 1, "file",
                  json_text(options->file), "complete", import_count_lost(out) == 0,
                  "not_carried_over", (json_int_t)import_count_lost(out), "statements", "alike",
                  (json_int_t)counts.alike, "differ", (json_int_t)counts.differ, "cosmetic",
                  (json_int_t)counts.cosmetic, "items", items, "config", json_text(text));
    json_print(all);
    json_decref(all);
}

static void print_plan(const struct options *options, const struct import_output *out)
{
    const struct plan *plan = plan_make(out);

    if (!options->json) {
        plan_print(plan);
        return;
    }
    json_t *all = json_pack("{s:i, s:o, s:o}", "version", 1, "file", json_text(options->file),
                            "steps", plan_json(plan));
    json_print(all);
    json_decref(all);
}

/* True when a file has no line but comments: vipd.conf as the package puts it there. */
static bool is_blank(const char *path)
{
    char error[128];
    char *text = read_file(path, BLANK_BYTES_MAX, error, sizeof(error));
    bool blank = text != NULL;
    char *rest = text;
    char *line = NULL;

    while (blank && (line = strsep(&rest, "\n")) != NULL) {
        line += strspn(line, " \t\r");
        blank = *line == '\0' || *line == '#' || *line == ';';
    }
    free(text);
    return blank;
}

/* Whether the text has a password, which others than root and vipd need not read. */
static bool has_secret(const struct import_output *out)
{
    for (const struct import_section *s = out->first; s != NULL; s = s->next) {
        if (s->known &&
            (import_get(s, KEY_PASSWORD) != NULL || import_get(s, KEY_AUTH_KEY) != NULL))
            return true;
    }
    return false;
}

/* The mode of a file with a password: for root and the group of vipd, where there is one. */
static void restrict_to_vipd(int fd)
{
    const struct group *group = getgrnam("vipd");
    bool given = group != NULL && fchown(fd, (uid_t)-1, group->gr_gid) == 0;

    if (fchmod(fd, given ? 0640 : 0600) != 0)
        fprintf(stderr, "vipctl: the file has a password, and its mode cannot be changed: %s\n",
                strerror(errno));
    else if (!given)
        fputs("vipctl: the file has a password and can be read by you alone: let the user vipd "
              "read it\n",
              stderr);
}

/* What is there is not overwritten, unless that is asked for, or nothing is in it. */
static bool write_file(const struct options *options, const char *text, bool secret)
{
    bool force = options->force || is_blank(options->output);
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
    int fd = open(options->output, flags, 0644);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (file == NULL) {
        fprintf(stderr, "vipctl: %s: %s%s\n", options->output, strerror(errno),
                errno == EEXIST ? "; --force overwrites it" : "");
        if (fd >= 0)
            close(fd);
        return false;
    }
    if (secret)
        restrict_to_vipd(fd);
    bool good = fputs(text, file) != EOF;
    good = fclose(file) == 0 && good;
    if (!good)
        fprintf(stderr, "vipctl: %s: %s\n", options->output, strerror(errno));
    return good;
}

static int write_result(const struct options *options, const struct import_output *out,
                        const char *text)
{
    size_t lost = import_count_lost(out);

    if (options->output != NULL && !write_file(options, text, has_secret(out)))
        return EXIT_USAGE;
    if (options->json)
        print_json(options, out, text);
    else if (options->output == NULL)
        fputs(text, stdout);
    if (lost > 0 && !options->json)
        fprintf(stderr,
                "vipctl: %zu thing%s of %s not carried over; the head of the result has them, the "
                "worst first\n",
                lost, lost == 1 ? "" : "s", options->file);
    return lost > 0 ? EXIT_INCOMPLETE : EXIT_GOOD;
}

static int tell_error(const struct keepalived_error *error)
{
    if (error->line == 0) {
        fprintf(stderr, "vipctl: %s: %s\n", error->file, error->text);
        return EXIT_USAGE;
    }
    fprintf(stderr, "vipctl: %s:%u: %s\n", error->file, error->line, error->text);
    return EXIT_FAILED;
}

static int convert(struct arena *arena, const struct options *options)
{
    struct keepalived_error error = {0};
    struct import_output out = {.arena = arena, .source = options->file};
    struct import import = {.arena = arena, .out = &out};

    import.tree = keepalived_tree_read(
        arena, options->file,
        options->config_id != NULL ? options->config_id : default_config_id(arena), &error);
    if (import.tree == NULL)
        return tell_error(&error);
    out.tree = import.tree;
    if (!import_all(&import)) {
        fprintf(stderr, "vipctl: %s: found nothing of a keepalived configuration in it\n",
                options->file);
        return EXIT_FAILED;
    }
    const char *text = import_text(&out);
    if (text == NULL) {
        fprintf(stderr, "vipctl: %s: vipd would not take the result: %s\n", options->file,
                out.problem);
        return EXIT_FAILED;
    }
    if (!options->plan)
        return write_result(options, &out, text);
    print_plan(options, &out);
    return import_count_lost(&out) > 0 ? EXIT_INCOMPLETE : EXIT_GOOD;
}

int cmd_import(const struct context *context, int argc, char **argv)
{
    struct options options;

    if (!parse_options(argc, argv, &options))
        return context_wrong_usage(context, NULL);
    struct arena *arena = arena_new();
    int result = convert(arena, &options);
    arena_free(arena);
    return result;
}
