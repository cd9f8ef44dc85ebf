/* Recordings on disk; see recording_file.h. */
#include "agent/recorder/recording_file.h"

#include "agent/base/regular_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    DIRECTORY_MODE = 0750,
    FILE_MODE = 0640,
    /* Room for ".tmp" behind a path. */
    TEMPORARY_SIZE = RECORDING_PATH_SIZE + 8,
    SNAP_OCTETS = 65535,
};

static const char suffix_frames[] = ".pcap";
static const char suffix_text[] = ".txt";
static const char suffix_temporary[] = ".tmp";

/* "20261121T140322" for names, "2026-11-21T14:03:22" for texts. */
static void utc(uint64_t wall_ns, bool compact, char *buffer, size_t size)
{
    const time_t seconds = (time_t)(wall_ns / NS_PER_SEC);
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL)
        memset(&tm, 0, sizeof(tm));
    size_t n = compact ? strftime(buffer, size, "%Y%m%dT%H%M%S", &tm)
                       : strftime(buffer, size, "%Y-%m-%dT%H:%M:%S", &tm);
    if (n == 0)
        buffer[0] = '\0';
}

bool recording_path(const char *directory, uint64_t wall_ns, const char *instance,
                    enum vrrp_state from, enum vrrp_state to, char *buffer, size_t size)
{
    char time[RECORDING_TIME_SIZE];

    utc(wall_ns, true, time, sizeof(time));
    int n = snprintf(buffer, size, "%s/%s.%03u-%s-%s-%s%s", directory, time,
                     (unsigned)(wall_ns / NS_PER_MS % 1000), instance, vrrp_state_name(from),
                     vrrp_state_name(to), suffix_frames);
    return n > 0 && (size_t)n < size;
}

/* The path with another ending. */
static void with_suffix(const char *path, const char *suffix, const char *more, char *buffer)
{
    size_t stem = strlen(path) - strlen(suffix_frames);

    snprintf(buffer, TEMPORARY_SIZE, "%s", path);
    snprintf(buffer + stem, TEMPORARY_SIZE - stem, "%s%s", suffix, more);
}

static int make_directory(const char *path)
{
    return mkdir(path, DIRECTORY_MODE) == 0 || errno == EEXIST ? 0 : -errno;
}

/* The directory of a path, and the one above it. */
static int make_directories(const char *path)
{
    char directory[RECORDING_PATH_SIZE];

    snprintf(directory, sizeof(directory), "%s", path);
    *strrchr(directory, '/') = '\0';
    int r = make_directory(directory);
    char *slash = strrchr(directory, '/');
    if (r != -ENOENT || slash == NULL || slash == directory)
        return r;
    *slash = '\0';
    r = make_directory(directory);
    *slash = '/';
    return r < 0 ? r : make_directory(directory);
}

static FILE *create(const char *path, int *error)
{
    int fd = regular_file_create(AT_FDCWD, path, FILE_MODE);
    FILE *file;

    /* Readable by the group, which the unit's umask would not allow; best effort. */
    if (fd >= 0)
        (void)fchmod(fd, FILE_MODE);
    file = fd >= 0 ? fdopen(fd, "w") : NULL;
    *error = file != NULL ? 0 : fd < 0 ? fd : -errno;
    if (file == NULL && fd >= 0)
        close(fd);
    return file;
}

/* 0, or what kept the file from being complete on the disk. */
static int finish(FILE *file)
{
    if (fflush(file) != 0 || ferror(file) != 0)
        return errno != 0 ? -errno : -EIO;
    return fsync(fileno(file)) == 0 ? 0 : -errno;
}

static void dump_frames(const struct recording *recording, pcap_dumper_t *dumper)
{
    const uint8_t *at = recording->records;
    const uint8_t *end = at + recording->size;
    struct frame_record record;
    const uint8_t *octets;

    while (frame_record_next(&at, end, &record, &octets)) {
        const struct pcap_pkthdr header = {
            .ts = {.tv_sec = (time_t)(record.wall_ns / NS_PER_SEC),
                   .tv_usec = (suseconds_t)(record.wall_ns % NS_PER_SEC / NS_PER_US)},
            .caplen = record.captured,
            .len = record.length,
        };

        if (record.kind == FRAME_PACKET)
            pcap_dump((u_char *)dumper, &header, octets);
    }
}

static int write_frames(const struct recording *recording, const char *path)
{
    pcap_t *pcap = pcap_open_dead(recording->datalink, SNAP_OCTETS);
    pcap_dumper_t *dumper = NULL;
    int r = -ENOMEM;

    if (pcap == NULL)
        return r;
    FILE *file = create(path, &r);
    if (file != NULL) {
        /* Closes the file when it fails, as pcap_dump_close() does. */
        dumper = pcap_dump_fopen(pcap, file);
        r = -EIO;
    }
    if (dumper != NULL) {
        errno = 0;
        dump_frames(recording, dumper);
        r = finish(file);
        pcap_dump_close(dumper);
    }
    pcap_close(pcap);
    return r;
}

static void print_events(const struct recording *recording, FILE *file)
{
    const uint8_t *at = recording->records;
    const uint8_t *end = at + recording->size;
    struct frame_record record;
    const uint8_t *octets;
    uint64_t frames = 0;
    char time[RECORDING_TIME_SIZE];

    while (frame_record_next(&at, end, &record, &octets))
        frames += record.kind == FRAME_PACKET;
    fprintf(file, "frames      %" PRIu64 ", and %" PRIu64 " for which there was no room\n\n",
            frames, recording->missed);
    at = recording->records;
    while (frame_record_next(&at, end, &record, &octets)) {
        if (record.kind != FRAME_NOTE)
            continue;
        utc(record.wall_ns, false, time, sizeof(time));
        fprintf(file, "%s.%06uZ  %.*s\n", time, (unsigned)(record.wall_ns % NS_PER_SEC / NS_PER_US),
                (int)record.captured, (const char *)octets);
    }
}

static int write_text(const struct recording *recording, const char *path)
{
    int r;
    FILE *file = create(path, &r);

    if (file == NULL)
        return r;
    errno = 0;
    fputs(recording->about, file);
    print_events(recording, file);
    r = finish(file);
    fclose(file);
    return r;
}

int recording_write(const struct recording *recording)
{
    char frames[TEMPORARY_SIZE];
    char text[TEMPORARY_SIZE];
    char text_path[TEMPORARY_SIZE];

    with_suffix(recording->path, suffix_frames, suffix_temporary, frames);
    with_suffix(recording->path, suffix_text, suffix_temporary, text);
    with_suffix(recording->path, suffix_text, "", text_path);
    int r = make_directories(recording->path);
    if (r == 0)
        r = write_frames(recording, frames);
    if (r == 0)
        r = write_text(recording, text);
    if (r == 0 && (rename(text, text_path) < 0 || rename(frames, recording->path) < 0))
        r = -errno;
    if (r < 0) {
        (void)unlink(frames);
        (void)unlink(text);
        (void)unlink(text_path);
    }
    return r;
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t length = strlen(name);
    size_t end = strlen(suffix);

    return length > end && strcmp(name + length - end, suffix) == 0;
}

/* "20261121T140322.118-...": a name of ours, whatever its ending. */
static bool is_ours(const char *name)
{
    static const char shape[] = "ddddddddTdddddd.ddd-";

    for (size_t i = 0; i < sizeof(shape) - 1; i++) {
        bool digit = name[i] >= '0' && name[i] <= '9';

        if (shape[i] == 'd' ? !digit : name[i] != shape[i])
            return false;
    }
    return true;
}

static int choose(const struct dirent *entry)
{
    return is_ours(entry->d_name) &&
           (ends_with(entry->d_name, suffix_frames) || ends_with(entry->d_name, suffix_temporary));
}

static uint64_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* Octets of a recording with its text. */
static uint64_t size_of_both(const char *path)
{
    char text[TEMPORARY_SIZE];

    with_suffix(path, suffix_text, "", text);
    return size_of(path) + size_of(text);
}

static int remove_file(const char *path)
{
    return unlink(path) == 0 || errno == ENOENT ? 0 : -errno;
}

static int remove_both(const char *path)
{
    char text[TEMPORARY_SIZE];

    with_suffix(path, suffix_text, "", text);
    int r = remove_file(text);
    return r < 0 ? r : remove_file(path);
}

/* What recordings may still take. */
struct allowance {
    unsigned files;
    uint64_t bytes;
};

/* Keeps one, or removes it. 0 or a negative errno. */
static int judge(const char *path, bool newest, struct allowance *left)
{
    /* Somebody was killed while writing it: there is one writer, and it is idle. */
    if (ends_with(path, suffix_temporary))
        return remove_file(path);
    uint64_t bytes = size_of_both(path);
    if (!newest && (left->files == 0 || bytes > left->bytes))
        return remove_both(path);
    left->files -= left->files > 0;
    left->bytes -= bytes < left->bytes ? bytes : left->bytes;
    return 0;
}

int recording_prune(const char *path, unsigned files_max, uint64_t bytes_max)
{
    struct allowance left = {.files = files_max, .bytes = bytes_max};
    char directory[RECORDING_PATH_SIZE];
    char other[RECORDING_PATH_SIZE];
    struct dirent **list;
    int result = 0;

    snprintf(directory, sizeof(directory), "%s", path);
    *strrchr(directory, '/') = '\0';
    int count = scandir(directory, &list, choose, alphasort);
    if (count < 0)
        return -errno;
    /* From the newest to the oldest. */
    for (int i = count; i-- > 0;) {
        int n = snprintf(other, sizeof(other), "%s/%s", directory, list[i]->d_name);

        free(list[i]);
        if (n < 0 || (size_t)n >= sizeof(other))
            continue;
        int r = judge(other, strcmp(other, path) == 0, &left);
        result = result < 0 ? result : r;
    }
    free(list);
    return result;
}

void recording_free(struct recording *recording)
{
    if (recording == NULL)
        return;
    free(recording->records);
    free(recording);
}
