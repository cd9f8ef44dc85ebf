/*
 * The keys of authenticated adverts (auth.h) of one instance, in memory of their own: locked where
 * that is permitted, between guard pages, left out of core dumps, wiped when it is given back
 * (libsodium's sodium_malloc). A key is kept as the state of an HMAC that has taken it in, so that
 * nothing is derived anew for each advert.
 *
 * libsodium: HMAC-SHA256 over pieces with keys of any length, without allocating or failing, and
 * memory for secrets, in one small library. libcrypto and GnuTLS allocate a context for each
 * computation and can fail there.
 */
#ifndef VIP_PACKET_AUTH_KEYS_H
#define VIP_PACKET_AUTH_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    AUTH_KEYS_MAX = 8,
    AUTH_KEY_SIZE_MIN = 32,
    AUTH_KEY_SIZE_MAX = 64, /* a block of SHA-256: a key is never hashed first */
    AUTH_TAG_SIZE = 16,     /* of the 32 octets of the HMAC the first */
};

struct auth_keys;

/* A piece of what is authenticated. */
struct auth_piece {
    const void *octets;
    size_t size;
};

/* Without any key. NULL: out of memory, or the library cannot be used. */
struct auth_keys *auth_keys_new(void);

/* One more owner. */
struct auth_keys *auth_keys_ref(struct auth_keys *keys);

/* Wipes them when the last owner has gone. NULL is allowed. */
void auth_keys_unref(struct auth_keys *keys);

/* Behind those there are. False: the id is taken or 0, its size is none, or there are too many. */
bool auth_keys_add(struct auth_keys *keys, uint8_t id, const uint8_t *octets, size_t size);

/* Adds the key of that id of the others. False likewise, or they have none. */
bool auth_keys_copy(struct auth_keys *keys, const struct auth_keys *from, uint8_t id);

/* How many there are; NULL: none. */
size_t auth_keys_count(const struct auth_keys *keys);

/* The id of the i-th. The first one signs; each verifies. */
uint8_t auth_keys_id(const struct auth_keys *keys, size_t i);

/* Whether they are the same keys in the same order. Either may be NULL. */
bool auth_keys_equal(const struct auth_keys *a, const struct auth_keys *b);

/* Reads a key in hexadecimal, with keepalived's "hex:" in front or without. NULL: *size octets were
 * written; else why it is none. */
const char *auth_key_read(const char *text, size_t length, uint8_t octets[AUTH_KEY_SIZE_MAX],
                          size_t *size);

/* The tag over the pieces by the key of that id. False: there is no such key. */
bool auth_keys_tag(const struct auth_keys *keys, uint8_t id, const struct auth_piece *pieces,
                   size_t count, uint8_t tag[AUTH_TAG_SIZE]);

#endif
