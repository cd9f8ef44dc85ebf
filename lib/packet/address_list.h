/*
 * The addresses that an advert lists, held against those of the virtual router it arrives at: the
 * same, others beside ours, or none of ours. The last is another cluster that uses our VRID: it
 * must neither depose us nor be followed (packet_receive() drops it). A list that differs in part
 * is a configuration being changed, or a mistake: dropping it would make two masters.
 */
#ifndef VIP_PACKET_ADDRESS_LIST_H
#define VIP_PACKET_ADDRESS_LIST_H

#include "lib/packet/packet.h"

enum address_list_match {
    ADDRESS_LIST_SAME = 0, /* as a set, as far as it fits into an advert */
    ADDRESS_LIST_PART,     /* some of ours, and some are missing or strange */
    ADDRESS_LIST_FOREIGN,  /* none of ours */
};

/* An advert without addresses is FOREIGN. The link-local address that follows from the VRID is the
 * same in every cluster with that VRID: it counts only where one side has no other. */
enum address_list_match address_list_match(const struct advert *advert,
                                           const struct packet_receiver *receiver);

/* How many addresses the advert lists that are not ours, link-local ones that follow from a VRID
 * left out. *first: the first of them. */
size_t address_list_strange(const struct advert *advert, const struct packet_receiver *receiver,
                            struct ip_address *first);

/* How many of ours that would fit the advert does not list; *first: the first of them. */
size_t address_list_missing(const struct advert *advert, const struct packet_receiver *receiver,
                            struct ip_address *first);

#endif
