/*
 * The multicast groups that a segment's socket of one family is a member of: those of its clients,
 * each once. What is to be joined and left is planned here, done by a worker (opening.h), and taken
 * over here. A group that nobody wants any more is left when there is something else to do: until
 * then its messages are judged like all others, and belong to nobody.
 *
 * A plain value, owned by the segment.
 */
#ifndef AGENT_WIRE_MEMBERSHIPS_H
#define AGENT_WIRE_MEMBERSHIPS_H

#include "agent/wire/segment_client.h"

/* Fewer than the kernel allows one socket (igmp_max_memberships: 20). */
enum { MEMBERSHIPS_MAX = 16 };

enum membership_step {
    MEMBERSHIP_JOIN = 0,
    MEMBERSHIP_LEAVE,
    MEMBERSHIP_RENEW, /* left and joined again: a fresh report goes out */
};

struct membership {
    struct ip_address group;
    enum membership_step step; /* of a plan */
    int result;                /* 0: joined; -EINPROGRESS: to be; else why not */
};

struct memberships {
    struct membership list[MEMBERSHIPS_MAX];
    size_t count;
};

/* How the group of a client stands: 0, -EINPROGRESS, or why it could not be joined. */
int memberships_state(const struct memberships *memberships, const struct ip_address *group);

/* Makes room for one more group, trying again what had failed. 0, or -ENOBUFS, logged. */
int memberships_add(struct memberships *memberships, const struct ip_address *group);

/* What is to be done for these clients. fresh: the socket is new, nothing is joined yet; renew: the
 * link came back. What is to be left is forgotten at once. */
void memberships_plan(struct memberships *memberships, const struct segment_client *clients,
                      bool fresh, bool renew, struct memberships *plan);

/* What came of a plan. */
void memberships_take(struct memberships *memberships, const struct memberships *done);

#endif
