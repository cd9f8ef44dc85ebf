/*
 * Who else answers for our addresses: a capture of ARP and ND on one link, inbound only.
 * It ends a linger when the successor announces, and reports foreign holders; beside that, VRRP
 * messages from an address of our own, of the other side of a conflict, or of an address owner.
 * The file decides nothing: it hands on each claim that names one of the watched addresses, and
 * each such message.
 */
#ifndef AGENT_WIRE_CONFLICT_H
#define AGENT_WIRE_CONFLICT_H

#include "agent/wire/problem.h"
#include "lib/packet/neighbour_claim.h"
#include "lib/packet/vrrp_frame.h"

#include <systemd/sd-event.h>

struct room;
struct conflict_watch;

enum {
    CONFLICT_OWN_MAX = 16,
    CONFLICT_RIVALS_MAX = 8,
    CONFLICT_VRIDS_MAX = 8,
};

/* Whose VRRP messages are captured: nobody else's, so that the cluster's adverts cost nothing, nor
 * does a flood of others'. Of more than there is room for only the first are. */
struct conflict_vrrp {
    struct ip_address own[CONFLICT_OWN_MAX]; /* that come in from an address of our own, */
    size_t own_count;
    uint8_t rivals[CONFLICT_RIVALS_MAX][MAC_SIZE]; /* and from these machines */
    size_t rival_count;
    uint8_t vrids[CONFLICT_VRIDS_MAX]; /* those with priority 255 have one of these, */
    size_t vrid_count;                 /* or, where it is 0, any */
};

/* One claim of a watched address by somebody else on that link. */
typedef void (*conflict_fn)(void *userdata, const struct neighbour_claim *claim);

/* A VRRP message of one of those came in. */
typedef void (*conflict_vrrp_fn)(void *userdata, const struct vrrp_frame *frame);

/* Any thread (the kernel may wait for its processors): opens a capture on ifname, with a bounded
 * buffer and a filter for ARP, NA, DAD NS and the VRRP messages above. 0, or a negative errno and
 * what it was about; -EOPNOTSUPP, and nothing to say: a link without MACs has neither ARP nor ND.
 * The room is what it reads into, and outlives it. */
int conflict_watch_open(const char *ifname, struct room *room, struct conflict_watch **out,
                        struct wire_problem *problem);

/* Hands on what it finds, from now on. 0 or a negative errno. */
int conflict_watch_listen(struct conflict_watch *watch, sd_event *event, int64_t priority,
                          conflict_fn fn, conflict_vrrp_fn vrrp_fn, void *userdata);

/* Hands on nothing more. NULL is allowed. */
void conflict_watch_silence(struct conflict_watch *watch);

/* Any thread (the kernel waits for all its processors), once it is silent. NULL is allowed. */
void conflict_watch_close(struct conflict_watch *watch);

/* Replaces the set of watched addresses (copied, sorted; lookup is logarithmic). 0 or -ENOMEM. */
int conflict_watch_set(struct conflict_watch *watch, const struct ip_address *addresses,
                       size_t count);

/* Replaces whose VRRP messages are captured; `what` begins as zeroes. 0, or a negative errno,
 * logged: then it is as before. */
int conflict_watch_vrrp(struct conflict_watch *watch, const struct conflict_vrrp *what);

#endif
