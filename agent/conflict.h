/*
 * Who else answers for our addresses: a libpcap capture of ARP and ND on one link, inbound only.
 * It ends a linger when the successor announces, and reports foreign holders; beside that, VRRP
 * messages that come in from an address of our own. The file decides nothing: it hands on each
 * claim that names one of the watched addresses, and each such message.
 */
#ifndef AGENT_CONFLICT_H
#define AGENT_CONFLICT_H

#include "lib/lan_warning.h"

#include <systemd/sd-event.h>

struct conflict_watch;

enum { CONFLICT_OWN_MAX = 16 };

/* One claim of a watched address by somebody else on that link. */
typedef void (*conflict_fn)(void *userdata, const struct neighbour_claim *claim);

/* A VRRP message from one of our own addresses came in. */
typedef void (*conflict_own_fn)(void *userdata, const struct vrrp_frame *frame);

/* Opens a capture on ifname (immediate mode, non-blocking, small snap length and buffer, kernel
 * filter for ARP, NA and DAD NS). 0 or negative errno, logged. */
int conflict_watch_open(sd_event *event, int64_t priority, const char *ifname, conflict_fn fn,
                        conflict_own_fn own_fn, void *userdata, struct conflict_watch **out);
void conflict_watch_close(struct conflict_watch *watch);

/* Replaces the set of watched addresses (copied, sorted; lookup is logarithmic). 0 or -ENOMEM. */
int conflict_watch_set(struct conflict_watch *watch, const struct ip_address *addresses,
                       size_t count);

/* Replaces the set of our own addresses: what others send is not captured, so that the cluster's
 * adverts cost nothing here. Of more than CONFLICT_OWN_MAX only the first are watched. 0, or a
 * negative errno, logged: then the set is the old one. */
int conflict_watch_own(struct conflict_watch *watch, const struct ip_address *addresses,
                       size_t count);

/* Frames dropped by the kernel since opening, for status. */
uint64_t conflict_watch_dropped(struct conflict_watch *watch);

#endif
