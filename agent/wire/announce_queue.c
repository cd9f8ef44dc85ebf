/* Announcements, paced; see announce_queue.h. A lane for each interface that is in use, with its
 * jobs in a round: of many that wait each gets its turn. */
#include "agent/wire/announce_queue.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "lib/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMER_ACCURACY_US = 50 };

struct job {
    const void *owner;
    struct announcement what;          /* addresses, mac, ifname and device are those below */
    struct claimed_address *addresses; /* of that device alone */
    uint8_t mac[MAC_SIZE];
    char ifname[INTERFACE_NAME_SIZE];
    size_t next; /* the next address */
    size_t left; /* how many are to be announced, round the end of the list */
    int error;   /* the first */
    struct job *after;
};

struct lane {
    int ifindex;
    uint64_t free_ns; /* boot time: nothing before */
    struct job *jobs;
    struct lane *after;
};

struct announce_queue {
    struct neighbour_io *io;
    uint64_t pause_ns;
    sd_event_source *timer;
    struct lane *lanes;
};

static void free_job(struct job *job)
{
    free(job->addresses);
    free(job);
}

/* At the end of the round. */
static void append(struct lane *lane, struct job *job)
{
    struct job **link = &lane->jobs;

    while (*link != NULL)
        link = &(*link)->after;
    *link = job;
    job->after = NULL;
}

/* The next addresses of a job, `most` at most and none round the end. */
static void send_some(const struct announce_queue *queue, struct job *job, size_t most)
{
    struct announcement some = job->what;
    size_t to_end = job->what.count - job->next;

    some.count = job->left < most ? job->left : most;
    if (some.count > to_end)
        some.count = to_end;
    some.addresses = job->addresses + job->next;
    int r = neighbour_io_announce(queue->io, &some);
    if (job->error == 0)
        job->error = r;
    job->next = (job->next + some.count) % job->what.count;
    job->left -= some.count;
}

static void end_job(struct job *job)
{
    if (job->error < 0)
        log_msg(LOG_WARNING, "cannot announce all addresses on %s: %s", job->ifname,
                strerror(-job->error));
    free_job(job);
}

/* One address of the job whose turn it is. */
static void serve(const struct announce_queue *queue, struct lane *lane, uint64_t now_ns)
{
    struct job *job = lane->jobs;

    lane->jobs = job->after;
    send_some(queue, job, 1);
    lane->free_ns = now_ns + queue->pause_ns;
    if (job->left > 0)
        append(lane, job);
    else
        end_job(job);
}

/* The timer, for the lane that is free next; one that is idle is forgotten then. */
static void arm(struct announce_queue *queue)
{
    uint64_t next_ns = DEADLINE_NEVER;

    for (const struct lane *lane = queue->lanes; lane != NULL; lane = lane->after)
        if (lane->free_ns < next_ns)
            next_ns = lane->free_ns;
    if (next_ns == DEADLINE_NEVER) {
        (void)source_set_enabled(queue->timer, SD_EVENT_OFF);
        return;
    }
    (void)source_set_time(queue->timer, (next_ns + NS_PER_US - 1) / NS_PER_US);
    (void)source_set_enabled(queue->timer, SD_EVENT_ONESHOT);
}

/* One address of every lane that is free. */
static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct announce_queue *queue = userdata;
    struct lane **link = &queue->lanes;
    const uint64_t now_ns = clock_boot_ns();

    (void)source;
    (void)usec;
    while (*link != NULL) {
        struct lane *lane = *link;

        if (lane->free_ns <= now_ns && lane->jobs == NULL) {
            *link = lane->after;
            free(lane);
            continue;
        }
        if (lane->free_ns <= now_ns)
            serve(queue, lane, now_ns);
        link = &lane->after;
    }
    arm(queue);
    return 0;
}

static struct lane *find_or_add(struct announce_queue *queue, int ifindex)
{
    struct lane *lane = queue->lanes;

    while (lane != NULL && lane->ifindex != ifindex)
        lane = lane->after;
    if (lane != NULL)
        return lane;
    lane = calloc(1, sizeof(*lane));
    if (lane == NULL)
        return NULL;
    lane->ifindex = ifindex;
    lane->after = queue->lanes;
    queue->lanes = lane;
    return lane;
}

static struct job *take_out(struct lane *lane, const void *owner)
{
    struct job **link = &lane->jobs;

    while (*link != NULL && (*link)->owner != owner)
        link = &(*link)->after;
    struct job *job = *link;
    if (job != NULL)
        *link = job->after;
    return job;
}

/* Those of the announcement's device. Returns how many. */
static size_t copy_addresses(const struct announcement *what, struct claimed_address *out)
{
    size_t count = 0;

    for (size_t i = 0; i < what->count; i++)
        if (strcmp(what->addresses[i].device, what->device) == 0)
            out[count++] = what->addresses[i];
    return count;
}

static struct job *new_job(const void *owner, const struct announcement *what)
{
    struct job *job = calloc(1, sizeof(*job));
    struct claimed_address *addresses = calloc(what->count, sizeof(*addresses));

    if (job == NULL || addresses == NULL) {
        free(job);
        free(addresses);
        return NULL;
    }
    *job = (struct job){.owner = owner, .what = *what, .addresses = addresses};
    job->what.count = job->left = copy_addresses(what, addresses);
    memcpy(job->mac, what->mac, sizeof(job->mac));
    snprintf(job->ifname, sizeof(job->ifname), "%s", what->ifname);
    job->what.mac = job->mac;
    job->what.ifname = job->ifname;
    job->what.device = what->device[0] != '\0' ? job->ifname : "";
    return job;
}

static bool same_addresses(const struct job *a, const struct job *b)
{
    if (a->what.count != b->what.count)
        return false;
    for (size_t i = 0; i < a->what.count; i++)
        if (!ip_address_equal(&a->addresses[i].prefix.address, &b->addresses[i].prefix.address))
            return false;
    return true;
}

int announce_queue_add(struct announce_queue *queue, const void *owner,
                       const struct announcement *what)
{
    const uint64_t now_ns = clock_boot_ns();
    int error = 0;

    if (queue->pause_ns == 0 || what->count == 0)
        return neighbour_io_announce(queue->io, what);
    struct lane *lane = find_or_add(queue, what->ifindex);
    struct job *job = lane != NULL ? new_job(owner, what) : NULL;
    if (job == NULL)
        return neighbour_io_announce(queue->io, what);
    if (job->left == 0) {
        free_job(job);
        return 0;
    }
    struct job *before = take_out(lane, owner);
    /* Where it had come to: or the last of many would never have its turn. */
    if (before != NULL && same_addresses(before, job))
        job->next = before->next;
    if (before != NULL)
        free_job(before);
    append(lane, job);
    if (lane->free_ns <= now_ns && lane->jobs == job) {
        send_some(queue, job, 1);
        lane->free_ns = now_ns + queue->pause_ns;
        error = job->error;
        job->error = 0; /* told */
        if (job->left == 0)
            free_job(take_out(lane, owner));
    }
    arm(queue);
    return error;
}

void announce_queue_drop(struct announce_queue *queue, const void *owner)
{
    for (struct lane *lane = queue->lanes; lane != NULL; lane = lane->after) {
        struct job *job = take_out(lane, owner);

        if (job != NULL)
            free_job(job);
    }
}

void announce_queue_set_pause(struct announce_queue *queue, uint64_t pause_ns)
{
    queue->pause_ns = pause_ns;
    for (struct lane *lane = queue->lanes; lane != NULL && pause_ns == 0; lane = lane->after) {
        while (lane->jobs != NULL) {
            struct job *job = lane->jobs;

            lane->jobs = job->after;
            while (job->left > 0)
                send_some(queue, job, job->left);
            end_job(job);
        }
    }
}

int announce_queue_open(sd_event *event, struct neighbour_io *io, struct announce_queue **out)
{
    struct announce_queue *queue = calloc(1, sizeof(*queue));
    int r = -ENOMEM;

    *out = NULL;
    if (queue == NULL)
        return r;
    queue->io = io;
    r = source_add_time(event, &queue->timer, CLOCK_BOOTTIME, UINT64_MAX, TIMER_ACCURACY_US,
                        on_timer, queue);
    if (r >= 0)
        r = sd_event_source_set_priority(queue->timer, AGENT_PRIORITY_NEIGHBOURS);
    if (r >= 0)
        r = source_set_enabled(queue->timer, SD_EVENT_OFF);
    if (r < 0) {
        announce_queue_close(queue);
        return r;
    }
    *out = queue;
    return 0;
}

void announce_queue_close(struct announce_queue *queue)
{
    if (queue == NULL)
        return;
    while (queue->lanes != NULL) {
        struct lane *lane = queue->lanes;

        queue->lanes = lane->after;
        while (lane->jobs != NULL) {
            struct job *job = lane->jobs;

            lane->jobs = job->after;
            free_job(job);
        }
        free(lane);
    }
    sd_event_source_disable_unref(queue->timer);
    free(queue);
}
