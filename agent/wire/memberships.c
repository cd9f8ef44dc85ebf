/* Groups of one socket: planned and taken over; see memberships.h. Owner: the segment. */
#include "agent/wire/memberships.h"

#include "agent/base/log.h"

#include <errno.h>

/* MEMBERSHIPS_MAX: it is not there. */
static size_t find(const struct memberships *memberships, const struct ip_address *group)
{
    for (size_t i = 0; i < memberships->count; i++)
        if (ip_address_equal(&memberships->list[i].group, group))
            return i;
    return MEMBERSHIPS_MAX;
}

static void drop(struct memberships *memberships, size_t i)
{
    memberships->list[i] = memberships->list[--memberships->count];
}

int memberships_state(const struct memberships *memberships, const struct ip_address *group)
{
    size_t i = find(memberships, group);

    return i < MEMBERSHIPS_MAX ? memberships->list[i].result : -EINPROGRESS;
}

int memberships_add(struct memberships *memberships, const struct ip_address *group)
{
    size_t i = find(memberships, group);

    if (i == MEMBERSHIPS_MAX && memberships->count == MEMBERSHIPS_MAX) {
        log_msg(LOG_ERR, "more than %d multicast groups on one link", MEMBERSHIPS_MAX);
        return -ENOBUFS;
    }
    if (i == MEMBERSHIPS_MAX)
        memberships->list[i = memberships->count++] =
            (struct membership){.group = *group, .result = -EINPROGRESS};
    if (memberships->list[i].result < 0)
        memberships->list[i].result = -EINPROGRESS;
    return 0;
}

static bool is_wanted(const struct segment_client *clients, const struct ip_address *group)
{
    for (const struct segment_client *c = clients; c != NULL; c = c->next)
        if (ip_address_equal(&c->group, group))
            return true;
    return false;
}

void memberships_plan(struct memberships *memberships, const struct segment_client *clients,
                      bool fresh, bool renew, struct memberships *plan)
{
    plan->count = 0;
    for (size_t i = memberships->count; i-- > 0;) {
        struct membership next = memberships->list[i];
        bool wanted = is_wanted(clients, &next.group);
        bool joined = next.result == 0 && !fresh;

        /* Whoever wants it again meanwhile joins anew. */
        if (!wanted)
            drop(memberships, i);
        next.step = !wanted ? MEMBERSHIP_LEAVE : joined ? MEMBERSHIP_RENEW : MEMBERSHIP_JOIN;
        if ((wanted && joined && renew) || (wanted && next.result == -EINPROGRESS) ||
            (wanted && fresh) || (!wanted && joined))
            plan->list[plan->count++] = next;
    }
}

void memberships_take(struct memberships *memberships, const struct memberships *done)
{
    for (size_t i = 0; i < done->count; i++) {
        const struct membership *step = &done->list[i];
        size_t at = find(memberships, &step->group);

        if (at < MEMBERSHIPS_MAX && step->step == MEMBERSHIP_JOIN)
            memberships->list[at].result = step->result;
    }
}
