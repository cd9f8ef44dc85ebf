/* The list of drained instances, its file and the timer of the next one that expires. The list is
 * short and changed by people: it is an array. */
#include "agent/instances/drains.h"

#include "agent/base/clock.h"
#include "agent/base/file_saver.h"
#include "agent/base/log.h"
#include "agent/base/regular_file.h"
#include "agent/base/source.h"
#include "lib/config/names.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_VERSION = 1,
    FILE_MODE = 0640,
    DIRECTORY_MODE = 0750,
    PATH_SIZE = 4096,
    /* A file of more octets is not ours: all instances have 160 each. */
    FILE_SIZE_MAX = 1024 * 1024,
};

#define FILE_NAME "drained.json"

#define SAVE_DELAY_NS (20 * NS_PER_MS)
/* How long those who ask whether it was saved are left waiting. */
#define PATIENCE_NS (1 * NS_PER_SEC)
/* When it could not be saved. */
#define RETRY_NS (10 * NS_PER_SEC)

struct drains {
    struct drains_options options;
    struct drained *list;
    size_t count;
    char path[PATH_SIZE];
    sd_event_source *timer;    /* of the next one that expires */
    sd_event_source *save;     /* soon after a change, or again after a failure */
    sd_event_source *patience; /* the disk does not answer */
    struct file_saver *saver;
    bool changed; /* since it was handed to the saver */
    bool failing; /* the last attempt failed, and that was said */
    bool stalled; /* it takes long, and that was said */
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
        return source_set_enabled(drains->timer, SD_EVENT_OFF);
    r = source_set_time(drains->timer, first / NS_PER_US + 1);
    if (r >= 0)
        r = source_set_enabled(drains->timer, SD_EVENT_ONESHOT);
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

    if (entry->asker.known)
        json_object_set_new(json, "uid", json_integer((json_int_t)entry->asker.uid));
    if (entry->until_boot_ns == DEADLINE_NEVER)
        return json;
    uint64_t left = entry->until_boot_ns > now ? entry->until_boot_ns - now : 0;
    json_object_set_new(json, "until_ms",
                        json_integer((json_int_t)((clock_wall_ns() + left) / NS_PER_MS)));
    return json;
}

static char *dump(const struct drains *drains)
{
    json_t *list = json_array();

    for (size_t i = 0; i < drains->count; i++)
        json_array_append_new(list, entry_json(&drains->list[i]));
    json_t *file = json_pack("{s:i, s:o}", "version", FILE_VERSION, "drained", list);
    char *text = file != NULL ? json_dumps(file, JSON_INDENT(2)) : NULL;
    json_decref(file);
    return text;
}

static int arm(sd_event_source *timer, uint64_t after_ns)
{
    int r = source_set_time(timer, (clock_boot_ns() + after_ns) / NS_PER_US);

    return r < 0 ? r : source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static void tell(const struct drains *drains, enum drains_saved saved)
{
    drains->options.saved(drains->options.userdata, saved);
}

/* Whether what was handed to the saver last is on the disk. */
static void on_saved(void *userdata, int error)
{
    struct drains *drains = userdata;
    char text[REGULAR_FILE_ERROR_SIZE];

    (void)source_set_enabled(drains->patience, SD_EVENT_OFF);
    if (error < 0 && !drains->failing)
        log_msg(LOG_ERR, "cannot save what is drained in %s: %s", drains->path,
                regular_file_error(error, 0, text));
    if (error == 0 && (drains->failing || drains->stalled))
        log_msg(LOG_NOTICE, "what is drained is saved again in %s", drains->path);
    drains->failing = error < 0;
    drains->stalled = false;
    if (error < 0) {
        drains->changed = true;
        (void)arm(drains->save, RETRY_NS);
    }
    if (error < 0 || !drains->changed)
        tell(drains, error < 0 ? DRAINS_NOT_SAVED : DRAINS_SAVED);
}

static void save(struct drains *drains)
{
    if (!drains->changed)
        return;
    drains->changed = false;
    (void)arm(drains->patience, PATIENCE_NS);
    char *text = dump(drains);
    if (text == NULL || !file_saver_put(drains->saver, text))
        on_saved(drains, -ENOMEM);
}

static int on_save(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    save(userdata);
    return 0;
}

static int on_patience(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct drains *drains = userdata;

    (void)source;
    (void)usec;
    if (!drains->stalled)
        log_msg(LOG_ERR, "what is drained is not saved in %s yet: the disk does not answer",
                drains->path);
    drains->stalled = true;
    tell(drains, DRAINS_SAVING);
    return 0;
}

/* Sets the timers: of the next that expires, and to save soon. */
static void note_change(struct drains *drains)
{
    int r = set_timer(drains);

    /* A change after a failure does not wait for the next attempt. */
    if (r >= 0 && (!drains->changed || drains->failing))
        r = arm(drains->save, SAVE_DELAY_NS);
    drains->changed = true;
    assert(r >= 0);
    (void)r;
}

bool drains_add(struct drains *drains, const char *name, uint64_t until_boot_ns,
                const struct asker *asker)
{
    struct drained *known = (struct drained *)(uintptr_t)drains_find(drains, name);
    struct drained entry = {
        .since_wall_ns = clock_wall_ns(), .asker = *asker, .until_boot_ns = until_boot_ns};

    snprintf(entry.name, sizeof(entry.name), "%s", name);
    if (known != NULL) {
        known->until_boot_ns = until_boot_ns;
        known->asker = *asker;
    } else if (put(drains, &entry) < 0) {
        return false;
    }
    note_change(drains);
    return true;
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
        drains->options.expired(drains->options.userdata, name);
    }
    return set_timer(drains);
}

/* Nobody where it is not what we write: the drain is what matters. */
static struct asker read_asker(const json_t *uid)
{
    const json_int_t value = json_integer_value(uid);

    if (!json_is_integer(uid) || value < 0 || value > UINT32_MAX)
        return (struct asker){0};
    return (struct asker){.known = true, .uid = (uint32_t)value};
}

/* One entry of the file. False: it is not what we write. */
static bool read_entry(struct drains *drains, const struct config *config, const json_t *json)
{
    const char *name = json_string_value(json_object_get(json, "instance"));
    const json_t *since = json_object_get(json, "since_ms");
    const json_t *until = json_object_get(json, "until_ms");
    const json_t *uid = json_object_get(json, "uid");
    struct drained entry = {.until_boot_ns = DEADLINE_NEVER};
    uint64_t now_ms = clock_wall_ns() / NS_PER_MS;

    if (name == NULL || !config_name_valid(name, strlen(name)) || !json_is_integer(since) ||
        (until != NULL && (!json_is_integer(until) || json_integer_value(until) < 0)))
        return false;
    snprintf(entry.name, sizeof(entry.name), "%s", name);
    entry.asker = read_asker(uid);
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

/* NULL: there is none, or none that can be read (logged). */
static json_t *load_file(const struct drains *drains)
{
    char problem[REGULAR_FILE_ERROR_SIZE];
    json_error_t error;
    char *text;
    size_t length;
    int r = regular_file_read(drains->path, FILE_SIZE_MAX, &text, &length);
    json_t *file = r == 0 ? json_loadb(text, length, JSON_REJECT_DUPLICATES, &error) : NULL;

    if (r < 0 && r != -ENOENT)
        log_msg(LOG_ERR, "cannot read %s: %s: what was drained before is not", drains->path,
                regular_file_error(r, FILE_SIZE_MAX, problem));
    else if (r == 0 && file == NULL)
        log_msg(LOG_ERR, "cannot read %s: line %d: %s: what was drained before is not",
                drains->path, error.line, error.text);
    free(text);
    return file;
}

static void load(struct drains *drains, const struct config *config)
{
    json_t *file = load_file(drains);
    const json_t *list = json_object_get(file, "drained");
    const json_t *entry;
    size_t i;

    if (file != NULL && !json_is_array(list))
        log_msg(LOG_ERR, "%s is not a list of drained instances: what was drained before is not",
                drains->path);
    json_array_foreach (list, i, entry)
        if (!read_entry(drains, config, entry))
            log_msg(LOG_ERR, "%s: entry %zu makes no sense: left out", drains->path, i + 1);
    json_decref(file);
}

static int add_timer(sd_event *event, sd_event_source **timer, sd_event_time_handler_t callback,
                     struct drains *drains)
{
    return source_add_time(event, timer, CLOCK_BOOTTIME, UINT64_MAX, 1, callback, drains);
}

static int open_saver(struct drains *drains)
{
    const struct file_saver_options options = {
        .worker = drains->options.worker,
        .directory = drains->options.state_dir,
        .name = FILE_NAME,
        .directory_mode = DIRECTORY_MODE,
        .file_mode = FILE_MODE,
        .saved = on_saved,
        .userdata = drains,
    };

    return file_saver_open(&options, &drains->saver);
}

int drains_open(const struct drains_options *options, const struct config *config,
                struct drains **out)
{
    struct drains *drains = calloc(1, sizeof(*drains));
    int r;

    if (drains == NULL)
        return -ENOMEM;
    drains->options = *options;
    int length = snprintf(drains->path, sizeof(drains->path), "%s/" FILE_NAME, options->state_dir);
    r = length < 0 || (size_t)length >= sizeof(drains->path) ? -ENAMETOOLONG : 0;
    if (r == 0)
        r = add_timer(options->event, &drains->timer, on_timer, drains);
    if (r >= 0)
        r = add_timer(options->event, &drains->save, on_save, drains);
    if (r >= 0)
        r = add_timer(options->event, &drains->patience, on_patience, drains);
    if (r >= 0)
        r = open_saver(drains);
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
    char *text = drains->changed ? dump(drains) : NULL;
    if (text != NULL && drains->saver != NULL)
        (void)file_saver_put(drains->saver, text);
    else
        free(text);
    file_saver_close(drains->saver);
    sd_event_source_disable_unref(drains->timer);
    sd_event_source_disable_unref(drains->save);
    sd_event_source_disable_unref(drains->patience);
    free(drains->list);
    free(drains);
}
