/* The flight recorder; see recorder.h. Owner: the agent; segments borrow a link of it. */
#include "agent/recorder.h"

#include "agent/clock.h"
#include "agent/frame_ring.h"
#include "agent/frame_tap.h"
#include "agent/log.h"
#include "agent/priorities.h"
#include "agent/recorder_filter.h"
#include "agent/recording_writer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOTE_SIZE = 512 };

/* How much is recorded after the transition: the announcements, the first advertisements, who
 * objects; and the tenth of a second for which the kernel keeps frames to itself. */
#define AFTER_NS (NS_PER_SEC + NS_PER_SEC / 4)

static const char directory[] = "recordings";

struct recorder_link {
    struct recorder *recorder;
    struct recorder_link *next;
    char name[INTERFACE_NAME_SIZE];
    struct frame_ring *ring;
    struct frame_tap *tap; /* NULL: detached */
    int datalink;
    const char *state; /* of the link, as last noted */
    struct recorder_filter filter;
    sd_event_source *timer;
    bool pending; /* `path` and `about` are of a recording to be written when the timer fires */
    char path[RECORDING_PATH_SIZE];
    char about[RECORDING_ABOUT_SIZE];
};

struct recorder {
    struct recorder_options options;
    char directory[RECORDING_PATH_SIZE];
    struct recording_writer *writer;
    struct recorder_link *links;
    size_t link_count;
    struct status_recorder status;
    bool failing; /* said so already */
};

static void on_frame(void *userdata, const struct pcap_pkthdr *header, const u_char *octets)
{
    struct recorder_link *link = userdata;
    const struct frame_record record = {
        .boot_ns = clock_boot_ns(),
        .wall_ns =
            (uint64_t)header->ts.tv_sec * NS_PER_SEC + (uint64_t)header->ts.tv_usec * NS_PER_US,
        .captured = header->caplen,
        .length = header->len,
        .kind = FRAME_PACKET,
    };

    if (recorder_filter_wants(&link->filter, link->datalink, octets, header->caplen))
        frame_ring_add(link->ring, &record, octets);
}

/* Once, until it works again: a full disk must not fill the log as well. */
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

/* A copy of the ring, for the writer. NULL: out of memory. */
static struct recording *snapshot(struct recorder_link *link)
{
    struct recording *recording = calloc(1, sizeof(*recording));
    uint64_t now = clock_boot_ns();

    if (recording == NULL)
        return NULL;
    if (link->tap != NULL)
        frame_tap_drain(link->tap);
    recording->records = malloc(frame_ring_used(link->ring, now) + 1);
    if (recording->records == NULL) {
        free(recording);
        return NULL;
    }
    recording->size = frame_ring_copy(link->ring, now, recording->records);
    recording->datalink = link->datalink;
    recording->missed = link->tap != NULL ? frame_tap_dropped(link->tap) : 0;
    memcpy(recording->path, link->path, sizeof(recording->path));
    memcpy(recording->about, link->about, sizeof(recording->about));
    return recording;
}

static void finish(struct recorder_link *link)
{
    struct recorder *recorder = link->recorder;
    struct recording *recording;

    if (!link->pending)
        return;
    link->pending = false;
    recording = snapshot(link);
    if (recording == NULL) {
        note_result(recorder, link->path, -ENOMEM);
    } else if (!recording_writer_submit(recorder->writer, recording)) {
        note_result(recorder, link->path, -EBUSY);
        recording_free(recording);
    }
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    finish(userdata);
    return 0;
}

static struct recorder_link *find(const struct recorder *recorder, const char *ifname)
{
    for (struct recorder_link *link = recorder->links; link != NULL; link = link->next)
        if (strcmp(link->name, ifname) == 0)
            return link;
    return NULL;
}

static void free_link(struct recorder_link *link)
{
    assert(link->tap == NULL);
    sd_event_source_disable_unref(link->timer);
    frame_ring_free(link->ring);
    recorder_filter_free(&link->filter);
    free(link);
}

static struct recorder_link *add_link(struct recorder *recorder, const char *ifname)
{
    struct recorder_link *link = calloc(1, sizeof(*link));
    int r = -ENOMEM;

    if (link == NULL)
        goto fail;
    link->recorder = recorder;
    link->datalink = DLT_EN10MB;
    memcpy(link->name, ifname, strnlen(ifname, sizeof(link->name) - 1));
    r = frame_ring_new(RECORDER_RING_BYTES, recorder->options.keep_ns, &link->ring);
    if (r >= 0)
        r = sd_event_add_time(recorder->options.event, &link->timer, CLOCK_BOOTTIME, UINT64_MAX, 0,
                              on_timer, link);
    if (r >= 0)
        r = sd_event_source_set_priority(link->timer, AGENT_PRIORITY_RECORDER);
    if (r >= 0)
        r = sd_event_source_set_enabled(link->timer, SD_EVENT_OFF);
    if (r < 0)
        goto fail;
    link->next = recorder->links;
    recorder->links = link;
    recorder->link_count++;
    return link;
fail:
    log_msg(LOG_WARNING, "%s: cannot record frames: %s", ifname, strerror(-r));
    if (link != NULL)
        free_link(link);
    return NULL;
}

struct recorder_link *recorder_attach(struct recorder *recorder, const char *ifname)
{
    struct recorder_link *link;

    if (recorder == NULL)
        return NULL;
    link = find(recorder, ifname);
    if (link == NULL && recorder->link_count == RECORDER_INTERFACES_MAX) {
        log_msg(LOG_WARNING, "%s: not recorded, as %d interfaces are already", ifname,
                RECORDER_INTERFACES_MAX);
        return NULL;
    }
    if (link == NULL)
        link = add_link(recorder, ifname);
    if (link == NULL)
        return NULL;
    /* Two interfaces can have had that name, one after the other; the second waits its turn. */
    if (link->tap != NULL || frame_tap_open(recorder->options.event, AGENT_PRIORITY_RECORDER,
                                            link->name, on_frame, link, &link->tap) < 0)
        return NULL;
    /* Frames with other headers cannot be in the same file. */
    if (link->datalink != frame_tap_datalink(link->tap))
        frame_ring_clear(link->ring);
    link->datalink = frame_tap_datalink(link->tap);
    return link;
}

void recorder_detach(struct recorder_link *link)
{
    if (link == NULL)
        return;
    frame_tap_drain(link->tap);
    frame_tap_close(link->tap);
    link->tap = NULL;
}

void recorder_watch(struct recorder_link *link, const struct ip_address *addresses, size_t count)
{
    if (link != NULL && recorder_filter_set(&link->filter, addresses, count) < 0)
        log_msg(LOG_ERR, "%s: out of memory, the recorder's addresses are not up to date",
                link->name);
}

void recorder_note(struct recorder *recorder, const char *ifname, uint64_t wall_ns,
                   const char *format, ...)
{
    struct recorder_link *link = recorder != NULL ? find(recorder, ifname) : NULL;
    char text[NOTE_SIZE];
    va_list arguments;

    if (link == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    const uint32_t length = (uint32_t)strlen(text);
    const struct frame_record record = {.boot_ns = clock_boot_ns(),
                                        .wall_ns = wall_ns,
                                        .captured = length,
                                        .length = length,
                                        .kind = FRAME_NOTE};
    frame_ring_add(link->ring, &record, text);
}

void recorder_note_link(struct recorder *recorder, const char *ifname, uint64_t wall_ns,
                        const char *state)
{
    struct recorder_link *link = recorder != NULL ? find(recorder, ifname) : NULL;

    if (link == NULL || (link->state != NULL && strcmp(link->state, state) == 0))
        return;
    link->state = state;
    recorder_note(recorder, ifname, wall_ns, "link %s %s", ifname, state);
}

static void describe(struct recorder_link *link, const struct history_entry *entry)
{
    const struct transition *transition = &entry->transition;

    snprintf(link->about, sizeof(link->about),
             "recording   %s\n"
             "interface   %s\n"
             "instance    %s\n"
             "transition  %s -> %s\n"
             "reason      %s: %s\n",
             strrchr(link->path, '/') + 1, link->name, entry->instance,
             vrrp_state_name(transition->from), vrrp_state_name(transition->to),
             reason_name(transition->reason), entry->text);
}

const char *recorder_save(struct recorder *recorder, const char *ifname,
                          const struct history_entry *entry)
{
    struct recorder_link *link = recorder != NULL ? find(recorder, ifname) : NULL;
    int r;

    if (link == NULL)
        return NULL;
    if (link->pending)
        return link->path;
    /* The longest name fits: recorder_open() has seen to it. */
    if (!recording_path(recorder->directory, entry->at_ns, entry->instance, entry->transition.from,
                        entry->transition.to, link->path, sizeof(link->path)))
        return NULL;
    r = sd_event_source_set_time(link->timer, (clock_boot_ns() + AFTER_NS) / NS_PER_US);
    if (r >= 0)
        r = sd_event_source_set_enabled(link->timer, SD_EVENT_ONESHOT);
    if (r < 0) {
        log_msg(LOG_WARNING, "%s: cannot record the transition: %s", ifname, strerror(-r));
        return NULL;
    }
    describe(link, entry);
    link->pending = true;
    return link->path;
}

struct status_recorder recorder_status(const struct recorder *recorder)
{
    return recorder != NULL ? recorder->status : (struct status_recorder){0};
}

int recorder_open(const struct recorder_options *options, struct recorder **out)
{
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    char longest[NAME_SIZE];
    char path[RECORDING_PATH_SIZE];
    int r = -ENOMEM;

    *out = NULL;
    if (recorder == NULL)
        goto out;
    recorder->options = *options;
    recorder->status.enabled = true;
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    r = -ENAMETOOLONG;
    int n = snprintf(recorder->directory, sizeof(recorder->directory), "%s/%s", options->state_dir,
                     directory);
    if (n < 0 || (size_t)n >= sizeof(recorder->directory) ||
        !recording_path(recorder->directory, 0, longest, VRRP_BACKUP, VRRP_BACKUP, path,
                        sizeof(path)))
        goto out;
    r = recording_writer_open(options->event, AGENT_PRIORITY_RECORDER, options->files_max,
                              on_written, recorder, &recorder->writer);
out:
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
    for (struct recorder_link *link = recorder->links; link != NULL; link = link->next)
        finish(link);
    recording_writer_close(recorder->writer);
    while (recorder->links != NULL) {
        struct recorder_link *link = recorder->links;

        recorder->links = link->next;
        free_link(link);
    }
    free(recorder);
}
