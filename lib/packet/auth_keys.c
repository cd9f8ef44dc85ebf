/* Keys in guarded memory, and HMAC-SHA256 by them; see auth_keys.h. */
#include "lib/packet/auth_keys.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

struct auth_key {
    crypto_auth_hmacsha256_state keyed; /* has taken the key in, and nothing else */
    uint8_t id;
};

struct auth_keys {
    size_t references;
    size_t count;
    struct auth_key list[AUTH_KEYS_MAX];
};

struct auth_keys *auth_keys_new(void)
{
    struct auth_keys *keys = sodium_init() >= 0 ? sodium_malloc(sizeof(*keys)) : NULL;

    if (keys == NULL)
        return NULL;
    memset(keys, 0, sizeof(*keys)); /* also so that equal keys are equal octets */
    keys->references = 1;
    return keys;
}

struct auth_keys *auth_keys_ref(struct auth_keys *keys)
{
    if (keys != NULL)
        keys->references++;
    return keys;
}

void auth_keys_unref(struct auth_keys *keys)
{
    if (keys != NULL && --keys->references == 0)
        sodium_free(keys);
}

static const struct auth_key *find(const struct auth_keys *keys, uint8_t id)
{
    for (size_t i = 0; i < auth_keys_count(keys); i++)
        if (keys->list[i].id == id)
            return &keys->list[i];
    return NULL;
}

bool auth_keys_add(struct auth_keys *keys, uint8_t id, const uint8_t *octets, size_t size)
{
    if (id == 0 || find(keys, id) != NULL || keys->count == AUTH_KEYS_MAX ||
        size < AUTH_KEY_SIZE_MIN || size > AUTH_KEY_SIZE_MAX)
        return false;
    struct auth_key *key = &keys->list[keys->count++];
    key->id = id;
    crypto_auth_hmacsha256_init(&key->keyed, octets, size);
    return true;
}

bool auth_keys_copy(struct auth_keys *keys, const struct auth_keys *from, uint8_t id)
{
    const struct auth_key *key = find(from, id);

    if (key == NULL || find(keys, id) != NULL || keys->count == AUTH_KEYS_MAX)
        return false;
    keys->list[keys->count++] = *key;
    return true;
}

size_t auth_keys_count(const struct auth_keys *keys)
{
    return keys != NULL ? keys->count : 0;
}

uint8_t auth_keys_id(const struct auth_keys *keys, size_t i)
{
    assert(i < keys->count);
    return keys->list[i].id;
}

bool auth_keys_equal(const struct auth_keys *a, const struct auth_keys *b)
{
    size_t count = auth_keys_count(a);

    if (a == b || (count == 0 && auth_keys_count(b) == 0))
        return true;
    return count == auth_keys_count(b) && sodium_memcmp(a->list, b->list, sizeof(a->list)) == 0;
}

/* -1: no hexadecimal digit. */
static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

const char *auth_key_read(const char *text, size_t length, uint8_t octets[AUTH_KEY_SIZE_MAX],
                          size_t *size)
{
    static const char word[] = "hex:";
    const size_t begin = sizeof(word) - 1;

    if (length >= begin && memcmp(text, word, begin) == 0) {
        text += begin;
        length -= begin;
    }
    if (length == 0)
        return "found nothing";
    for (size_t i = 0; i < length; i++)
        if (digit(text[i]) < 0)
            return "found something else than hexadecimal digits";
    if (length % 2 != 0)
        return "found an odd number of digits";
    if (length < 2 * (size_t)AUTH_KEY_SIZE_MIN)
        return "found too few digits";
    if (length > 2 * (size_t)AUTH_KEY_SIZE_MAX)
        return "found too many digits";
    for (size_t i = 0; i < length / 2; i++)
        octets[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    *size = length / 2;
    return NULL;
}

bool auth_keys_tag(const struct auth_keys *keys, uint8_t id, const struct auth_piece *pieces,
                   size_t count, uint8_t tag[AUTH_TAG_SIZE])
{
    const struct auth_key *key = find(keys, id);
    crypto_auth_hmacsha256_state state;
    uint8_t whole[crypto_auth_hmacsha256_BYTES];

    if (key == NULL)
        return false;
    memcpy(&state, &key->keyed, sizeof(state));
    for (size_t i = 0; i < count; i++)
        crypto_auth_hmacsha256_update(&state, pieces[i].octets, pieces[i].size);
    crypto_auth_hmacsha256_final(&state, whole);
    memcpy(tag, whole, AUTH_TAG_SIZE);
    /* What is left of it is as good as the key. */
    sodium_memzero(&state, sizeof(state));
    sodium_memzero(whole, sizeof(whole));
    return true;
}
