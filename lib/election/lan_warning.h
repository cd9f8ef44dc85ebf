/*
 * What is odd on the LAN of a virtual router, told apart and worded for the operator: a second
 * master, another cluster with the same VRID, our own packets coming back, a second node with our
 * address. Warnings only: what a router does with such packets is not changed by them.
 *
 * A plain value for one virtual router, one place for each kind: sightings and the time go in, what
 * to say and what is over comes out. No I/O, no clock.
 */
#ifndef VIP_ELECTION_LAN_WARNING_H
#define VIP_ELECTION_LAN_WARNING_H

#include "lib/election/lan_sighting.h"
#include "lib/packet/vrrp_frame.h"

/* "duplicate-vrid". Static text. */
const char *lan_warning_name(enum lan_warning_kind kind);

/* Between two log lines about the same kind. */
#define LAN_WARNING_SAY_INTERVAL_NS (600 * NS_PER_SEC)

struct lan_warning {
    struct lan_sighting seen; /* the last one */
    uint64_t count;           /* sightings of this episode; 0: there is none */
    uint64_t first_at;
    uint64_t last_at;
    uint64_t said_at; /* DEADLINE_NEVER: never */
    bool active;      /* it is a warning; before, it may be a moment of a hand-over */
    bool said;        /* this episode was, */
    bool named;       /* with the machine it is about */
};

struct lan_watch {
    struct lan_warning list[LAN_WARNINGS];
};

/* May change from call to call. */
struct lan_params {
    uint64_t settle_ns; /* a master-down interval */
    uint64_t quiet_ns;  /* not seen for so long: it is over */
};

void lan_watch_init(struct lan_watch *watch);

/* Takes a sighting in. True: it is to be said now. */
bool lan_watch_see(struct lan_watch *watch, const struct lan_params *params,
                   const struct lan_sighting *sighting, uint64_t now);

/* Ends what was not seen for the quiet time. Returns a bit for each kind that ended and had been
 * said; its `seen` and `count` are kept until it is seen again. */
uint32_t lan_watch_expire(struct lan_watch *watch, const struct lan_params *params, uint64_t now);

/* When lan_watch_expire() is due, or DEADLINE_NEVER. */
uint64_t lan_watch_deadline(const struct lan_watch *watch, const struct lan_params *params);

/* From when on one made anew behaves alike: nothing is a warning, might become one, or was said a
 * while ago only. 0: at once; DEADLINE_NEVER: not before lan_watch_deadline(). */
uint64_t lan_watch_idle_at(const struct lan_watch *watch, const struct lan_params *params);

/* What is known of a received message. */
struct lan_message {
    const struct packet_ip *ip;
    const uint8_t *payload;
    size_t size;
    const struct packet_receiver *receiver;
    enum packet_verdict verdict; /* of packet_receive() with that receiver, */
    uint32_t warnings;           /* as these */
    const struct advert *advert; /* and this */
    enum vrrp_state state;       /* ours, before the election has seen it */
    uint8_t own_priority;        /* effective */
    bool offering;               /* others advert yet: it is drained, or about to begin */
};

/* Whether a message with our VRID is one of the first five kinds. */
bool lan_judge_message(const struct lan_message *message, struct lan_sighting *out);

/* A frame with our VRID from our own address that came in from the link: looped back when it has
 * our MAC and we do send, else another node's. last_sent_at: our last advert; 0: none. */
void lan_judge_own(const struct vrrp_frame *frame, bool mac_is_ours, uint64_t last_sent_at,
                   uint64_t interval_ns, uint64_t now, struct lan_sighting *out);

/* What is the matter and what to do, for a person. Returns buffer. size: LAN_WARNING_TEXT_SIZE is
 * always enough. */
const char *lan_warning_text(const struct lan_sighting *sighting, const struct lan_subject *subject,
                             char *buffer, size_t size);

#endif
