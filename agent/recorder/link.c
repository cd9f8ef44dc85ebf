/* One interface's recorder; see link.h. Owner: the recorder; the segment on the interface
 * attaches and detaches. */
#include "agent/recorder/link.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/recorder/filter.h"
#include "agent/wire/frame_ring.h"

#include <assert.h>
#include <errno.h>
#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NOTE_SIZE = 512,
    TIMER_ACCURACY_US = 10 * 1000,
};

/* How much is recorded after the transition: the announcements, the first advertisements, who
 * objects. */
#define AFTER_NS (NS_PER_SEC + NS_PER_SEC / 4)
#define STEP_NS  (NS_PER_SEC / 10)

/* No frame waits for longer. */
#define COLLECTED_NS (10 * NS_PER_SEC)

struct recorder_link {
    struct recorder_link_options options;
    char name[INTERFACE_NAME_SIZE];
    struct frame_ring *ring;
    struct frame_tap *tap; /* NULL: detached */
    uint64_t dropped;      /* by the kernel, until the last recording */
    int datalink;
    uint64_t newest_ns; /* boot time of the newest record */
    const char *state;  /* of the link, as last noted */
    struct recorder_filter filter;

    sd_event_source *timer;
    bool pending;                /* `path` and `about` are of a recording in the making */
    struct recording *recording; /* what it has so far; NULL: the timer has not fired yet */
    uint64_t recorded;           /* records of the ring that are in it */
    uint64_t until_ns;
    char path[RECORDING_PATH_SIZE];
    char about[RECORDING_ABOUT_SIZE];
};

/* It was seen some time before it was collected. The wall clock may have been set in between, and
 * the ring wants what never goes back. */
static uint64_t seen_boot_ns(struct recorder_link *link, uint64_t wall_ns)
{
    uint64_t now_ns = clock_boot_ns();
    uint64_t wall_now_ns = clock_wall_ns();
    uint64_t age_ns = wall_now_ns > wall_ns ? wall_now_ns - wall_ns : 0;
    uint64_t at_ns = age_ns < COLLECTED_NS ? now_ns - age_ns : now_ns;

    if (at_ns > link->newest_ns)
        link->newest_ns = at_ns;
    return link->newest_ns;
}

static void on_frame(void *userdata, const struct frame_seen *frame)
{
    struct recorder_link *link = userdata;
    const struct frame_record record = {
        .boot_ns = seen_boot_ns(link, frame->wall_ns),
        .wall_ns = frame->wall_ns,
        .captured = frame->captured,
        .length = frame->length,
        .kind = FRAME_PACKET,
    };

    if (recorder_filter_wants(&link->filter, link->datalink, frame->octets, frame->captured))
        frame_ring_add(link->ring, &record, frame->octets);
}

static int set_timer(struct recorder_link *link, uint64_t at_ns)
{
    int r = source_set_time(link->timer, at_ns / NS_PER_US);

    return r < 0 ? r : source_set_enabled(link->timer, SD_EVENT_ONESHOT);
}

/* Adds what the ring has got since the last call. False: out of memory. */
static bool extend(struct recorder_link *link, struct recording *recording)
{
    uint8_t *records;
    size_t more;

    if (link->tap != NULL)
        frame_tap_drain(link->tap);
    more = frame_ring_used(link->ring, clock_boot_ns(), link->recorded);
    if (recording->size + more > RECORDER_RECORDING_BYTES_MAX)
        return true;
    records = realloc(recording->records, recording->size + more + 1);
    if (records == NULL)
        return false;
    recording->records = records;
    if (link->recorded > 0)
        recording->missed += frame_ring_lost(link->ring, link->recorded);
    recording->size +=
        frame_ring_copy(link->ring, link->recorded, recording->records + recording->size);
    link->recorded = frame_ring_added(link->ring);
    return true;
}

static void complete(struct recorder_link *link, bool good)
{
    struct recording *recording = link->recording;

    if (good && link->tap != NULL) {
        uint64_t dropped = frame_tap_dropped(link->tap);

        recording->missed += dropped - link->dropped;
        link->dropped = dropped;
    }
    if (!good)
        recording_free(recording);
    link->recording = NULL;
    link->pending = false;
    link->options.on_complete(link->options.userdata, link->path, good ? recording : NULL);
}

/* One more piece; the first one is the past. */
static void proceed(struct recorder_link *link, bool last)
{
    uint64_t now = clock_boot_ns();

    if (link->recording == NULL) {
        link->recording = calloc(1, sizeof(*link->recording));
        link->recorded = 0;
        link->until_ns = now + AFTER_NS;
        if (link->recording != NULL) {
            link->recording->datalink = link->datalink;
            memcpy(link->recording->path, link->path, sizeof(link->path));
            memcpy(link->recording->about, link->about, sizeof(link->about));
        }
    }
    bool good = link->recording != NULL && extend(link, link->recording);
    if (!good || last || now >= link->until_ns || set_timer(link, now + STEP_NS) < 0)
        complete(link, good);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    proceed(userdata, false);
    return 0;
}

int recorder_link_new(const struct recorder_link_options *options, struct recorder_link **out)
{
    struct recorder_link *link = calloc(1, sizeof(*link));
    int r;

    *out = NULL;
    if (link == NULL)
        return -ENOMEM;
    link->options = *options;
    link->datalink = DLT_EN10MB;
    memcpy(link->name, options->ifname, strnlen(options->ifname, sizeof(link->name) - 1));
    r = frame_ring_new(RECORDER_RING_BYTES, options->keep_ns, &link->ring);
    if (r >= 0)
        r = source_add_time(options->event, &link->timer, CLOCK_BOOTTIME, UINT64_MAX,
                            TIMER_ACCURACY_US, on_timer, link);
    if (r >= 0)
        r = sd_event_source_set_priority(link->timer, AGENT_PRIORITY_RECORDER);
    if (r >= 0)
        r = source_set_enabled(link->timer, SD_EVENT_OFF);
    if (r < 0) {
        recorder_link_free(link);
        return r;
    }
    *out = link;
    return 0;
}

void recorder_link_free(struct recorder_link *link)
{
    assert(link->tap == NULL);
    recording_free(link->recording);
    sd_event_source_disable_unref(link->timer);
    frame_ring_free(link->ring);
    recorder_filter_free(&link->filter);
    free(link);
}

const char *recorder_link_name(const struct recorder_link *link)
{
    return link->name;
}

bool recorder_link_attached(const struct recorder_link *link)
{
    return link->tap != NULL;
}

int recorder_link_attach(struct recorder_link *link, struct frame_tap *tap)
{
    int r = frame_tap_listen(tap, link->options.event, AGENT_PRIORITY_RECORDER, on_frame, link);

    if (r < 0) {
        frame_tap_silence(tap);
        log_msg(LOG_WARNING, "%s: cannot record frames: %s", link->name, strerror(-r));
        return r;
    }
    link->tap = tap;
    /* Frames with other headers cannot be in the same file. */
    if (link->datalink != frame_tap_datalink(link->tap)) {
        recorder_link_flush(link);
        frame_ring_clear(link->ring);
    }
    link->datalink = frame_tap_datalink(link->tap);
    link->dropped = 0;
    return 0;
}

void recorder_link_collect(struct recorder_link *link, uint64_t now_ns)
{
    frame_tap_collect(link->tap, now_ns);
}

struct frame_tap *recorder_link_detach(struct recorder_link *link)
{
    struct frame_tap *tap = link->tap;

    frame_tap_drain(tap);
    frame_tap_silence(tap);
    link->tap = NULL;
    return tap;
}

void recorder_link_watch(struct recorder_link *link, const struct ip_address *addresses,
                         size_t count)
{
    if (link != NULL && recorder_filter_set(&link->filter, addresses, count) < 0)
        log_msg(LOG_ERR, "%s: out of memory, the recorder's addresses are not up to date",
                link->name);
}

void recorder_link_note(struct recorder_link *link, uint64_t wall_ns, const char *text)
{
    const uint32_t length = (uint32_t)strnlen(text, NOTE_SIZE);

    /* What was captured before it comes before it. */
    if (link->tap != NULL)
        frame_tap_drain(link->tap);
    link->newest_ns = clock_boot_ns();
    const struct frame_record record = {.boot_ns = link->newest_ns,
                                        .wall_ns = wall_ns,
                                        .captured = length,
                                        .length = length,
                                        .kind = FRAME_NOTE};

    frame_ring_add(link->ring, &record, text);
}

void recorder_link_state(struct recorder_link *link, uint64_t wall_ns, const char *state)
{
    char text[NOTE_SIZE];

    if (link->state != NULL && strcmp(link->state, state) == 0)
        return;
    link->state = state;
    snprintf(text, sizeof(text), "link %s %s", link->name, state);
    recorder_link_note(link, wall_ns, text);
}

const char *recorder_link_recording(const struct recorder_link *link)
{
    return link->pending ? link->path : NULL;
}

int recorder_link_record(struct recorder_link *link, const char *path, const char *about)
{
    /* The transition itself must not wait for the copy. */
    int r = set_timer(link, clock_boot_ns());

    assert(!link->pending);
    if (r < 0)
        return r;
    snprintf(link->path, sizeof(link->path), "%s", path);
    snprintf(link->about, sizeof(link->about), "%s", about);
    link->pending = true;
    return 0;
}

void recorder_link_flush(struct recorder_link *link)
{
    if (link->pending)
        proceed(link, true);
}
