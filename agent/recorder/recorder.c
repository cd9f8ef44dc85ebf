/* The flight recorder; see recorder.h. Owner: the agent; segments observe through it. */
#include "agent/recorder/recorder.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/recorder/recording_writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char directory[] = "recordings";

struct recorder {
    struct recorder_options options;
    char directory[RECORDING_PATH_SIZE];
    struct recording_writer *writer;
    struct recorder_link *links[RECORDER_INTERFACES_MAX];
    bool full; /* and that was said: none ever leaves */
    size_t count;
    struct status_recorder status;
    bool failing; /* said so already */
};

/* Said once, until it works again: a full disk must not fill the log as well. */
static void note_result(struct recorder *recorder, const char *path, int result)
{
    if (result < 0) {
        recorder->status.failed++;
        if (!recorder->failing)
            log_msg(LOG_WARNING, "cannot write the recording %s: %s", path, strerror(-result));
        recorder->options.on_failed(recorder->options.userdata, path);
    } else {
        recorder->status.written++;
        if (recorder->failing)
            log_msg(LOG_NOTICE, "recordings can be written again: %s", path);
    }
    recorder->failing = result < 0;
}

static void on_written(void *userdata, const struct recording *recording)
{
    note_result(userdata, recording->path, recording->result);
    if (recording->pruned < 0)
        log_msg(LOG_WARNING, "cannot remove old recordings beside %s: %s", recording->path,
                strerror(-recording->pruned));
}

static void on_complete(void *userdata, const char *path, struct recording *recording)
{
    struct recorder *recorder = userdata;

    if (recording == NULL) {
        note_result(recorder, path, -ENOMEM);
    } else if (!recording_writer_submit(recorder->writer, recording)) {
        note_result(recorder, path, -EBUSY);
        recording_free(recording);
    }
}

struct recorder_link *recorder_find(const struct recorder *recorder, const char *ifname)
{
    for (size_t i = 0; recorder != NULL && i < recorder->count; i++)
        if (strcmp(recorder_link_name(recorder->links[i]), ifname) == 0)
            return recorder->links[i];
    return NULL;
}

static struct recorder_link *add_link(struct recorder *recorder, const char *ifname)
{
    const struct recorder_link_options options = {
        .event = recorder->options.event,
        .ifname = ifname,
        .keep_ns = recorder->options.keep_ns,
        .on_complete = on_complete,
        .userdata = recorder,
    };
    struct recorder_link *link;

    if (recorder->count == RECORDER_INTERFACES_MAX) {
        if (!recorder->full)
            log_msg(LOG_WARNING,
                    "%s is not recorded, nor is any after it: %d interfaces are already", ifname,
                    RECORDER_INTERFACES_MAX);
        recorder->full = true;
        return NULL;
    }
    int r = recorder_link_new(&options, &link);
    if (r < 0) {
        log_msg(LOG_WARNING, "%s: cannot record frames: %s", ifname, strerror(-r));
        return NULL;
    }
    recorder->links[recorder->count++] = link;
    return link;
}

/* Two interfaces can have had that name, one after the other; the second goes unrecorded until its
 * segment is opened anew. */
static bool wants_link(void *userdata, const char *ifname)
{
    struct recorder *recorder = userdata;
    struct recorder_link *link = recorder_find(recorder, ifname);

    if (link == NULL)
        link = add_link(recorder, ifname);
    return link != NULL && !recorder_link_attached(link);
}

static void *on_segment(void *userdata, const char *ifname, struct frame_tap *tap)
{
    struct recorder_link *link = recorder_find(userdata, ifname);

    return link != NULL && !recorder_link_attached(link) && recorder_link_attach(link, tap) == 0
               ? link
               : NULL;
}

static void on_addresses(void *observed, const struct ip_address *addresses, size_t count)
{
    recorder_link_watch(observed, addresses, count);
}

static void on_passed(void *observed, uint64_t now_ns)
{
    recorder_link_collect(observed, now_ns);
}

static struct frame_tap *on_close(void *observed)
{
    return recorder_link_detach(observed);
}

void recorder_observe(struct recorder *recorder, struct segments *segments)
{
    const struct segment_observer observer = {
        .wants = wants_link,
        .attach = on_segment,
        .watch = on_addresses,
        .passed = on_passed,
        .detach = on_close,
        .userdata = recorder,
    };

    if (recorder != NULL)
        segments_set_observer(segments, &observer);
}

void recorder_note_link(struct recorder *recorder, const struct link *link, bool present)
{
    struct recorder_link *recorded = recorder_find(recorder, link->name);
    const char *state = "is gone";

    if (present)
        state = !link->up ? "is down" : link->carrier ? "is up" : "is up without carrier";
    if (recorded != NULL)
        recorder_link_state(recorded, clock_wall_ns(), state);
}

const char *recorder_save(struct recorder *recorder, struct recorder_link *link,
                          const struct history_entry *entry)
{
    const struct transition *transition = &entry->transition;
    char path[RECORDING_PATH_SIZE];
    char about[RECORDING_ABOUT_SIZE];

    if (link == NULL || recorder_link_recording(link) != NULL)
        return link != NULL ? recorder_link_recording(link) : NULL;
    /* The longest name fits: recorder_open() has seen to it. */
    if (!recording_path(recorder->directory, entry->at_ns, entry->instance, transition->from,
                        transition->to, path, sizeof(path)))
        return NULL;
    snprintf(about, sizeof(about),
             "recording   %s\n"
             "interface   %s\n"
             "instance    %s\n"
             "transition  %s -> %s\n"
             "reason      %s: %s\n",
             strrchr(path, '/') + 1, recorder_link_name(link), entry->instance,
             vrrp_state_name(transition->from), vrrp_state_name(transition->to),
             reason_name(transition->reason), entry->text);
    int r = recorder_link_record(link, path, about);
    if (r < 0)
        log_msg(LOG_WARNING, "cannot begin the recording %s: %s", path, strerror(-r));
    return recorder_link_recording(link);
}

struct status_recorder recorder_status(const struct recorder *recorder)
{
    return recorder != NULL ? recorder->status : (struct status_recorder){0};
}

static int set_directory(struct recorder *recorder)
{
    char longest[NAME_SIZE];
    char path[RECORDING_PATH_SIZE];
    int n = snprintf(recorder->directory, sizeof(recorder->directory), "%s/%s",
                     recorder->options.state_dir, directory);

    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    return n > 0 && (size_t)n < sizeof(recorder->directory) &&
                   recording_path(recorder->directory, 0, longest, VRRP_BACKUP, VRRP_BACKUP, path,
                                  sizeof(path))
               ? 0
               : -ENAMETOOLONG;
}

int recorder_open(const struct recorder_options *options, struct recorder **out)
{
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    int r = -ENOMEM;

    *out = NULL;
    if (recorder != NULL) {
        recorder->options = *options;
        recorder->status.enabled = true;
        r = set_directory(recorder);
    }
    if (r >= 0)
        r = recording_writer_open(options->event, AGENT_PRIORITY_RECORDER, options->files_max,
                                  on_written, recorder, &recorder->writer);
    if (r < 0) {
        log_msg(LOG_WARNING, "no flight recorder in %s/%s: %s", options->state_dir, directory,
                strerror(-r));
        free(recorder);
        return r;
    }
    *out = recorder;
    return 0;
}

void recorder_close(struct recorder *recorder)
{
    if (recorder == NULL)
        return;
    for (size_t i = 0; i < recorder->count; i++)
        recorder_link_flush(recorder->links[i]);
    recording_writer_close(recorder->writer);
    while (recorder->count > 0)
        recorder_link_free(recorder->links[--recorder->count]);
    free(recorder);
}
