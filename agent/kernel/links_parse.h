/* Netlink messages about links and addresses, taken apart. Any octets are safe. */
#ifndef AGENT_KERNEL_LINKS_PARSE_H
#define AGENT_KERNEL_LINKS_PARSE_H

#include "agent/kernel/observed.h"

#include <linux/netlink.h>

/* Reads an RTM_NEWLINK / RTM_DELLINK; without an alias in it *link keeps its own, and so it does
 * of forwards_ipv6. False, and *link
 * is as before: not about a link as such (a bridge's view of a port, a wireless event), or
 * malformed. */
bool links_parse_link(struct nlmsghdr *message, struct link *link);

/* Reads whether the node forwards IPv6 on a link, of an RTM_NEWNETCONF. False: it is about
 * something else, or malformed. */
bool links_parse_forwards(struct nlmsghdr *message, int *ifindex, bool *forwards_ipv6);

/* The index a link message is about, 0 when it is none. */
int links_parse_ifindex(struct nlmsghdr *message);

/* Reads an RTM_NEWADDR / RTM_DELADDR. False: another family, or malformed. */
bool links_parse_address(struct nlmsghdr *message, struct observed_address *out);

#endif
