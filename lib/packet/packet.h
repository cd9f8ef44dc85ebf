/*
 * VRRP advertisements on the wire: VRRPv3 for IPv4 and IPv6 (RFC 9568 5, with errata), VRRPv2 for
 * IPv4 (RFC 3768 5). Decoding validates completely before anything is handed on; every way to
 * fail has its own verdict, and each verdict names the RFC 8347 counter it belongs to.
 *
 * The room of octets: ip.c takes an IP packet apart, receive.c judges a VRRP message for one
 * virtual router, packet.c builds them and names the verdicts, address_list.h compares what is
 * listed with what is ours; address.h is what an address is, checksum.h how octets are summed, and
 * neighbour_*.h are ARP and neighbour discovery: frames built, messages read, claims judged;
 * vrrp_frame.h reads adverts as they are captured. What a packet leads to is the election's.
 *
 * It uses nothing but limits.h and octets.h. Buffers are the caller's, nothing here allocates;
 * decoded adverts point into the buffer they were read from.
 */
#ifndef VIP_PACKET_PACKET_H
#define VIP_PACKET_PACKET_H

#include "lib/packet/address.h"

enum vrrp_version {
    VRRP_V2 = 2,
    VRRP_V3 = 3,
} __attribute__((packed));

enum {
    VRRP_PROTOCOL = 112,
    VRRP_TTL = 255,
    PRIORITY_RESIGN = 0,
    PRIORITY_OWNER = 255,
    DEAD_FACTOR = 3, /* RFC 9568 6.1: intervals of silence */
};

/* In the order of the checks (RFC 9568 7.1 with errata folded in). */
enum packet_verdict {
    PACKET_OK = 0,
    PACKET_IP_HEADER,
    PACKET_NOT_VRRP,
    PACKET_FRAGMENT,
    PACKET_EXTENSION_HEADERS, /* IPv6, before the message */
    PACKET_BAD_SOURCE,
    PACKET_OWN_PACKET,
    PACKET_BAD_DESTINATION,
    PACKET_NOT_A_PEER,
    PACKET_IP_TTL_ERROR,
    PACKET_LENGTH_ERROR,
    PACKET_VERSION_ERROR,
    PACKET_INVALID_TYPE,
    PACKET_CHECKSUM_ERROR,
    PACKET_VRID_ERROR,
    PACKET_OWNER,
    PACKET_NO_ADDRESSES,
    PACKET_FIRST_ADDRESS_NOT_LINK_LOCAL,
    PACKET_ZERO_INTERVAL,
    PACKET_AUTH_UNSUPPORTED, /* neither none nor a password */
    PACKET_AUTH_TYPE_ERROR,  /* it has a password, and none is expected */
    PACKET_AUTH_MISSING,     /* it has none, and one is expected */
    PACKET_AUTH_FAILURE,     /* it has another one */
    PACKET_INTERVAL_ERROR,
    PACKET_FOREIGN_ADDRESSES, /* lists none of ours: another cluster */
    PACKET_ADDRESS_LIST_ERROR,
    /* Of authenticated adverts (auth.h), behind all other checks. */
    PACKET_TRAILER_MISSING,
    PACKET_TRAILER_MALFORMED,
    PACKET_TRAILER_UNKNOWN_KEY,
    PACKET_TRAILER_INVALID_HMAC,
    PACKET_TRAILER_STALE,
    PACKET_TRAILER_REPLAY,
    PACKET_TRAILER_UNEXPECTED, /* it is signed, and the receiver has no keys */
    PACKET_VERDICTS,           /* how many there are */
} __attribute__((packed));

/* Bits: what is odd about an accepted advert. The election still sees it. */
enum packet_warning {
    PACKET_WARN_INTERVAL_MISMATCH = 1u << 0,
    PACKET_WARN_ADDRESS_LIST_MISMATCH = 1u << 1,
    PACKET_WARN_FIRST_ADDRESS_NOT_LINK_LOCAL = 1u << 2,
    PACKET_WARN_SOURCE_NOT_LINK_LOCAL = 1u << 3,
    PACKET_WARN_LOCAL_IS_OWNER = 1u << 4,
    PACKET_WARN_OWNER_CONFLICT = 1u << 5,
    PACKET_WARNINGS = 6, /* how many bits there are */
};

/* What the checksum of a packet covered. */
enum checksum_kind {
    CHECKSUM_MESSAGE_ONLY = 0,
    CHECKSUM_IPV4_PSEUDO_HEADER,
    CHECKSUM_IPV6_PSEUDO_HEADER,
} __attribute__((packed));

/* Which form of the v3 IPv4 checksum to send, and in strict mode to accept. AUTO starts with
 * RFC 5798's (what keepalived and FRR send) and follows the peers. */
enum checksum_mode {
    CHECKSUM_MODE_AUTO = 0,
    CHECKSUM_MODE_RFC5798,
    CHECKSUM_MODE_RFC9568,
} __attribute__((packed));

/* How VRRPv2 adverts are authenticated: the types of RFC 2338 5.3.6 that are known here. */
enum auth_type {
    AUTH_NONE = 0,
    AUTH_PASSWORD = 1,
};

enum {
    AUTH_DATA_SIZE = 8,
    AUTH_TRAILER_SIZE = 28, /* of an authenticated advert, behind the message; see auth.h */
};

/*
 * The password of VRRPv2 adverts (RFC 2338 10.2; removed by RFC 3768, and sent to this day by
 * keepalived's auth_type PASS): the first octets of the text, zeros behind them, in clear. It keeps
 * out a neighbour's mistake and no adversary. All zero for AUTH_NONE.
 */
struct packet_auth {
    uint8_t type; /* enum auth_type */
    uint8_t data[AUTH_DATA_SIZE];
};

/* What two routers must have in common to take each other's adverts, besides the VRID. */
struct packet_dialect {
    enum vrrp_version version;
    struct packet_auth auth;     /* version 2 */
    uint64_t advert_interval_ns; /* of which version 2 drops another one */
};

/* The parts of the IP header that the checks look at. */
struct packet_ip {
    struct ip_address source;
    struct ip_address destination;
    uint8_t ttl;
    bool extended; /* IPv6 extension headers, or fragments, came before the message */
};

/* A decoded advertisement. `addresses` points into the packet: count x 4 or 16 octets. */
struct advert {
    struct packet_ip ip;
    uint8_t version;
    uint8_t type;
    uint8_t vrid;
    uint8_t priority;
    uint8_t count;
    uint8_t auth_type;    /* v2 only */
    bool former;          /* of the receiver's former dialect */
    uint64_t interval_ns; /* v3: 12-bit centiseconds; v2: seconds */
    uint16_t checksum;    /* as carried, host order */
    enum checksum_kind checksum_kind;
    const uint8_t *addresses;
    const uint8_t *message; /* all of it, */
    const uint8_t *trailer; /* and the AUTH_TRAILER_SIZE octets behind it; NULL: there are none */
};

/* The virtual router a packet arrives at: what it checks the packet against. */
struct packet_receiver {
    enum ip_family family;
    enum vrrp_version version;
    uint8_t vrid;
    uint8_t priority; /* configured; 255 for the address owner */
    bool strict;      /* RFC 9568 to the letter where the default is lenient */
    enum checksum_mode checksum_mode;
    bool unicast;            /* unicast router: multicast adverts are not for it */
    uint8_t unicast_min_ttl; /* and what its peers send has at least this TTL; 0: any */
    uint8_t unicast_max_ttl; /* and at most this one */
    struct packet_auth auth; /* demanded of version 2 */
    bool trailers;           /* known, and judged by auth_judge(); else a wrong length, */
    bool names_trailers;     /* or, behind all checks, PACKET_TRAILER_UNEXPECTED */
    uint64_t advert_interval_ns;
    /* Taken too: what was spoken before a reload, which not all nodes can have at one moment.
     * NULL: nothing else. */
    const struct packet_dialect *former;
    struct ip_address source;          /* our own primary address; NONE when unknown */
    const struct ip_prefix *addresses; /* the virtual addresses of `family`, link-local one first */
    size_t address_count;
    const struct ip_address *peers; /* unicast peers of `family` */
    size_t peer_count;
    struct ip_address group;      /* it sends to and listens to; NONE: the RFC's */
    const struct ip_address *own; /* further addresses of ours on the link (rule 0a) */
    size_t own_count;
};

/* True for the verdicts about authentication, by a password or by a trailer. */
bool packet_verdict_is_auth(enum packet_verdict verdict);

/* The password that a text of that length makes. */
struct packet_auth packet_password(const char *text, size_t length);

/* True when an advert of one is not taken by a router that speaks the other. */
bool packet_dialects_differ(const struct packet_dialect *a, const struct packet_dialect *b);

/* Names as in the JSON of `vipctl decode` ("ip_ttl_error"); "ok" for PACKET_OK. Static text. */
const char *packet_verdict_name(enum packet_verdict verdict);

/* The RFC 8347 statistics leaf it counts into ("ip-ttl-errors"), or a name of our own. */
const char *packet_verdict_counter(enum packet_verdict verdict);

/* Name of a single warning bit ("interval_mismatch"). Static text. */
const char *packet_warning_name(enum packet_warning warning);

/* "message-only", "ipv4-pseudo-header", "ipv6-pseudo-header". Static text. */
const char *checksum_kind_name(enum checksum_kind kind);

/*
 * Takes a whole IP packet (no link header; octets after the IP length are link padding) apart
 * into its header fields and its payload. IPv6 extension headers are skipped, and noted: no router
 * sends them, and filters that know adverts by the next header do not see what is behind them, so
 * packet_receive() drops such adverts.
 * Returns PACKET_OK, PACKET_IP_HEADER, PACKET_NOT_VRRP or PACKET_FRAGMENT.
 */
enum packet_verdict packet_split_ip(const uint8_t *packet, size_t size, struct packet_ip *ip,
                                    const uint8_t **payload, size_t *payload_size);

/*
 * Validates and decodes one VRRP message (RFC 9568 7.1, RFC 3768 7.1).
 * receiver NULL: what the packet is by itself, without configuration.
 * *out is complete when PACKET_OK is returned, and holds what was read before the failing check
 * otherwise (zero elsewhere). *warnings gets PACKET_WARN_* bits; it may be NULL.
 */
enum packet_verdict packet_receive(const struct packet_ip *ip, const uint8_t *payload, size_t size,
                                   const struct packet_receiver *receiver, struct advert *out,
                                   uint32_t *warnings);

/* The same without configuration, but for the group. */
enum packet_verdict packet_read(const struct packet_ip *ip, const uint8_t *payload, size_t size,
                                const struct ip_address *group, struct advert *out);

/* The VRID of a message whose length allows to read it, else 0: for demultiplexing only. */
uint8_t packet_peek_vrid(const uint8_t *payload, size_t size);

/* The i-th address of a decoded advert. */
struct ip_address advert_address(const struct advert *advert, size_t i);

/* What to put into an advert. */
struct packet_spec {
    enum vrrp_version version;
    uint8_t vrid;
    uint8_t priority;
    struct packet_auth auth;          /* ignored for v3 */
    uint64_t interval_ns;             /* v3: 10 ms .. 40.95 s; v2: whole seconds 1 .. 255 */
    enum checksum_kind checksum_kind; /* ignored for v2 and IPv6, where there is one form */
    struct ip_address source;         /* both go into pseudo-headers */
    struct ip_address destination;
    const struct ip_prefix
        *addresses; /* of the family of `source`; the first that fit are listed */
    size_t address_count;
    size_t mtu; /* of the link, octets; bounds how many addresses are listed */
    /* Room for a trailer is kept, also while none is sent: so its coming changes no list. */
    bool trailer_room;
    const uint8_t *trailer; /* put behind the message; NULL: none */
};

/* How many of `count` addresses one advert of that family (not NONE) lists (RFC 9568 5.2.5; never
 * fragmented). */
size_t packet_addresses_that_fit(enum vrrp_version version, enum ip_family family, size_t count,
                                 size_t mtu);

/*
 * Builds the VRRP message (no IP header), checksum included, and the trailer behind it if there is
 * one. buffer: at least ADVERT_BUFFER_SIZE. Returns the length in octets.
 */
size_t packet_build(const struct packet_spec *spec, uint8_t *buffer, size_t size);

#endif
