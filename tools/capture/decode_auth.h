/*
 * vipctl decode with an instance that has keys: what authentication says of each packet, with the
 * senders' marks kept over the lines of one run. There is no boot clock: UTC alone decides.
 */
#ifndef TOOLS_CAPTURE_DECODE_AUTH_H
#define TOOLS_CAPTURE_DECODE_AUTH_H

#include "lib/config/config.h"
#include "lib/packet/auth_peers.h"

#include <jansson.h>

struct decode_auth {
    struct auth_policy policy;
    struct auth_peers *peers; /* NULL: the instance has no keys */
    struct auth_clock now;    /* of the line */
};

/* What there is to say of one packet. */
struct decoded_auth {
    const char *name; /* of the outcome; NULL: it was dropped before the trailer was looked for */
    bool has_mark;
    uint64_t mark; /* of its sender, afterwards */
};

/* marks: a file with lines of an address and its mark in hexadecimal; NULL: there are none. False:
 * said why. */
bool decode_auth_begin(struct decode_auth *auth, const struct config_instance *instance,
                       const char *marks);
void decode_auth_end(struct decode_auth *auth);

/* Reads "@SECONDS " at the beginning of a line, and moves *line behind it; without it, it is now.
 * False: what follows the @ is no number. */
bool decode_auth_time(struct decode_auth *auth, const char **line);

/* Judges what packet_receive() has read and said, and changes *verdict accordingly. */
void decode_auth_judge(struct decode_auth *auth, const struct advert *advert,
                       enum packet_verdict *verdict, struct decoded_auth *out);

/* Adds "auth" and "mark". */
void decode_auth_json_add(json_t *object, const struct decoded_auth *decoded);

#endif
