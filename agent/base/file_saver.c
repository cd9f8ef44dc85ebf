/* A file, and the errands that replace it: one on its way, at most one that waits. */
#include "agent/base/file_saver.h"

#include "agent/base/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

/* One text on its way; complete in itself, for it may outlive the saver. */
struct errand {
    struct worker_task task;
    struct file_saver *saver; /* NULL: closed meanwhile */
    char *directory;
    char *name;
    unsigned directory_mode;
    unsigned file_mode;
    bool synced;
    char *text;
    int result; /* 0 or a negative errno */
};

struct file_saver {
    struct file_saver_options options;
    struct errand *under_way; /* NULL: none */
    struct errand *waiting;   /* NULL: none */
};

/* ---- In the worker's thread */

static int write_text(const char *path, const struct errand *errand)
{
    int fd = regular_file_create(AT_FDCWD, path, errand->file_mode);
    size_t size = strlen(errand->text);
    int r = 0;

    if (fd < 0)
        return fd;
    ssize_t n = write(fd, errand->text, size);
    if (n < 0)
        r = -errno;
    else if ((size_t)n != size)
        r = -ENOSPC;
    if (r == 0 && errand->synced && fdatasync(fd) < 0)
        r = -errno;
    if (close(fd) < 0 && r == 0)
        r = -errno;
    return r;
}

/* The new name outlives a loss of power as well. */
static int sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 || fsync(fd) < 0 ? -errno : 0;

    if (fd >= 0)
        close(fd);
    return r;
}

static int replace_file(const struct errand *errand)
{
    char path[PATH_SIZE];
    char temporary[PATH_SIZE + 8];
    int length = snprintf(path, sizeof(path), "%s/%s", errand->directory, errand->name);

    if (length < 0 || (size_t)length >= sizeof(path))
        return -ENAMETOOLONG;
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    if (mkdir(errand->directory, errand->directory_mode) < 0 && errno != EEXIST)
        return -errno;
    int r = write_text(temporary, errand);
    if (r == 0 && rename(temporary, path) < 0)
        r = -errno;
    if (r < 0) {
        (void)unlink(temporary);
        return r;
    }
    return errand->synced ? sync_directory(errand->directory) : 0;
}

static void run(struct worker_task *task)
{
    struct errand *errand = (struct errand *)task;

    errand->result = replace_file(errand);
}

/* ---- In the loop */

static void free_errand(struct errand *errand)
{
    if (errand == NULL)
        return;
    free(errand->directory);
    free(errand->name);
    free(errand->text);
    free(errand);
}

static bool submit(struct file_saver *saver, struct errand *errand)
{
    if (!worker_submit(saver->options.worker, &errand->task)) {
        free_errand(errand);
        return false;
    }
    saver->under_way = errand;
    return true;
}

static void done(struct worker_task *task)
{
    struct errand *errand = (struct errand *)task;
    struct file_saver *saver = errand->saver;
    int result = errand->result;

    free_errand(errand);
    if (saver == NULL)
        return;
    saver->under_way = NULL;
    struct errand *next = saver->waiting;
    saver->waiting = NULL;
    if (next == NULL)
        saver->options.saved(saver->options.userdata, result);
    else if (!submit(saver, next))
        saver->options.saved(saver->options.userdata, -EBUSY);
}

/* NULL: out of memory; the text is freed. */
static struct errand *new_errand(struct file_saver *saver, char *text)
{
    const struct file_saver_options *options = &saver->options;
    struct errand *errand = calloc(1, sizeof(*errand));

    if (errand == NULL) {
        free(text);
        return NULL;
    }
    *errand = (struct errand){.task = {.run = run, .done = done},
                              .saver = saver,
                              .directory = strdup(options->directory),
                              .name = strdup(options->name),
                              .directory_mode = options->directory_mode,
                              .file_mode = options->file_mode,
                              .synced = options->synced,
                              .text = text};
    if (errand->directory == NULL || errand->name == NULL) {
        free_errand(errand);
        return NULL;
    }
    return errand;
}

bool file_saver_put(struct file_saver *saver, char *text)
{
    struct errand *errand = new_errand(saver, text);

    if (errand == NULL)
        return false;
    if (saver->under_way == NULL)
        return submit(saver, errand);
    free_errand(saver->waiting);
    saver->waiting = errand;
    return true;
}

int file_saver_open(const struct file_saver_options *options, struct file_saver **out)
{
    struct file_saver *saver = calloc(1, sizeof(*saver));

    *out = NULL;
    if (saver == NULL)
        return -ENOMEM;
    saver->options = *options;
    saver->options.directory = strdup(options->directory);
    saver->options.name = strdup(options->name);
    if (saver->options.directory == NULL || saver->options.name == NULL) {
        file_saver_close(saver);
        return -ENOMEM;
    }
    *out = saver;
    return 0;
}

void file_saver_close(struct file_saver *saver)
{
    if (saver == NULL)
        return;
    if (saver->under_way != NULL)
        saver->under_way->saver = NULL;
    if (saver->waiting != NULL) {
        saver->waiting->saver = NULL;
        (void)submit(saver, saver->waiting);
    }
    free((char *)(uintptr_t)saver->options.directory);
    free((char *)(uintptr_t)saver->options.name);
    free(saver);
}
