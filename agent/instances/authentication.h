/*
 * How one virtual router authenticates its adverts: the policy of its configuration, what it has
 * sent, whom it has heard, and what it takes for a while after a reload. lib/packet/auth.h has the
 * rules; here the clocks are read and the parts kept together.
 */
#ifndef AGENT_INSTANCES_AUTHENTICATION_H
#define AGENT_INSTANCES_AUTHENTICATION_H

#include "agent/instances/authentication_state.h"
#include "lib/config/config.h"

/* Takes the configuration over. master: this router is MASTER, and follows nobody. What it spoke
 * before is still taken of the sender it follows. True when other nodes, or this one, may miss what
 * went on before. What is out of memory believes nobody. */
bool authentication_read(struct authenticator *auth, const struct config_instance *config,
                         bool master);

/* The policy in force; NULL: none. */
const struct auth_policy *authentication_policy(const struct authenticator *auth);

void authentication_free(struct authenticator *auth);

/* Whether trailers are to be let through to authentication_receive(). */
bool authentication_expects_trailers(const struct authenticator *auth);

/* Makes the trailer of an advert. Returns it, or NULL: this one goes without. Nothing is
 * allocated. */
const uint8_t *authentication_sign(struct authenticator *auth, const struct packet_spec *spec,
                                   uint8_t trailer[AUTH_TRAILER_SIZE]);

/* The same for a second copy, which is needed while our clock is set back; else NULL. */
const uint8_t *authentication_sign_again(struct authenticator *auth, const struct packet_spec *spec,
                                         uint8_t trailer[AUTH_TRAILER_SIZE]);

/* Whether one that was captured, in a frame from that MAC, is such a one as is refused: without a
 * trailer where one is demanded, with one that is wrong, one that is old, or a newer one that
 * another machine has recorded. Nothing comes of it but that frames are told apart. */
bool authentication_refuses(struct authenticator *auth, const struct advert *advert,
                            const uint8_t mac[MAC_SIZE]);

/* What becomes of an advert of which packet_receive() has said that. master: as above. */
enum packet_verdict authentication_receive(struct authenticator *auth, const struct advert *advert,
                                           enum packet_verdict verdict, bool master);

#endif
