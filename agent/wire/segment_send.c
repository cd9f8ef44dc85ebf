/* Adverts out of a segment; see segment_send.h. */
#include "agent/wire/segment_send.h"

#include "agent/base/clock.h"
#include "agent/wire/segment_state.h"

#include <errno.h>

int segment_send(struct segment_client *client, const struct advert_header *header,
                 const uint8_t *payload, size_t size)
{
    const struct segment *segment = client->segment;
    struct advert_io *io = segment != NULL ? segment->io[roster_slot(client->family)] : NULL;

    return io != NULL ? advert_io_send(io, header, payload, size) : -ENETDOWN;
}

void segment_post(struct segment_client *client, const struct advert_header *header,
                  const uint8_t *payload, size_t size, const struct advert_sender *sender)
{
    struct segment *segment = client->segment;
    struct advert_io *io = segment != NULL ? segment->io[roster_slot(client->family)] : NULL;

    if (io == NULL || !segment->owner->holds) {
        sender->on_sent(sender->userdata, segment_send(client, header, payload, size));
        return;
    }
    advert_io_post(io, header, payload, size, sender);
    segment->posted = true;
}

void segment_flush(struct segment *segment)
{
    if (!segment->posted)
        return;
    segment->posted = false;
    for (size_t i = 0; i < FAMILY_SLOTS; i++)
        if (segment->io[i] != NULL)
            advert_io_flush(segment->io[i]);
}

void segments_passed(struct segments *segments)
{
    uint64_t now_ns = clock_boot_ns();

    for (struct segment *s = segments->list; s != NULL; s = s->next)
        if (s->observed != NULL)
            segments->observer.passed(s->observed, now_ns);
    if (segments->on_pass != NULL)
        segments->on_pass(segments->on_pass_userdata);
}

void segments_hold(void *userdata)
{
    struct segments *segments = userdata;

    for (struct segment *s = segments->list; s != NULL; s = s->next)
        for (size_t i = 0; i < FAMILY_SLOTS; i++)
            advert_io_catch_up(s->io[i]);
    segments->holds = true;
}

void segments_let_go(void *userdata)
{
    struct segments *segments = userdata;

    segments->holds = false;
    for (struct segment *s = segments->list; s != NULL; s = s->next)
        segment_flush(s);
    segments_passed(segments);
}
