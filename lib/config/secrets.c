/* Passwords and keys, from the text and from files; see secrets.h. */
#include "lib/config/secrets.h"

#include "lib/config/instance_problem.h"
#include "lib/config/lexer.h"
#include "lib/config/value_parsers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Why a line cannot be a password, or NULL. */
static const char *unusable(const char *line, size_t length)
{
    if (length == 0)
        return "found nothing";
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
            return "found a text with a control character";
    return NULL;
}

static void set_password(struct config_instance *instance, const char *line, size_t length)
{
    instance->auth = packet_password(line, length);
    instance->password_cut = length > AUTH_DATA_SIZE;
}

/* Not config_refuse(): that quotes what it found. */
int config_parse_password(const struct refusal *r, void *base)
{
    size_t length = strlen(r->text);
    const char *why = unusable(r->text, length);

    /* Of such a password the comment would be a part, in silence. */
    if (why == NULL && config_lexer_comment_in(r->text, length))
        why = "found what looks like a comment behind it: a comment needs a line of its own, and "
              "a password with one in it a password-file";
    if (why != NULL) {
        snprintf(r->error, r->error_size, "%s, expected %s", why, r->key->expected);
        return -EINVAL;
    }
    set_password(base, r->text, length);
    return 0;
}

static void add_problem(const struct config_instance *instance, struct config_problems *problems,
                        const char *text)
{
    config_instance_problem(problems, instance, INSTANCE_PASSWORD_FILE, "%s: %s",
                            instance->password_file, text);
}

/* The first line; what editors put behind it is no part. */
static bool read_one(struct config_instance *instance, config_secret_reader *reader,
                     struct config_problems *problems)
{
    char error[128] = "";
    char text[160];
    char *line = reader(instance->password_file, error, sizeof(error));

    if (line == NULL) {
        snprintf(text, sizeof(text), "cannot be read: %s", error);
        add_problem(instance, problems, text);
        return false;
    }
    size_t length = strcspn(line, "\r\n");
    const char *why = unusable(line, length);
    if (why != NULL) {
        snprintf(text, sizeof(text), "%s, expected a password in its first line", why);
        add_problem(instance, problems, text);
    } else {
        set_password(instance, line, length);
    }
    explicit_bzero(line, strlen(line));
    free(line);
    return why == NULL;
}

bool config_secrets_read(struct config *config, config_secret_reader *reader,
                         struct config_problems *problems)
{
    bool good = true;

    for (size_t i = 0; i < config->instance_count; i++) {
        struct config_instance *instance = &config->instances[i];

        if (instance->password_file != NULL)
            good = read_one(instance, reader, problems) && good;
        good = config_advert_keys_read(instance, reader, problems) && good;
    }
    return good;
}
