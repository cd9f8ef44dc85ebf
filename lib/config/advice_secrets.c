/* Who else can read passwords and keys; see advice_secrets.h. */
#include "lib/config/advice_secrets.h"

#include "lib/config/instance_problem.h"

enum {
    OF_OTHERS = 07,
    OF_GROUP = 070,
    WRITTEN_BY_GROUP = 020,
};

#define EXPECTED "expected 0600, or 0640 with the group vipd"

static void advise(const struct config_instance *instance, enum instance_key key, const char *path,
                   config_secret_looker *look, struct config_problems *out)
{
    struct config_secret_access file;

    if (path == NULL || path[0] != '/' || !look(path, &file))
        return;
    if ((file.mode & OF_OTHERS) != 0)
        config_instance_problem(out, instance, key,
                                "%s: has mode %04o, so that everybody on this machine has "
                                "permissions on it, " EXPECTED,
                                path, file.mode);
    else if ((file.mode & OF_GROUP) != 0 && !file.group_known)
        config_instance_problem(out, instance, key,
                                "%s: has mode %04o and the group %u, so that its members have "
                                "permissions on it, " EXPECTED,
                                path, file.mode, file.group);
    else if ((file.mode & WRITTEN_BY_GROUP) != 0)
        config_instance_problem(out, instance, key,
                                "%s: has mode %04o, so that its group can change it, " EXPECTED,
                                path, file.mode);
    if (!file.owner_known)
        config_instance_problem(out, instance, key,
                                "%s: belongs to the user %u, who can read and change it, expected "
                                "root or vipd",
                                path, file.owner);
}

void config_advise_secrets(const struct config *config, config_secret_looker *look,
                           struct config_problems *out)
{
    if (out->list == NULL && !config_problems_open(out))
        return;
    for (size_t i = 0; i < config->instance_count; i++) {
        const struct config_instance *instance = &config->instances[i];

        advise(instance, INSTANCE_PASSWORD_FILE, instance->password_file, look, out);
        for (size_t k = 0; k < instance->auth_key_count; k++)
            advise(instance, INSTANCE_AUTH_KEY, instance->auth_keys[k].file, look, out);
    }
}
