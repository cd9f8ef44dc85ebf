/* Keys of authenticated adverts, as written and as read; see advert_keys.h. */
#include "lib/config/advert_keys.h"

#include "lib/config/instance_problem.h"
#include "lib/config/lexer.h"
#include "lib/config/list.h"
#include "lib/config/value_parsers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char inline_word[] = "hex:";

/* Not config_refuse(): that quotes what it found, which may be a key. */
static int refuse(const struct refusal *r, const char *why)
{
    snprintf(r->error, r->error_size, "%s, expected %s", why, r->key->expected);
    return -EINVAL;
}

/* Reads the number before the colon, and moves *text behind that. 0: there is none. */
static uint8_t read_id(const char **text)
{
    size_t digits = strspn(*text, "0123456789");
    unsigned long id = digits > 0 && digits <= 3 ? strtoul(*text, NULL, 10) : 0;

    if ((*text)[digits] != ':' || id > UINT8_MAX)
        return 0;
    *text += digits + 1;
    return (uint8_t)id;
}

static bool is_taken(const struct config_instance *instance, uint8_t id)
{
    for (size_t i = 0; i < instance->auth_key_count; i++)
        if (instance->auth_keys[i].id == id)
            return true;
    return false;
}

/* An absolute path, or the name of a credential as systemd allows it. */
static bool is_file(const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length >= SECRET_PATH_SIZE || strcmp(text, ".") == 0 ||
        strcmp(text, "..") == 0)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
            return false;
    return text[0] == '/' || strchr(text, '/') == NULL;
}

/* One more, behind those there are. False: out of memory. */
static bool append(struct config_instance *instance, const struct config_auth_key *key)
{
    struct config_auth_key *grown =
        config_list_grow(instance->auth_keys, instance->auth_key_count, sizeof(*grown));

    if (grown == NULL)
        return false;
    instance->auth_keys = grown;
    grown[instance->auth_key_count++] = *key;
    return true;
}

/* A key that stands in the text itself. */
static int take_inline(const struct refusal *r, struct config_instance *instance,
                       const struct config_auth_key *key, const char *text)
{
    uint8_t octets[AUTH_KEY_SIZE_MAX];
    size_t size;
    const char *why = auth_key_read(text, strlen(text), octets, &size);

    if (why != NULL)
        return refuse(r, why);
    if (instance->inline_secrets == NULL)
        instance->inline_secrets = auth_keys_new();
    bool good = instance->inline_secrets != NULL &&
                auth_keys_add(instance->inline_secrets, key->id, octets, size) &&
                append(instance, key);
    explicit_bzero(octets, sizeof(octets));
    return good ? 0 : -ENOMEM;
}

int config_parse_auth_key(const struct refusal *r, void *base)
{
    struct config_instance *instance = base;
    struct config_auth_key key;
    const char *text = r->text;

    memset(&key, 0, sizeof(key));
    if (config_lexer_comment_in(text, strlen(text)))
        return refuse(r, "found what looks like a comment behind it");
    key.id = read_id(&text);
    if (key.id == 0)
        return refuse(r, "found no id in front of a colon");
    if (is_taken(instance, key.id))
        return refuse(r, "found the same id a second time");
    if (instance->auth_key_count >= AUTH_KEYS_MAX)
        return config_refuse_more(r, "keys", AUTH_KEYS_MAX);
    if (strncmp(text, inline_word, strlen(inline_word)) == 0)
        return take_inline(r, instance, &key, text);
    if (!is_file(text))
        return refuse(r, "found neither a path nor a name behind the id");
    memcpy(key.file, text, strlen(text));
    return append(instance, &key) ? 0 : -ENOMEM;
}

/* Its first line; what editors put behind it is no part. NULL: it is in *secrets. */
static const char *add_from_text(struct auth_keys *secrets, uint8_t id, const char *text)
{
    uint8_t octets[AUTH_KEY_SIZE_MAX];
    size_t length = strcspn(text, "\r\n");
    size_t size;

    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    const char *why = auth_key_read(text, length, octets, &size);
    if (why == NULL && !auth_keys_add(secrets, id, octets, size))
        why = "found a key too many";
    explicit_bzero(octets, sizeof(octets));
    return why;
}

/* False: a problem was added. */
static bool read_one(struct config_instance *instance, const struct config_auth_key *key,
                     config_secret_reader *reader, struct config_problems *problems)
{
    char error[128] = "";

    if (key->file[0] == '\0')
        return auth_keys_copy(instance->secrets, instance->inline_secrets, key->id);
    char *text = reader(key->file, error, sizeof(error));
    if (text == NULL) {
        config_instance_problem(problems, instance, INSTANCE_AUTH_KEY, "%s: cannot be read: %s",
                                key->file, error);
        return false;
    }
    const char *why = add_from_text(instance->secrets, key->id, text);
    if (why != NULL)
        config_instance_problem(problems, instance, INSTANCE_AUTH_KEY,
                                "%s: %s, expected 64 to 128 hexadecimal digits in its first line",
                                key->file, why);
    explicit_bzero(text, strlen(text));
    free(text);
    return why == NULL;
}

bool config_advert_keys_read(struct config_instance *instance, config_secret_reader *reader,
                             struct config_problems *problems)
{
    bool good = true;

    if (instance->auth_key_count == 0)
        return true;
    instance->secrets = auth_keys_new();
    if (instance->secrets == NULL) {
        config_instance_problem(problems, instance, INSTANCE_AUTH_KEY,
                                "no memory for keys, which may not be written to a disk");
        return false;
    }
    for (size_t i = 0; i < instance->auth_key_count; i++)
        good = read_one(instance, &instance->auth_keys[i], reader, problems) && good;
    auth_keys_unref(instance->inline_secrets);
    instance->inline_secrets = NULL;
    return good;
}
