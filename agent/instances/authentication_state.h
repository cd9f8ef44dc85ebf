/*
 * What one virtual router has of authentication: its policy, what it sent, whom it heard. Written
 * by authentication.h, kept over restarts by sequences.h, shown by the status.
 */
#ifndef AGENT_INSTANCES_AUTHENTICATION_STATE_H
#define AGENT_INSTANCES_AUTHENTICATION_STATE_H

#include "lib/packet/auth_origin.h"
#include "lib/packet/auth_peers.h"

struct sequence_record;

/* Of a router that has, or had, keys. */
struct authentication {
    struct auth_policy policy;
    struct auth_keys *keys; /* a reference: those of the policy */
    struct auth_sender sender;
    struct auth_peers *peers;       /* NULL: there were never any keys */
    struct auth_origin origin;      /* of the sender whose frames are captured */
    struct sequence_record *record; /* of sequences.h; NULL: nothing outlives the agent */

    /* Before the last reload: taken of that one sender, until it speaks as is configured now. */
    bool former;
    struct auth_policy former_policy;
    struct auth_keys *former_keys;
};

/* Of every router. All zero: adverts are not authenticated. */
struct authenticator {
    struct authentication *kept; /* NULL: there were never any keys */
    bool lost;                   /* there are keys and no memory for them: nobody is believed */
    bool heard_signed;           /* who was accepted last, and with a trailer or without */
    struct ip_address heard;
};

#endif
