/* State files: written beside their place under a name that no instance can have, then renamed.
 * One errand is on its way at a time; removals wait in a list, and go first. */
#include "agent/publish/state_file.h"

#include "agent/base/log.h"
#include "agent/base/regular_file.h"
#include "agent/publish/run_path.h"
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

/* Where they are; the loop's and the errands' together. */
struct place {
    char *path;
    int directory;
    unsigned references; /* counted in the loop */
};

enum errand_kind {
    ERRAND_WRITE = 0,
    ERRAND_REMOVE,
    ERRAND_END, /* removes all of them and the directory */
};

struct errand {
    struct worker_task task;
    struct state_files *files; /* NULL: closed meanwhile */
    struct place *place;
    enum errand_kind kind;
    char name[NAME_SIZE];
    char *text;             /* but for the addresses, which may be thousands: */
    struct config_box *box; /* these are of its config */
    const struct config_instance *config;
    int error; /* an errno */
    struct errand *next;
};

struct state_files {
    struct state_files_options options;
    struct place *place;
    struct errand *under_way; /* NULL: none */
    struct errand *removals;  /* the oldest first, */
    struct errand *newest;    /* and the last of them, while there are any */
    bool failing;
};

/* ---- The directory */

/* Whether we or a predecessor wrote it: the directory may have been given other uses. */
static bool is_ours(int directory, const char *name)
{
    static const char beginning[] = "instance=";
    char found[sizeof(beginning) - 1];
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = 0;

    if (fd < 0)
        return false;
    n = read(fd, found, sizeof(found));
    close(fd);
    return n == (ssize_t)sizeof(found) && memcmp(found, beginning, sizeof(found)) == 0;
}

static void clear(const struct place *place)
{
    int fd = openat(place->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    if (directory == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(directory)) != NULL)
        if (is_ours(place->directory, entry->d_name))
            (void)unlinkat(place->directory, entry->d_name, 0);
    closedir(directory);
}

static void unref_place(struct place *place)
{
    if (place == NULL || --place->references > 0)
        return;
    if (place->directory >= 0)
        close(place->directory);
    free(place->path);
    free(place);
}

/* NULL: out of memory. */
static struct place *new_place(const char *run_dir, const char *control_path)
{
    struct place *place = calloc(1, sizeof(*place));

    if (place == NULL)
        return NULL;
    *place = (struct place){
        .path = run_path(run_dir, control_path, "state"), .directory = -1, .references = 1};
    if (place->path == NULL) {
        unref_place(place);
        return NULL;
    }
    return place;
}

/* As it is, not what a link of that name leads to, and only what nobody else can fill. */
static int open_directory(struct place *place)
{
    struct stat st;

    place->directory = open(place->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (place->directory < 0 || fstat(place->directory, &st) < 0)
        return -errno;
    return st.st_uid == geteuid() || st.st_uid == 0 ? 0 : -EPERM;
}

/* Makes a directory whoever's umask is in force; one that is there is left as it is. */
static int make_directory(const char *path)
{
    if (mkdir(path, DIRECTORY_MODE) < 0)
        return errno == EEXIST ? 0 : -errno;
    return chmod(path, DIRECTORY_MODE) < 0 ? -errno : 0;
}

void state_files_clear(const char *run_dir, const char *control_path)
{
    struct place *place = new_place(run_dir, control_path);

    if (place != NULL && open_directory(place) == 0)
        clear(place);
    unref_place(place);
}

/* ---- What is in a file */

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
    for (size_t i = 0; i < config->claim_count; i++, gap = " ")
        fprintf(out, "%s%s", gap, ip_prefix_format(&config->claims[i].prefix, text, sizeof(text)));
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
    put_quoted(out, "interface", file->interface);
}

/* All but the addresses. NULL: out of memory. */
static char *text_of(const struct state_file *file)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    put(out, file);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* ---- In the worker's thread */

/* 0 or an errno. */
static int write_new(const struct errand *errand, const char *new_name)
{
    int fd = regular_file_create(errand->place->directory, new_name, FILE_MODE);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    int error = fd >= 0 ? errno : -fd;

    if (out == NULL) {
        if (fd >= 0)
            close(fd);
        return error;
    }
    errno = 0;
    error = fchmod(fd, FILE_MODE) < 0 ? errno : 0;
    fputs(errand->text, out);
    put_addresses(out, errand->config);
    if ((fflush(out) != 0 || ferror(out)) && error == 0)
        error = errno != 0 ? errno : EIO;
    (void)fclose(out);
    return error;
}

static int write_file(const struct errand *errand)
{
    char new_name[NAME_SIZE + sizeof(NEW_SUFFIX)];
    int directory = errand->place->directory;

    snprintf(new_name, sizeof(new_name), "%s" NEW_SUFFIX, errand->name);
    int error = write_new(errand, new_name);
    if (error == 0 && renameat(directory, new_name, directory, errand->name) < 0)
        error = errno;
    if (error != 0)
        (void)unlinkat(directory, new_name, 0);
    return error;
}

static void run(struct worker_task *task)
{
    struct errand *errand = (struct errand *)task;

    switch (errand->kind) {
    case ERRAND_WRITE:
        errand->error = write_file(errand);
        break;
    case ERRAND_REMOVE:
        (void)unlinkat(errand->place->directory, errand->name, 0);
        break;
    case ERRAND_END:
        clear(errand->place);
        (void)rmdir(errand->place->path);
        break;
    }
}

/* ---- In the loop */

static void note(struct state_files *files, const struct errand *errand)
{
    const char *path = files->place->path;

    if (errand->kind != ERRAND_WRITE)
        return;
    if (errand->error != 0 && !files->failing)
        log_instance(LOG_WARNING, errand->name, "cannot write %s/%s: %s", path, errand->name,
                     strerror(errand->error));
    else if (errand->error == 0 && files->failing)
        log_instance(LOG_NOTICE, errand->name, "%s/%s is written again", path, errand->name);
    files->failing = errand->error != 0;
}

static void free_errand(struct errand *errand)
{
    if (errand == NULL)
        return;
    unref_place(errand->place);
    config_box_unref(errand->box);
    free(errand->text);
    free(errand);
}

static bool submit(struct state_files *files, struct errand *errand)
{
    if (!worker_submit(files->options.worker, &errand->task))
        return false;
    files->under_way = errand;
    return true;
}

static void submit_removal(struct state_files *files)
{
    struct errand *errand = files->removals;

    if (files->under_way != NULL || errand == NULL || !submit(files, errand))
        return;
    files->removals = errand->next;
}

static void done(struct worker_task *task)
{
    struct errand *errand = (struct errand *)task;
    struct state_files *files = errand->files;

    if (files != NULL) {
        files->under_way = NULL;
        note(files, errand);
    }
    free_errand(errand);
    if (files == NULL)
        return;
    submit_removal(files);
    if (files->under_way == NULL)
        files->options.on_ready(files->options.userdata);
}

/* NULL: out of memory. */
static struct errand *new_errand(struct state_files *files, enum errand_kind kind, const char *name)
{
    struct errand *errand = calloc(1, sizeof(*errand));

    if (errand == NULL)
        return NULL;
    *errand = (struct errand){
        .task = {.run = run, .done = done}, .files = files, .place = files->place, .kind = kind};
    snprintf(errand->name, sizeof(errand->name), "%s", name);
    files->place->references++;
    return errand;
}

bool state_files_write(struct state_files *files, const struct state_file *file)
{
    if (files == NULL)
        return true;
    submit_removal(files);
    if (files->under_way != NULL)
        return false;
    struct errand *errand = new_errand(files, ERRAND_WRITE, file->config->name);
    if (errand != NULL) {
        errand->text = text_of(file);
        errand->box = config_box_ref(file->box);
        errand->config = file->config;
    }
    if (errand == NULL || errand->text == NULL) {
        log_instance(LOG_WARNING, file->config->name, "out of memory, no state file is written");
        free_errand(errand);
        return true;
    }
    if (submit(files, errand))
        return true;
    free_errand(errand);
    return false;
}

void state_files_remove(struct state_files *files, const char *instance)
{
    struct errand *errand = files != NULL ? new_errand(files, ERRAND_REMOVE, instance) : NULL;

    if (errand == NULL)
        return;
    if (files->removals == NULL)
        files->removals = errand;
    else
        files->newest->next = errand;
    files->newest = errand;
    submit_removal(files);
}

struct state_files *state_files_open(const struct state_files_options *options)
{
    struct state_files *files = calloc(1, sizeof(*files));
    struct place *place = new_place(options->run_dir, options->control_path);
    int r = -ENOMEM;

    if (files == NULL || place == NULL)
        goto fail;
    r = options->run_dir != NULL ? make_directory(options->run_dir) : 0;
    if (r == 0)
        r = make_directory(place->path);
    if (r == 0)
        r = open_directory(place);
    if (r < 0)
        goto fail;
    clear(place);
    files->options = *options;
    files->place = place;
    return files;
fail:
    log_msg(LOG_WARNING, "no state files: cannot use %s: %s",
            place != NULL ? place->path : "their directory",
            r == -EPERM ? "it is somebody else's" : strerror(-r));
    unref_place(place);
    free(files);
    return NULL;
}

void state_files_close(struct state_files *files)
{
    if (files == NULL)
        return;
    struct errand *end = new_errand(files, ERRAND_END, "");

    if (files->under_way != NULL)
        files->under_way->files = NULL;
    while (files->removals != NULL) {
        struct errand *errand = files->removals;

        files->removals = errand->next;
        free_errand(errand);
    }
    if (end != NULL) {
        end->files = NULL;
        if (!submit(files, end))
            free_errand(end);
    }
    unref_place(files->place);
    free(files);
}
