/* The list of drained instances, its file and the timer of the next one that expires. The list is
 * short and changed by people: it is an array. */
#include "agent/instances/drains.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_VERSION = 1,
    FILE_MODE = 0640,
    DIRECTORY_MODE = 0750,
    PATH_SIZE = 4096,
};

#define SAVE_DELAY_NS (20 * NS_PER_MS)

struct drains {
    struct drained *list;
    size_t count;
    char path[PATH_SIZE];
    char directory[PATH_SIZE];
    sd_event_source *timer; /* of the next one that expires */
    sd_event_source *saver;
    bool changed; /* since it was saved */
    drains_expired_fn expired;
    void *userdata;
};

const struct drained *drains_find(const struct drains *drains, const char *name)
{
    for (size_t i = 0; i < drains->count; i++)
        if (strcmp(drains->list[i].name, name) == 0)
            return &drains->list[i];
    return NULL;
}

static int set_timer(struct drains *drains)
{
    uint64_t first = DEADLINE_NEVER;
    int r;

    for (size_t i = 0; i < drains->count; i++)
        if (drains->list[i].until_boot_ns < first)
            first = drains->list[i].until_boot_ns;
    if (first == DEADLINE_NEVER)
        return sd_event_source_set_enabled(drains->timer, SD_EVENT_OFF);
    r = sd_event_source_set_time(drains->timer, first / NS_PER_US + 1);
    if (r >= 0)
        r = sd_event_source_set_enabled(drains->timer, SD_EVENT_ONESHOT);
    return r;
}

static int put(struct drains *drains, const struct drained *entry)
{
    struct drained *list = realloc(drains->list, (drains->count + 1) * sizeof(*list));

    if (list == NULL)
        return -ENOMEM;
    drains->list = list;
    list[drains->count++] = *entry;
    return 0;
}

static json_t *entry_json(const struct drained *entry)
{
    json_t *json = json_pack("{s:s, s:I}", "instance", entry->name, "since_ms",
                             (json_int_t)(entry->since_wall_ns / NS_PER_MS));
    uint64_t now = clock_boot_ns();

    if (entry->until_boot_ns == DEADLINE_NEVER)
        return json;
    uint64_t left = entry->until_boot_ns > now ? entry->until_boot_ns - now : 0;
    json_object_set_new(json, "until_ms",
                        json_integer((json_int_t)((clock_wall_ns() + left) / NS_PER_MS)));
    return json;
}

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    size_t size = strlen(text);
    int r = 0;

    if (fd < 0)
        return -errno;
    ssize_t n = write(fd, text, size);
    if (n < 0)
        r = -errno;
    else if ((size_t)n != size)
        r = -ENOSPC;
    if (close(fd) < 0 && r == 0)
        r = -errno;
    return r;
}

static int replace_file(const struct drains *drains, const char *text)
{
    char temporary[PATH_SIZE + 8];

    snprintf(temporary, sizeof(temporary), "%s.new", drains->path);
    if (mkdir(drains->directory, DIRECTORY_MODE) < 0 && errno != EEXIST)
        return -errno;
    int r = write_file(temporary, text);
    if (r == 0 && rename(temporary, drains->path) < 0)
        r = -errno;
    if (r < 0)
        (void)unlink(temporary);
    return r;
}

static void save(struct drains *drains)
{
    json_t *list = json_array();
    int r = -ENOMEM;

    if (!drains->changed) {
        json_decref(list);
        return;
    }
    drains->changed = false;
    for (size_t i = 0; i < drains->count; i++)
        json_array_append_new(list, entry_json(&drains->list[i]));
    json_t *file = json_pack("{s:i, s:o}", "version", FILE_VERSION, "drained", list);
    char *text = file != NULL ? json_dumps(file, JSON_INDENT(2)) : NULL;
    if (text != NULL)
        r = replace_file(drains, text);
    if (r < 0)
        log_msg(LOG_ERR, "cannot save what is drained in %s: %s", drains->path, strerror(-r));
    free(text);
    json_decref(file);
}

static int on_save(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    save(userdata);
    return 0;
}

/* Sets the timers: of the next that expires, and to save soon. */
static void note_change(struct drains *drains)
{
    int r = set_timer(drains);

    if (r >= 0 && !drains->changed) {
        r = sd_event_source_set_time(drains->saver, (clock_boot_ns() + SAVE_DELAY_NS) / NS_PER_US);
        if (r >= 0)
            r = sd_event_source_set_enabled(drains->saver, SD_EVENT_ONESHOT);
    }
    drains->changed = true;
    assert(r >= 0);
    (void)r;
}

static bool can_save(const struct drains *drains)
{
    return access(drains->directory, W_OK | X_OK) == 0 ||
           (errno == ENOENT && mkdir(drains->directory, DIRECTORY_MODE) == 0);
}

bool drains_add(struct drains *drains, const char *name, uint64_t until_boot_ns)
{
    struct drained *known = (struct drained *)(uintptr_t)drains_find(drains, name);
    struct drained entry = {.since_wall_ns = clock_wall_ns(), .until_boot_ns = until_boot_ns};

    snprintf(entry.name, sizeof(entry.name), "%s", name);
    if (known != NULL)
        known->until_boot_ns = until_boot_ns;
    else if (put(drains, &entry) < 0)
        return false;
    note_change(drains);
    return can_save(drains);
}

void drains_remove(struct drains *drains, const char *name)
{
    const struct drained *known = drains_find(drains, name);

    if (known == NULL)
        return;
    drains->list[known - drains->list] = drains->list[drains->count - 1];
    drains->count--;
    note_change(drains);
}

static const struct drained *find_expired(const struct drains *drains)
{
    uint64_t now = clock_boot_ns();

    for (size_t i = 0; i < drains->count; i++)
        if (drains->list[i].until_boot_ns <= now)
            return &drains->list[i];
    return NULL;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct drains *drains = userdata;
    const struct drained *entry;
    char name[NAME_SIZE];

    (void)source;
    (void)usec;
    /* The callback may take others off the list: those of the same group. */
    while ((entry = find_expired(drains)) != NULL) {
        memcpy(name, entry->name, sizeof(name));
        drains_remove(drains, name);
        drains->expired(drains->userdata, name);
    }
    return set_timer(drains);
}

/* One entry of the file. False: it is not what we write. */
static bool read_entry(struct drains *drains, const struct config *config, const json_t *json)
{
    const char *name = json_string_value(json_object_get(json, "instance"));
    const json_t *since = json_object_get(json, "since_ms");
    const json_t *until = json_object_get(json, "until_ms");
    struct drained entry = {.until_boot_ns = DEADLINE_NEVER};
    uint64_t now_ms = clock_wall_ns() / NS_PER_MS;

    if (name == NULL || strlen(name) >= sizeof(entry.name) || !json_is_integer(since) ||
        (until != NULL && (!json_is_integer(until) || json_integer_value(until) < 0)))
        return false;
    snprintf(entry.name, sizeof(entry.name), "%s", name);
    entry.since_wall_ns = (uint64_t)json_integer_value(since) * NS_PER_MS;
    if (until != NULL) {
        uint64_t until_ms = (uint64_t)json_integer_value(until);

        if (until_ms <= now_ms) {
            log_instance(LOG_NOTICE, name, "its drain has ended meanwhile");
            return true;
        }
        entry.until_boot_ns = clock_boot_ns() + (until_ms - now_ms) * NS_PER_MS;
    }
    if (config_find_instance(config, name) == NULL) {
        log_instance(LOG_NOTICE, name, "was drained, but is not configured any more: forgotten");
        return true;
    }
    return drains_find(drains, name) != NULL || put(drains, &entry) == 0;
}

static void load(struct drains *drains, const struct config *config)
{
    json_error_t error;
    json_t *file = json_load_file(drains->path, JSON_REJECT_DUPLICATES, &error);
    const json_t *list = json_object_get(file, "drained");
    const json_t *entry;
    size_t i;

    if (file == NULL && access(drains->path, F_OK) < 0 && errno == ENOENT)
        return;
    if (file == NULL)
        log_msg(LOG_ERR, "cannot read %s: %s: what was drained before is not", drains->path,
                error.text);
    else if (!json_is_array(list))
        log_msg(LOG_ERR, "%s is not a list of drained instances: what was drained before is not",
                drains->path);
    json_array_foreach (list, i, entry)
        if (!read_entry(drains, config, entry))
            log_msg(LOG_ERR, "%s: entry %zu makes no sense: left out", drains->path, i + 1);
    json_decref(file);
}

int drains_open(sd_event *event, const char *state_dir, const struct config *config,
                drains_expired_fn expired, void *userdata, struct drains **out)
{
    struct drains *drains = calloc(1, sizeof(*drains));
    int r;

    if (drains == NULL)
        return -ENOMEM;
    drains->expired = expired;
    drains->userdata = userdata;
    snprintf(drains->directory, sizeof(drains->directory), "%s", state_dir);
    int length = snprintf(drains->path, sizeof(drains->path), "%s/drained.json", state_dir);
    r = length < 0 || (size_t)length >= sizeof(drains->path) ? -ENAMETOOLONG : 0;
    if (r == 0)
        r = sd_event_add_time(event, &drains->timer, CLOCK_BOOTTIME, UINT64_MAX, 1, on_timer,
                              drains);
    if (r >= 0)
        r = sd_event_add_time(event, &drains->saver, CLOCK_BOOTTIME, UINT64_MAX, 1, on_save,
                              drains);
    if (r >= 0) {
        load(drains, config);
        r = set_timer(drains);
    }
    if (r < 0) {
        drains_close(drains);
        return r;
    }
    *out = drains;
    return 0;
}

void drains_close(struct drains *drains)
{
    if (drains == NULL)
        return;
    save(drains);
    sd_event_source_disable_unref(drains->timer);
    sd_event_source_disable_unref(drains->saver);
    free(drains->list);
    free(drains);
}
