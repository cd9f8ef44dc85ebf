/*
 * One reader of the history: what it has not seen yet it appends to the file. A line that could not
 * be written whole is taken back, so that a full disk costs entries but never the readability of
 * the others; it is said once, and once more when lines get through again.
 */
#include "agent/history/history_file.h"

#include "agent/base/log.h"
#include "agent/base/priorities.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_MODE = 0640,
    /* No entry is that long. */
    LINE_MAX_SIZE = 4096,
    /* A file of more octets is not ours. */
    LOAD_SIZE_MAX = 64 * 1024 * 1024,
    REAL_DIGITS = 12,
};

struct history_file {
    struct history *history;
    char *path;
    char *old_path;
    int fd; /* -1: not open (tried again with each line) */
    size_t size;
    size_t max_size;
    uint64_t position;    /* of the history: what is before is written or lost */
    uint64_t lost;        /* since it last worked */
    bool torn;            /* what is in the file does not end with a whole line */
    sd_event_source *due; /* there is something to write */
};

struct loading {
    struct history *history;
    unsigned long damaged;
};

static void load_line(struct loading *loading, const char *line, size_t length)
{
    json_t *json = json_loadb(line, length, 0, NULL);
    struct history_entry entry;

    if (json != NULL && control_history_from_json(json, &entry))
        history_restore(loading->history, &entry);
    else
        loading->damaged++;
    json_decref(json);
}

/* *torn: the last line has no end. 0 (also when there is no such file) or a negative errno. */
static int load(const char *path, struct loading *loading, bool *torn)
{
    FILE *file = fopen(path, "re");
    struct stat st = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    int r = 0;

    *torn = false;
    if (file == NULL)
        return errno == ENOENT ? 0 : -errno;
    if (fstat(fileno(file), &st) < 0 || st.st_size > LOAD_SIZE_MAX) {
        fclose(file);
        return -EFBIG;
    }
    while ((length = getline(&line, &room, file)) > 0) {
        *torn = line[length - 1] != '\n';
        if (length > 1 || *torn)
            load_line(loading, line, (size_t)length);
    }
    r = ferror(file) != 0 ? -EIO : 0;
    free(line);
    fclose(file);
    return r;
}

static int open_file(struct history_file *file)
{
    struct stat st = {0};

    file->fd = open(file->path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                    FILE_MODE);
    if (file->fd < 0 || fstat(file->fd, &st) < 0)
        return -errno;
    file->size = (size_t)st.st_size;
    /* The unit's umask would keep group vipd from reading it. */
    if (file->size == 0 && fchmod(file->fd, FILE_MODE) < 0)
        return -errno;
    return 0;
}

/* The file is large: it takes the place of the old one. When that fails it goes on growing. */
static void put_aside(struct history_file *file)
{
    if (rename(file->path, file->old_path) < 0)
        return;
    close(file->fd);
    file->torn = false;
    file->size = 0;
    file->fd = -1;
}

/* Text of one entry with its end of line; 0: it cannot be made. */
static size_t line_of(const struct history_entry *entry, bool torn, char *line)
{
    json_t *json = control_history_to_json(entry);
    size_t lead = torn ? 1 : 0;
    size_t length = 0;

    if (json != NULL)
        length = json_dumpb(json, line + lead, LINE_MAX_SIZE - 1 - lead,
                            JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
    json_decref(json);
    if (length == 0 || length > LINE_MAX_SIZE - 1 - lead)
        return 0;
    if (torn)
        line[0] = '\n';
    line[lead + length] = '\n';
    return lead + length + 1;
}

/* 0 or an errno. */
static int write_entry(struct history_file *file, const struct history_entry *entry)
{
    char line[LINE_MAX_SIZE];

    if (file->fd >= 0 && file->size >= file->max_size)
        put_aside(file);
    if (file->fd < 0) {
        int r = open_file(file);

        if (r < 0)
            return -r;
    }
    size_t length = line_of(entry, file->torn, line);
    if (length == 0)
        return ENOMEM;
    ssize_t n = write(file->fd, line, length);
    int error = n < 0 ? errno : ENOSPC;
    if (n == (ssize_t)length) {
        file->size += length;
        file->torn = false;
        return 0;
    }
    if (n > 0 && ftruncate(file->fd, (off_t)file->size) < 0) {
        file->size += (size_t)n;
        file->torn = true;
    }
    return error;
}

static void note(struct history_file *file, int error)
{
    if (error != 0 && file->lost++ == 0)
        log_msg(LOG_WARNING, "history: cannot write %s: %s; kept in memory only", file->path,
                strerror(error));
    if (error == 0 && file->lost > 0) {
        log_msg(LOG_NOTICE, "history: %s is written again, without %llu entries", file->path,
                (unsigned long long)file->lost);
        file->lost = 0;
    }
}

/* False: nothing is left. */
static bool write_next(struct history_file *file)
{
    uint64_t oldest = history_oldest(file->history);
    const struct history_entry *entry;

    if (file->position < oldest)
        log_msg(LOG_WARNING, "history: %llu entries came too fast to be written",
                (unsigned long long)(oldest - file->position));
    entry = history_next(file->history, &file->position, NULL);
    if (entry == NULL)
        return false;
    note(file, write_entry(file, entry));
    return true;
}

/* One a turn of the loop. */
static int on_due(sd_event_source *source, void *userdata)
{
    if (write_next(userdata))
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    return 0;
}

static void read_files(struct history_file *file)
{
    struct loading loading = {.history = file->history};
    const char *paths[] = {file->old_path, file->path};

    for (size_t i = 0; i < 2; i++) {
        int r = load(paths[i], &loading, &file->torn);

        if (r < 0)
            log_msg(LOG_WARNING, "history: cannot read %s: %s", paths[i], strerror(-r));
    }
    if (loading.damaged > 0)
        log_msg(LOG_WARNING, "history: %lu damaged lines of %s were passed over", loading.damaged,
                file->path);
    file->position = history_end(file->history);
}

int history_file_open(sd_event *event, const char *directory, size_t max_size,
                      struct history *history, struct history_file **out)
{
    struct history_file *file = calloc(1, sizeof(*file));
    int r = -ENOMEM;

    *out = NULL;
    if (file == NULL)
        return r;
    file->history = history;
    file->max_size = max_size;
    file->fd = -1;
    if (asprintf(&file->path, "%s/" HISTORY_FILE_NAME, directory) < 0)
        file->path = NULL;
    if (asprintf(&file->old_path, "%s/" HISTORY_FILE_NAME ".1", directory) < 0)
        file->old_path = NULL;
    if (file->path == NULL || file->old_path == NULL)
        goto fail;
    r = sd_event_add_defer(event, &file->due, on_due, file);
    if (r >= 0)
        r = sd_event_source_set_priority(file->due, AGENT_PRIORITY_STATE);
    if (r >= 0)
        r = sd_event_source_set_enabled(file->due, SD_EVENT_OFF);
    if (r < 0)
        goto fail;
    read_files(file);
    *out = file;
    return 0;
fail:
    file->position = history_end(history);
    history_file_close(file);
    return r;
}

void history_file_close(struct history_file *file)
{
    if (file == NULL)
        return;
    while (write_next(file))
        ;
    sd_event_source_disable_unref(file->due);
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    free(file->old_path);
    free(file);
}

void history_file_changed(struct history_file *file)
{
    int r = 0;

    if (file != NULL)
        r = sd_event_source_set_enabled(file->due, SD_EVENT_ONESHOT);
    /* When the loop has ended, closing writes what is left. */
    assert(r >= 0 || r == -ESTALE);
}
