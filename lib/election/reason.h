/*
 * Why a transition happened: one enum, one name, one sentence each. Names follow RFC 8347's
 * new-master-reason where one fits. History, status, journal and metrics all read this table.
 */
#ifndef VIP_ELECTION_REASON_H
#define VIP_ELECTION_REASON_H

#include "lib/packet/address.h"

/* RFC 9568 6.4: Initialize, Backup, Active; operators say MASTER. */
enum vrrp_state {
    VRRP_INIT = 0,
    VRRP_BACKUP,
    VRRP_MASTER,
} __attribute__((packed));

/* "INIT", "BACKUP", "MASTER". Static text. */
const char *vrrp_state_name(enum vrrp_state state);

enum reason {
    REASON_NONE = 0,
    /* RFC 8347 new-master-reason */
    REASON_NO_RESPONSE, /* the master fell silent */
    REASON_PREEMPTED,   /* we deposed a living master of lower priority */
    REASON_PRIORITY,    /* the master resigned (priority 0) */
    REASON_OWNER,       /* we own the addresses (priority 255) */
    /* leaving MASTER */
    REASON_HIGHER_PRIORITY, /* a router with higher priority advertises */
    REASON_HIGHER_ADDRESS,  /* equal priority, greater address (RFC 9568 6.4.3) */
    REASON_OVERSLEPT,       /* woke too late to be sure of anything */
    REASON_CONFLICT,        /* somebody else holds the address */
    REASON_GROUP,           /* a router of the same group moved */
    /* into and out of INIT */
    REASON_STARTED,
    REASON_STOPPED,
    REASON_DRAINED,
    REASON_RESUMED,
    REASON_LINK_DOWN,
    REASON_LINK_UP,
    REASON_NO_INTERFACE,
    REASON_NO_PRIMARY_ADDRESS,
    REASON_PRIMARY_ADDRESS,
    REASON_CHECK_FAILED,
    REASON_CHECK_PASSED,
    REASON_RECONFIGURED,
    REASON_CONFLICT_OVER, /* nobody else holds the address any more */
    REASON_CANNOT_CLAIM,  /* none of the addresses could be added */
    REASON_NOT_PREPARED,  /* what prepares for them failed */
    REASON_CLAIM_RETRIED, /* either was a while ago */
    REASON_UNUSABLE_INTERFACE,
    REASON_USABLE_INTERFACE,
    REASON_NO_ROUTE, /* to the unicast peers, or another interface leads there now */
    REASON_ROUTE_FOUND,
    /* asked for by the administrator */
    REASON_TAKEN,        /* mastership was asked for */
    REASON_NO_SUCCESSOR, /* a drain found nobody: still MASTER */
    REASONS,             /* how many there are */
} __attribute__((packed));

/* The name in JSON and metrics: "no-response". Static text. */
const char *reason_name(enum reason reason);

/* The RFC 8347 `last-event` identity it maps to, without prefix: "master-timeout". Static text. */
const char *reason_last_event(enum reason reason);

enum { EVIDENCE_NOTE_SIZE = 128 };

/* What was seen when a transition was decided. Fields that do not apply are zero. */
struct evidence {
    struct ip_address peer; /* whose advert, or whose silence */
    uint8_t peer_priority;
    uint8_t own_priority;
    struct ip_address claimed; /* CONFLICT: our address that somebody else holds, */
    uint8_t mac[6];            /* and who that is */
    uint64_t silence_ns;       /* time since the last accepted advert, or slept */
    uint64_t limit_ns;         /* what it was measured against */
    bool asked;                /* an administrator asked for it, */
    uint32_t uid;              /* this user */
    /* What the agent knows and the election does not: the check that failed and its last word, or
     * how the own priority came about. Last, for it is seldom there. */
    char note[EVIDENCE_NOTE_SIZE];
};

struct transition {
    enum vrrp_state from;
    enum vrrp_state to;
    enum reason reason;
    struct evidence evidence;
};

enum { REASON_TEXT_SIZE = 256 };

/* One sentence for a person: "no advert from 10.0.0.2 for 3.61 s (limit 3.609 s)".
 * Returns buffer. size: REASON_TEXT_SIZE is always enough. */
const char *reason_text(const struct transition *transition, char *buffer, size_t size);

#endif
