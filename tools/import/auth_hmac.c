/*
 * auth_hmac of keepalived 2.4: keys, the one that signs, modes. What keepalived switches off with a
 * line in its log (no active key, or one that is not there) is not carried over in silence: beside
 * nodes that sign it makes two masters. Keys are shown in no message.
 */
#include "lib/packet/auth_keys.h"
#include "tools/import/import.h"
#include "tools/import/keys.h"

#include <string.h>

#define NOT_LIKE_THAT                                                                              \
    "nodes that sign and nodes that do not ignore each other, and both sides become master"

/* The keys of one block, the one that signs first. */
struct hmac {
    struct import *import;
    struct import_section *section;
    const struct keepalived_node *block;
    const char *why; /* why it cannot be carried over; NULL: it can */
};

static const char *to_hex(struct arena *arena, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t length = strlen(text);
    char *hex = arena_take(arena, 2 * length + 1);

    for (size_t i = 0; i < length; i++) {
        hex[2 * i] = digits[(unsigned char)text[i] >> 4];
        hex[2 * i + 1] = digits[(unsigned char)text[i] & 0x0f];
    }
    hex[2 * length] = '\0';
    return hex;
}

/* ID:FILE or ID:hex:DIGITS. NULL: keepalived takes no such key, or we cannot. */
static const char *key_value(const struct hmac *hmac, const struct keepalived_node *node, long id)
{
    static const char file[] = "file:";
    struct arena *arena = hmac->import->arena;
    uint8_t octets[AUTH_KEY_SIZE_MAX];
    const char *text = node->count > 2 ? node->words[2] : "";
    size_t size;

    if (strncmp(text, file, strlen(file)) == 0)
        return text[strlen(file)] == '/' ? arena_print(arena, "%ld:%s", id, text + strlen(file))
                                         : NULL;
    if (strncmp(text, "hex:", 4) != 0)
        text = arena_print(arena, "hex:%s", to_hex(arena, text));
    return auth_key_read(text, strlen(text), octets, &size) == NULL
               ? arena_print(arena, "%ld:%s", id, text)
               : NULL;
}

/* Joined by commas; NULL, and hmac->why says so: they are not as keepalived uses them. */
static const char *keys_of(struct hmac *hmac, long active)
{
    const char *first = NULL;
    const char *others = "";

    for (const struct keepalived_node *node = hmac->block->first; node != NULL; node = node->next) {
        long id = 0;

        if (!keepalived_is(node, "key"))
            continue;
        const char *value = node->count > 1 && import_number(node->words[1], 1, 255, &id)
                                ? key_value(hmac, node, id)
                                : NULL;
        if (value == NULL) {
            hmac->why = "a key in it is none: an id from 1 to 255, and 32 to 64 octets or the path "
                        "of a file that has them in hexadecimal. " NOT_LIKE_THAT;
            return NULL;
        }
        if (id == active)
            first = value;
        else
            others = arena_print(hmac->import->arena, "%s, %s", others, value);
    }
    if (first == NULL)
        hmac->why = "active_key names no key in it, so keepalived signs nothing and says so in its "
                    "log alone. " NOT_LIKE_THAT;
    return first != NULL ? arena_print(hmac->import->arena, "%s%s", first, others) : NULL;
}

static void set_word(const struct hmac *hmac, const char *word, const char *key, const char *format)
{
    const struct keepalived_node *node = keepalived_last(hmac->block, word);
    const char *value = import_value(node);

    if (value != NULL)
        import_set(hmac->import->out, hmac->section, node, key,
                   arena_print(hmac->import->arena, "%s%s", value, format));
}

static void carry_over(struct hmac *hmac)
{
    const struct keepalived_node *node = keepalived_last(hmac->block, "active_key");
    const struct keepalived_node *replay = keepalived_last(hmac->block, "anti_replay");
    long active = 0;

    (void)import_number(import_value(node), 1, 255, &active);
    const char *keys = keys_of(hmac, active);
    if (keys == NULL)
        return;
    import_set(hmac->import->out, hmac->section, hmac->block, KEY_AUTH_KEY, keys);
    set_word(hmac, "mode", KEY_AUTH_MODE, "");
    set_word(hmac, "anti_replay", KEY_AUTH_REPLAY, "");
    if (import_value(replay) == NULL || strcmp(import_value(replay), "monotonic") != 0)
        set_word(hmac, "time_window", KEY_AUTH_WINDOW, "s");
    if (strstr(keys, ":hex:") != NULL)
        IMPORT_ITEM(hmac->import, hmac->section, IMPORT_NOTE, hmac->block,
                    "its keys stand in this file: better one file each, and auth-key = ID:FILE");
    else
        IMPORT_ITEM(hmac->import, hmac->section, IMPORT_NOTE, hmac->block,
                    "its files are read by the user vipd, and have the key in hexadecimal");
}

void import_auth_hmac(struct import *import, struct import_instance *instance)
{
    struct hmac hmac = {.import = import,
                        .section = instance->section,
                        .block = keepalived_last(instance->block, "auth_hmac")};

    if (hmac.block == NULL)
        return;
    if (!import_knows(hmac.section->type, KEY_AUTH_KEY))
        hmac.why = "this vipd does not know it. " NOT_LIKE_THAT;
    else
        carry_over(&hmac);
    if (hmac.why != NULL)
        IMPORT_ITEM(import, hmac.section, IMPORT_MASTERS, hmac.block, "%s", hmac.why);
}
