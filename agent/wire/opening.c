/* Opening and closing in the worker's thread; see opening.h. Owner: the segment it is part of. */
#include "agent/wire/opening.h"

#include "agent/base/clock.h"
#include "agent/base/descriptors.h"
#include "agent/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Not being a member any more is no error: joining is what counts. */
static int change_membership(const struct advert_io *io, const struct membership *membership)
{
    int r = 0;

    if (membership->step != MEMBERSHIP_JOIN)
        (void)advert_io_leave(io, &membership->group);
    if (membership->step != MEMBERSHIP_LEAVE)
        r = advert_io_join(io, &membership->group);
    return r == -EADDRINUSE ? 0 : r;
}

static void refuse(struct wire_problem *problem)
{
    snprintf(problem->text, sizeof(problem->text),
             "%s: no more interfaces fit into the limit (LimitNOFILE=); the last %d are kept for "
             "reloads, files and hooks",
             strerror(EMFILE), DESCRIPTORS_KEPT);
}

static void run_io(struct opening_io *io)
{
    if (io->open && descriptors_scarce()) {
        refuse(&io->problem);
        io->result = -EMFILE;
    } else if (io->open)
        io->result = advert_io_open(&io->options, &io->io, &io->problem);
    const struct advert_io *member = io->open ? io->io : io->open_already;
    for (size_t i = 0; member != NULL && i < io->groups.count; i++)
        io->groups.list[i].result = change_membership(member, &io->groups.list[i]);
}

static void close_all(struct opening *opening)
{
    for (size_t i = 0; i < OPENING_FAMILIES; i++)
        advert_io_close(opening->io[i].io);
    conflict_watch_close(opening->watch);
    frame_tap_close(opening->tap);
}

void opening_run(struct worker_task *task)
{
    struct opening *opening = (struct opening *)task;

    if (opening->close) {
        close_all(opening);
        return;
    }
    for (size_t i = 0; i < OPENING_FAMILIES; i++)
        run_io(&opening->io[i]);
    if ((opening->open_watch || opening->open_tap) && descriptors_scarce()) {
        refuse(opening->open_watch ? &opening->watch_problem : &opening->tap_problem);
        return;
    }
    if (opening->open_watch)
        (void)conflict_watch_open(opening->name, opening->room, &opening->watch,
                                  &opening->watch_problem);
    if (opening->open_tap)
        (void)frame_tap_open(opening->name, opening->room, &opening->tap, &opening->tap_problem);
}

void opening_clear(struct opening *opening)
{
    const struct opening empty = {0};

    memcpy(opening->io, empty.io, sizeof(opening->io));
    opening->open_watch = false;
    opening->open_tap = false;
    opening->watch = NULL;
    opening->tap = NULL;
    opening->watch_problem = empty.watch_problem;
    opening->tap_problem = empty.tap_problem;
}

bool opening_wanted(const struct opening *opening)
{
    for (size_t i = 0; i < OPENING_FAMILIES; i++)
        if (opening->io[i].open || opening->io[i].groups.count > 0)
            return true;
    return opening->open_watch || opening->open_tap;
}

/* The text without the link is the kind. */
static void say(const struct opening *opening, struct failures *failures, int level,
                const char *text)
{
    unsigned more = 0;

    if (text[0] == '\0' || !failures_note(failures, text, clock_boot_ns(), &more))
        return;
    if (more > 0)
        log_msg(level, "%s: %s (and %u times more since that was last said, here or on others)",
                opening->name, text, more);
    else
        log_msg(level, "%s: %s", opening->name, text);
}

static void log_group(const struct opening *opening, const struct membership *membership,
                      struct failures *failures)
{
    bool renewed = membership->step == MEMBERSHIP_RENEW;
    char group[ADDRESS_TEXT_SIZE];
    char text[160];

    if (membership->result >= 0)
        return;
    snprintf(text, sizeof(text), "cannot %s the VRRP group %s: %s",
             renewed ? "renew the membership of" : "join",
             ip_address_format(&membership->group, group, sizeof(group)),
             strerror(-membership->result));
    say(opening, failures, renewed ? LOG_WARNING : LOG_ERR, text);
}

static void log_io(const struct opening *opening, const struct opening_io *io,
                   struct failures *failures)
{
    if (io->result < 0)
        say(opening, failures, LOG_ERR, io->problem.text);
    for (size_t i = 0; io->result == 0 && i < io->groups.count; i++)
        log_group(opening, &io->groups.list[i], failures);
}

void opening_log(const struct opening *opening, struct failures *failures)
{
    for (size_t i = 0; i < OPENING_FAMILIES; i++)
        log_io(opening, &opening->io[i], failures);
    say(opening, failures, LOG_WARNING, opening->watch_problem.text);
    say(opening, failures, LOG_WARNING, opening->tap_problem.text);
}
