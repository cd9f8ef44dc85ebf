/* State files: written beside their place under a name that no instance can have, then renamed. */
#include "agent/publish/state_file.h"

#include "agent/base/log.h"
#include "lib/control/control.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DIRECTORY_MODE = 0755,
    FILE_MODE = 0644,
};

/* '~' is in no name. */
#define NEW_SUFFIX "~"

struct state_files {
    char *path;
    int directory;
    bool failing;
};

static void note(struct state_files *files, const char *instance, int error)
{
    if (error != 0 && !files->failing)
        log_instance(LOG_WARNING, instance, "cannot write %s/%s: %s", files->path, instance,
                     strerror(error));
    else if (error == 0 && files->failing)
        log_instance(LOG_NOTICE, instance, "%s/%s is written again", files->path, instance);
    files->failing = error != 0;
}

/* Makes a directory whoever's umask is in force; one that is there is left as it is. */
static int make_directory(const char *path)
{
    if (mkdir(path, DIRECTORY_MODE) < 0)
        return errno == EEXIST ? 0 : -errno;
    return chmod(path, DIRECTORY_MODE) < 0 ? -errno : 0;
}

/* Whether we or a predecessor wrote it: the directory may have been given other uses. */
static bool is_ours(const struct state_files *files, const char *name)
{
    static const char beginning[] = "instance=";
    char found[sizeof(beginning) - 1];
    int fd = openat(files->directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = 0;

    if (fd < 0)
        return false;
    n = read(fd, found, sizeof(found));
    close(fd);
    return n == (ssize_t)sizeof(found) && memcmp(found, beginning, sizeof(found)) == 0;
}

static void clear(const struct state_files *files)
{
    DIR *directory = opendir(files->path);
    const struct dirent *entry;

    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL)
        if (is_ours(files, entry->d_name))
            (void)unlinkat(files->directory, entry->d_name, 0);
    closedir(directory);
}

static char *path_of(const char *run_dir, const char *control_path)
{
    const char *slash = strrchr(control_path, '/');
    char *path = NULL;
    int r;

    if (run_dir != NULL)
        r = asprintf(&path, "%s/state", run_dir);
    else if (slash != NULL)
        r = asprintf(&path, "%.*s/state", (int)(slash - control_path), control_path);
    else
        r = asprintf(&path, "./state");
    return r < 0 ? NULL : path;
}

void state_files_clear(const char *run_dir, const char *control_path)
{
    struct state_files files = {.path = path_of(run_dir, control_path)};

    if (files.path != NULL) {
        files.directory = open(files.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (files.directory >= 0) {
            clear(&files);
            close(files.directory);
        }
    }
    free(files.path);
}

struct state_files *state_files_open(const char *run_dir, const char *control_path)
{
    struct state_files *files = calloc(1, sizeof(*files));
    int r = -ENOMEM;

    if (files == NULL)
        goto fail;
    files->directory = -1;
    files->path = path_of(run_dir, control_path);
    if (files->path == NULL)
        goto fail;
    r = run_dir != NULL ? make_directory(run_dir) : 0;
    if (r == 0)
        r = make_directory(files->path);
    if (r == 0) {
        files->directory = open(files->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = files->directory < 0 ? -errno : 0;
    }
    if (r < 0)
        goto fail;
    clear(files);
    return files;
fail:
    log_msg(LOG_WARNING, "no state files: cannot make %s: %s",
            files != NULL && files->path != NULL ? files->path : "their directory", strerror(-r));
    if (files != NULL)
        free(files->path);
    free(files);
    return NULL;
}

void state_files_close(struct state_files *files)
{
    if (files == NULL)
        return;
    clear(files);
    close(files->directory);
    (void)rmdir(files->path);
    free(files->path);
    free(files);
}

/* In single quotes, within which a shell takes everything for what it is. */
static void put_quoted(FILE *out, const char *name, const char *text)
{
    fprintf(out, "%s='", name);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    }
    fputs("'\n", out);
}

static void put_addresses(FILE *out, const struct config_instance *config)
{
    char text[ADDRESS_TEXT_SIZE];
    const char *gap = "";

    fputs("addresses='", out);
    for (size_t i = 0; i < config->ipv4_count; i++, gap = " ")
        fprintf(out, "%s%s", gap, ip_prefix_format(&config->ipv4[i], text, sizeof(text)));
    for (size_t i = 0; i < config->ipv6_count; i++, gap = " ")
        fprintf(out, "%s%s", gap, ip_prefix_format(&config->ipv6[i], text, sizeof(text)));
    fputs("'\n", out);
}

/* Names of states, of reasons and of instances have no character that means something to a shell.
 */
static void put(FILE *out, const struct state_file *file)
{
    char text[REASON_TEXT_SIZE];
    char since[CONTROL_TIME_SIZE];

    fprintf(out, "instance=%s\nstate=%s\nprevious=%s\nsince=%s\n", file->config->name,
            vrrp_state_name(file->last->to), vrrp_state_name(file->last->from),
            control_time_format(file->since_wall_ns, since, sizeof(since)));
    fprintf(out, "priority=%u\nreason=%s\n", file->priority, reason_name(file->last->reason));
    put_quoted(out, "text", reason_text(file->last, text, sizeof(text)));
    put_quoted(out, "interface", file->config->interface);
    put_addresses(out, file->config);
}

/* 0 or an errno. */
static int write_new(const struct state_files *files, const char *name,
                     const struct state_file *file)
{
    int fd = openat(files->directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                    FILE_MODE);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    int error = errno;

    if (out == NULL) {
        if (fd >= 0)
            close(fd);
        return error;
    }
    error = fchmod(fd, FILE_MODE) < 0 ? errno : 0;
    put(out, file);
    if (fflush(out) != 0 || ferror(out) != 0)
        error = errno;
    fclose(out);
    return error;
}

void state_files_write(struct state_files *files, const struct state_file *file)
{
    char new_name[NAME_SIZE + sizeof(NEW_SUFFIX)];
    const char *name = file->config->name;

    if (files == NULL)
        return;
    snprintf(new_name, sizeof(new_name), "%s" NEW_SUFFIX, name);
    int error = write_new(files, new_name, file);
    if (error == 0 && renameat(files->directory, new_name, files->directory, name) < 0)
        error = errno;
    if (error != 0)
        (void)unlinkat(files->directory, new_name, 0);
    note(files, name, error);
}

void state_files_remove(struct state_files *files, const char *instance)
{
    if (files != NULL)
        (void)unlinkat(files->directory, instance, 0);
}
