/*
 * An address as a node puts it on a link: the prefix, and what ip-address(8) can say of it besides.
 * A plain value; the numbers of scopes are Linux's.
 */
#ifndef VIP_PACKET_CLAIMED_ADDRESS_H
#define VIP_PACKET_CLAIMED_ADDRESS_H

#include "lib/packet/address.h"

enum address_scope {
    ADDRESS_SCOPE_GLOBAL = 0,
    ADDRESS_SCOPE_SITE = 200,
    ADDRESS_SCOPE_LINK = 253,
    ADDRESS_SCOPE_HOST = 254,
};

struct claimed_address {
    struct ip_prefix prefix;
    char device[INTERFACE_NAME_SIZE]; /* empty: where its virtual router is */
    char label[INTERFACE_NAME_SIZE];  /* IPv4; empty: the device's name, as the kernel does */
    uint8_t broadcast[4];             /* IPv4; zeros: none */
    uint8_t scope;                    /* IPv4, where has_scope */
    bool has_scope;
    bool no_prefix_route; /* it brings no route to its network */
    bool extra;           /* claimed and announced like the others, but in no advert */
};

/* True when nothing differs. */
bool claimed_address_equal(const struct claimed_address *a, const struct claimed_address *b);

/* The same for lists. */
bool claimed_addresses_equal(const struct claimed_address *a, size_t a_count,
                             const struct claimed_address *b, size_t b_count);

/* True when one of them names the device that it is to be on. */
bool claimed_addresses_name_devices(const struct claimed_address *addresses, size_t count);

/* The scope it is to have: the one given, else what its kind asks for. */
uint8_t claimed_address_scope(const struct claimed_address *address);

/* By name ("global", "site", "link", "host") or number (0..254). False: neither. */
bool address_scope_parse(const char *text, uint8_t *scope);

/* "global", or the number where it has no name. Returns buffer, or a static text. size: at least
 * 4. */
const char *address_scope_name(uint8_t scope, char *buffer, size_t size);

#endif
