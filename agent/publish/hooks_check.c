/* The users and the commands of hooks; see hooks_check.h. */
#include "agent/publish/hooks_check.h"

#include "agent/base/log.h"
#include "agent/publish/hook_environment.h"
#include "lib/config/hook_unit.h"
#include "lib/config/instance_problem.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool has_capability(unsigned capability)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    if (syscall(SYS_capget, &header, data) < 0)
        return false;
    return (data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability)) != 0;
}

/* What is wrong with the user as the instance's hook-user. */
static void add_problem(const struct config_instance *config, int error,
                        struct config_problems *problems)
{
    switch (error) {
    case -ENOENT:
        config_instance_problem(problems, config, INSTANCE_HOOK_USER,
                                "found '%s', expected an existing user", config->hook_user);
        break;
    case -E2BIG:
        config_instance_problem(problems, config, INSTANCE_HOOK_USER,
                                "found '%s', expected a user of at most %d groups",
                                config->hook_user, ACCOUNT_GROUPS_MAX);
        break;
    case -EPERM:
        config_instance_problem(problems, config, INSTANCE_HOOK_USER,
                                "found '%s', but vipd runs as user %u without CAP_SETUID and "
                                "CAP_SETGID, so that it cannot run hooks as another",
                                config->hook_user, geteuid());
        break;
    default:
        config_instance_problem(problems, config, INSTANCE_HOOK_USER,
                                "found '%s', expected an existing user: %s", config->hook_user,
                                strerror(-error));
        break;
    }
}

static bool can_become(const struct account *user)
{
    return (user->uid == geteuid() && user->gid == getegid()) ||
           (has_capability(CAP_SETUID) && has_capability(CAP_SETGID));
}

/* Of many instances with one user the first is named. */
static bool check_user(struct config_box *box, const struct hook_user *known,
                       const struct config_instance *config, struct config_problems *problems)
{
    int r = hook_users_add(&box->hook_users, known, config->hook_user);

    if (r == 0 && !can_become(hook_users_find(box->hook_users, config->hook_user)))
        r = -EPERM;
    if (r < 0)
        add_problem(config, r, problems);
    return r == 0;
}

/* Whether its program can be run, as far as can be told: root may know one that we do not see. */
static bool is_there(char *const *argv)
{
    const char *program = hook_unit_program(argv);
    char path[sizeof(HOOK_PROGRAMS_DIR) + NAME_SIZE];

    if (program == NULL)
        return argv[0][0] != '/' || access(argv[0], X_OK) == 0;
    snprintf(path, sizeof(path), HOOK_PROGRAMS_DIR "/%s", program);
    return access(path, F_OK) == 0 || errno != ENOENT;
}

void hooks_missing_find(const struct config_box *box, struct hooks_missing *out)
{
    out->count = 0;
    for (size_t i = 0; i < box->config->instance_count; i++) {
        const struct config_instance *config = &box->config->instances[i];

        for (enum hook hook = 0; hook < HOOKS && out->count < HOOKS_MISSING_MAX; hook++) {
            char *const *argv = config->hooks[hook];

            if (argv == NULL || is_there(argv))
                continue;
            out->list[out->count].config = config;
            out->list[out->count].hook = hook;
            out->list[out->count++].error = errno;
        }
    }
}

void hooks_missing_log(const struct hooks_missing *missing)
{
    for (size_t i = 0; i < missing->count; i++) {
        const struct config_instance *config = missing->list[i].config;
        enum hook hook = missing->list[i].hook;

        const char *program = hook_unit_program(config->hooks[hook]);
        const char *error = strerror(missing->list[i].error);
        if (program != NULL)
            log_instance(LOG_WARNING, config->name,
                         "%s: " HOOK_PROGRAMS_DIR "/%s cannot be run: %s", hook_name(hook), program,
                         error);
        else
            log_instance(LOG_WARNING, config->name, "%s: %s cannot be run: %s", hook_name(hook),
                         config->hooks[hook][0], error);
    }
}

bool hooks_check(struct config_box *box, const struct config_box *before,
                 struct config_problems *problems)
{
    const struct hook_user *known = before != NULL ? before->hook_users : NULL;

    for (size_t i = 0; i < box->config->instance_count; i++) {
        const struct config_instance *instance = &box->config->instances[i];

        if (instance->hook_user != NULL && !check_user(box, known, instance, problems))
            return false;
    }
    for (size_t i = 0; i < box->config->check_count; i++) {
        const char *user = box->config->checks[i].user;

        if (user[0] != '\0' && hook_users_add(&box->hook_users, known, user) == -ENOMEM)
            return false;
    }
    return true;
}
