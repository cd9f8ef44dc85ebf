/* Reading the configuration files and sharing what they say. */
#include "agent/base/config_box.h"

#include "agent/base/regular_file.h"
#include "lib/config/secrets.h"

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

/* Adds it to problems; out of memory leaves the list short, never wrong. */
static void add_problem(struct config_problems *problems, const char *file, const char *text)
{
    struct config_problem *list =
        realloc(problems->list, (problems->count + 1) * sizeof(*problems->list));

    if (list == NULL)
        return;
    problems->list = list;
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

/* error: a negative errno. */
static void cannot_read(struct config_problems *problems, const char *file, int error)
{
    char reason[REGULAR_FILE_ERROR_SIZE];
    char text[REGULAR_FILE_ERROR_SIZE + 32];

    snprintf(text, sizeof(text), "cannot be read: %s",
             regular_file_error(error, CONFIG_BYTES_MAX, reason));
    add_problem(problems, file, text);
}

/* The whole file as text (owned by the caller). NULL: *error says why, a negative errno. */
static char *read_text(const char *path, size_t *length, int *error)
{
    char *text;

    *error = regular_file_read(path, CONFIG_BYTES_MAX, &text, length);
    if (*error == 0 && strlen(text) != *length)
        *error = -EILSEQ; /* what a crash leaves of a file; taken as text it would end there */
    if (*error == 0)
        return text;
    if (text != NULL)
        explicit_bzero(text, *length);
    free(text);
    return NULL;
}

/* Keys may stand in it. */
static void free_text(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* Reads all of them; no more than the configuration may have together. False: problems. */
static bool read_texts(struct config_source *sources, size_t count,
                       struct config_problems *problems)
{
    char too_large[96];
    size_t total = 0;
    bool readable = true;

    snprintf(too_large, sizeof(too_large), "too large, all files together may have %d octets",
             CONFIG_BYTES_MAX);
    for (size_t i = 0; i < count && total <= CONFIG_BYTES_MAX; i++) {
        size_t length = 0;
        int error;

        sources[i].text = read_text(sources[i].name, &length, &error);
        total += length;
        if (sources[i].text == NULL && problems->count < CONFIG_PROBLEMS_MAX)
            cannot_read(problems, sources[i].name, error);
        if (sources[i].text != NULL && total > CONFIG_BYTES_MAX)
            add_problem(problems, sources[i].name, too_large);
        readable = readable && sources[i].text != NULL;
    }
    return readable && total <= CONFIG_BYTES_MAX;
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

/* For config_secrets_read(). A name without a slash is that of a credential. */
static char *read_secret(const char *path, char *error, size_t error_size)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    char reason[REGULAR_FILE_ERROR_SIZE];
    char *whole = NULL;
    char *text = NULL;
    size_t length;

    if (path[0] != '/' && directory == NULL) {
        snprintf(error, error_size, "no such credential: vipd was started without LoadCredential=");
        return NULL;
    }
    if (path[0] != '/' && asprintf(&whole, "%s/%s", directory, path) < 0) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    int r = regular_file_read(whole != NULL ? whole : path, SECRET_FILE_BYTES_MAX, &text, &length);
    if (r < 0)
        snprintf(error, error_size, "%s", regular_file_error(r, SECRET_FILE_BYTES_MAX, reason));
    free(whole);
    return text;
}

static struct config_box *parse(const struct config_source *sources, size_t count,
                                struct config_problems *problems)
{
    struct config *config = config_parse(sources, count, problems);
    bool complete = config != NULL && config_secrets_read(config, read_secret, problems);
    struct config_box *box = complete ? config_box_new(config) : NULL;

    if (box == NULL)
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
    int r;

    *problems = (struct config_problems){0};
    r = list_directory(directory, &names);
    if (r < 0) {
        cannot_read(problems, directory, r);
        goto out;
    }
    if (names.gl_pathc > CONFIG_FILES_MAX) {
        add_problem(problems, directory, "too many files");
        goto out;
    }
    count = names.gl_pathc + 1;
    sources = calloc(count, sizeof(*sources));
    for (size_t i = 0; sources != NULL && i < count; i++)
        sources[i].name = i == 0 ? file : names.gl_pathv[i - 1];
    if (sources == NULL)
        cannot_read(problems, file, -ENOMEM);
    else if (read_texts(sources, count, problems))
        box = parse(sources, count, problems);
out:
    for (size_t i = 0; sources != NULL && i < count; i++)
        free_text((char *)sources[i].text);
    free(sources);
    globfree(&names);
    return box;
}
