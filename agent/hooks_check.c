/* What can be told of hooks before they are run: whether their users can be had, and whether the
 * commands are there. */
#include "agent/hook_environment.h"
#include "agent/hooks.h"
#include "agent/log.h"
#include "lib/config_problem.h"
#include "lib/config_schema.h"

#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
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

/* Adds a problem at the instance's header and returns false unless its hooks can run as their user.
 * Of many instances with one user the first is named. */
static bool check_user(const struct config_instance *config, struct config_problems *problems)
{
    char section[NAME_SIZE + 16];
    const struct config_place place = {
        .file = config->file,
        .line = config->line,
        .section = section,
        .key = config_schema_instance()->keys[INSTANCE_HOOK_USER].name,
    };
    const struct passwd *user;

    snprintf(section, sizeof(section), "%s %s", config_schema_instance()->name, config->name);
    errno = 0;
    user = getpwnam(config->hook_user);
    if (user == NULL) {
        config_problem_add(problems, &place, "found '%s', expected an existing user%s%s",
                           config->hook_user, errno != 0 ? ": " : "",
                           errno != 0 ? strerror(errno) : "");
        return false;
    }
    if ((user->pw_uid == geteuid() && user->pw_gid == getegid()) ||
        (has_capability(CAP_SETUID) && has_capability(CAP_SETGID)))
        return true;
    config_problem_add(problems, &place,
                       "found '%s', but vipd runs as user %u without CAP_SETUID and CAP_SETGID, so "
                       "that it cannot run hooks as another",
                       config->hook_user, geteuid());
    return false;
}

static void check_commands(const struct config_instance *config)
{
    for (enum hook hook = 0; hook < HOOKS; hook++) {
        char *const *argv = config->hooks[hook];

        if (argv != NULL && argv[0][0] == '/' && access(argv[0], X_OK) < 0)
            log_instance(LOG_WARNING, config->name, "%s: %s cannot be run: %s", hook_name(hook),
                         argv[0], strerror(errno));
    }
}

bool hooks_check(const struct config *config, struct config_problems *problems)
{
    const char *checked = "";

    for (size_t i = 0; i < config->instance_count; i++) {
        const struct config_instance *instance = &config->instances[i];

        check_commands(instance);
        if (strcmp(instance->hook_user, checked) == 0 || instance->hook_user[0] == '\0')
            continue;
        if (!check_user(instance, problems))
            return false;
        checked = instance->hook_user;
    }
    return true;
}
