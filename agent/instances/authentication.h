/*
 * How one virtual router authenticates its adverts: the policy of its configuration, what it has
 * sent, whom it has heard, and what it takes for a while after a reload. lib/packet/auth.h has the
 * rules; here the clocks are read and the parts kept together.
 */
#ifndef AGENT_INSTANCES_AUTHENTICATION_H
#define AGENT_INSTANCES_AUTHENTICATION_H

#include "lib/config/config.h"
#include "lib/packet/auth_peers.h"

/* All zero: adverts are not authenticated. */
struct authentication {
    struct auth_policy policy;
    struct auth_keys *keys; /* a reference: those of the policy */
    struct auth_sender sender;
    struct auth_peers *peers; /* NULL: there were never any keys */

    /* Who was accepted last, and with a trailer or without. */
    struct ip_address heard;
    bool heard_signed;
    /* Before the last reload: taken of that one sender, until it speaks as is configured now. */
    bool former;
    struct auth_policy former_policy;
    struct auth_keys *former_keys;
};

/* Takes the configuration over. master: this router is MASTER, and follows nobody. What it spoke
 * before is still taken of the sender it follows. True when other nodes, or this one, may miss what
 * went on before. */
bool authentication_read(struct authentication *auth, const struct config_instance *config,
                         bool master);

void authentication_free(struct authentication *auth);

/* Whether trailers are to be let through to authentication_receive(). */
bool authentication_expects_trailers(const struct authentication *auth);

/* Makes the trailer of an advert. Returns it, or NULL: this one goes without. Nothing is
 * allocated. */
const uint8_t *authentication_sign(struct authentication *auth, const struct packet_spec *spec,
                                   uint8_t trailer[AUTH_TRAILER_SIZE]);

/* What becomes of an advert of which packet_receive() has said that. master: as above. */
enum packet_verdict authentication_receive(struct authentication *auth, const struct advert *advert,
                                           enum packet_verdict verdict, bool master);

#endif
