/* Lines in the file of the history. One that could not be written whole is taken back, so that a
 * full disk costs entries but never the readability of the others. */
#include "agent/history/history_disk.h"

#include "agent/base/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_MODE = 0640,
    /* No entry is that long. */
    LINE_MAX_SIZE = 4096,
    REAL_DIGITS = 12,
};

struct history_disk *history_disk_new(const char *directory, size_t max_size)
{
    struct history_disk *disk = calloc(1, sizeof(*disk));

    if (disk == NULL)
        return NULL;
    disk->fd = -1;
    disk->max_size = max_size;
    if (asprintf(&disk->path, "%s/" HISTORY_FILE_NAME, directory) < 0)
        disk->path = NULL;
    if (asprintf(&disk->old_path, "%s/" HISTORY_FILE_NAME ".1", directory) < 0)
        disk->old_path = NULL;
    if (disk->path == NULL || disk->old_path == NULL) {
        history_disk_free(disk);
        return NULL;
    }
    return disk;
}

void history_disk_free(struct history_disk *disk)
{
    if (disk == NULL)
        return;
    if (disk->fd >= 0)
        close(disk->fd);
    free(disk->path);
    free(disk->old_path);
    free(disk);
}

/* 0 or an errno. */
static int open_file(struct history_disk *disk)
{
    struct stat st = {0};
    int fd = regular_file_open(disk->path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, FILE_MODE);

    if (fd < 0)
        return -fd;
    /* The unit's umask would keep group vipd from reading it. */
    if (fstat(fd, &st) < 0 || (st.st_size == 0 && fchmod(fd, FILE_MODE) < 0)) {
        int error = errno;

        close(fd);
        return error;
    }
    disk->fd = fd;
    disk->size = (size_t)st.st_size;
    return 0;
}

/* The file is large: it takes the place of the old one. When that fails it goes on growing. */
static void put_aside(struct history_disk *disk)
{
    if (rename(disk->path, disk->old_path) < 0)
        return;
    close(disk->fd);
    disk->torn = false;
    disk->size = 0;
    disk->fd = -1;
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

int history_disk_write(struct history_disk *disk, const struct history_entry *entry)
{
    char line[LINE_MAX_SIZE];

    if (disk->fd >= 0 && disk->size >= disk->max_size)
        put_aside(disk);
    if (disk->fd < 0) {
        int error = open_file(disk);

        if (error != 0)
            return error;
    }
    size_t length = line_of(entry, disk->torn, line);
    if (length == 0)
        return ENOMEM;
    ssize_t n = write(disk->fd, line, length);
    int error = n < 0 ? errno : ENOSPC;
    if (n == (ssize_t)length) {
        disk->size += length;
        disk->torn = false;
        return 0;
    }
    if (n > 0 && ftruncate(disk->fd, (off_t)disk->size) < 0) {
        disk->size += (size_t)n;
        disk->torn = true;
    }
    return error;
}
