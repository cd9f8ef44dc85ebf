/* Reading the configuration files and sharing what they say. */
#include "agent/base/config_box.h"

#include <assert.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config_box *config_box_new(struct config *config)
{
    struct config_box *box = malloc(sizeof(*box));

    if (box != NULL)
        *box = (struct config_box){.config = config, .references = 1};
    return box;
}

struct config_box *config_box_ref(struct config_box *box)
{
    assert(box->references > 0);
    box->references++;
    return box;
}

void config_box_unref(struct config_box *box)
{
    if (box == NULL || --box->references > 0)
        return;
    config_free(box->config);
    hook_users_free(box->hook_users);
    free(box);
}

/* Adds "cannot be read" to problems; out of memory leaves the list short, never wrong. */
static void cannot_read(struct config_problems *problems, const char *file, int error)
{
    struct config_problem *list =
        realloc(problems->list, (problems->count + 1) * sizeof(*problems->list));
    char text[128];

    if (list == NULL)
        return;
    problems->list = list;
    snprintf(text, sizeof(text), "cannot be read: %s", strerror(error));
    struct config_problem problem = {
        .file = strdup(file), .section = strdup(""), .key = strdup(""), .text = strdup(text)};
    if (problem.file == NULL || problem.section == NULL || problem.key == NULL ||
        problem.text == NULL) {
        free(problem.file);
        free(problem.section);
        free(problem.key);
        free(problem.text);
        return;
    }
    list[problems->count++] = problem;
}

/* The whole file as text (owned by the caller), or NULL with errno set. */
static char *read_text(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t used = 0;
    int error = 0;

    if (file == NULL)
        return NULL;
    text = malloc(CONFIG_BYTES_MAX + 1);
    if (text != NULL)
        used = fread(text, 1, CONFIG_BYTES_MAX + 1, file);
    if (text == NULL || ferror(file) != 0)
        error = errno != 0 ? errno : EIO;
    else if (used > CONFIG_BYTES_MAX)
        error = EFBIG;
    else if (memchr(text, '\0', used) != NULL)
        error = EILSEQ; /* what a crash leaves of a file; taken as text it would end there */
    fclose(file);
    if (error != 0 || text == NULL) {
        free(text);
        errno = error;
        return NULL;
    }
    text[used] = '\0';
    char *fitting = realloc(text, used + 1);
    /* cppcheck-suppress memleak ; a failed realloc() leaves text as it was */
    return fitting != NULL ? fitting : text;
}

/* The directory's files in name order (none when there is no directory). 0 or a negative errno. */
static int list_directory(const char *directory, glob_t *names)
{
    char *pattern = NULL;

    if (directory == NULL)
        return 0;
    if (asprintf(&pattern, "%s/*.conf", directory) < 0)
        return -ENOMEM;
    int r = glob(pattern, 0, NULL, names);
    free(pattern);
    if (r == GLOB_NOSPACE)
        return -ENOMEM;
    return r != 0 && r != GLOB_NOMATCH ? -EIO : 0;
}

static struct config_box *parse(const struct config_source *sources, size_t count,
                                struct config_problems *problems)
{
    struct config *config = config_parse(sources, count, problems);
    struct config_box *box = config != NULL ? config_box_new(config) : NULL;

    if (config != NULL && box == NULL)
        config_free(config);
    return box;
}

struct config_box *config_box_load(const char *file, const char *directory,
                                   struct config_problems *problems)
{
    struct config_box *box = NULL;
    struct config_source *sources = NULL;
    glob_t names = {0};
    size_t count = 0;
    bool readable = true;
    int r;

    *problems = (struct config_problems){0};
    r = list_directory(directory, &names);
    if (r < 0) {
        cannot_read(problems, directory, -r);
        goto out;
    }
    count = names.gl_pathc + 1;
    sources = calloc(count, sizeof(*sources));
    for (size_t i = 0; sources != NULL && i < count; i++) {
        sources[i].name = i == 0 ? file : names.gl_pathv[i - 1];
        sources[i].text = read_text(sources[i].name);
        if (sources[i].text == NULL) {
            cannot_read(problems, sources[i].name, errno);
            readable = false;
        }
    }
    if (sources == NULL)
        cannot_read(problems, file, ENOMEM);
    else if (readable)
        box = parse(sources, count, problems);
out:
    for (size_t i = 0; sources != NULL && i < count; i++)
        free((char *)sources[i].text);
    free(sources);
    globfree(&names);
    return box;
}
