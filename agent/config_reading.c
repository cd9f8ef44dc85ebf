/* Reading a configuration, with all that can take long; see config_reading.h. */
#include "agent/config_reading.h"

#include "agent/base/log.h"
#include "agent/control/later.h"
#include "agent/kernel/nft_guard.h"
#include "lib/config/advice_secrets.h"
#include "lib/config/instance_problem.h"
#include "lib/control/control.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVICE_USER "vipd"

enum { EXPOSED_TEXT_SIZE = 1024, NAME_SERVICE_SIZE = 4096 };

/* accept = no without its effect would be a hole in somebody's firewall. */
static bool check_accept(const struct config *config, struct config_problems *problems)
{
    const struct config_instance *closed = NULL;

    for (size_t i = 0; i < config->instance_count && closed == NULL; i++)
        closed = config->instances[i].accept ? NULL : &config->instances[i];
    const char *lacks = closed != NULL ? nft_guard_try() : NULL;
    if (lacks == NULL)
        return true;
    config_instance_problem(problems, closed, INSTANCE_ACCEPT,
                            "found 'no', expected 'yes' here: %s", lacks);
    return false;
}

/* Where it runs as somebody else, as by hand, that user is looked for. */
static bool is_service_group(gid_t gid)
{
    char buffer[NAME_SERVICE_SIZE];
    struct group group;
    struct group *found = NULL;

    return gid == 0 || gid == getegid() ||
           (getgrnam_r(SERVICE_USER, &group, buffer, sizeof(buffer), &found) == 0 &&
            found != NULL && found->gr_gid == gid);
}

static bool is_service_user(uid_t uid)
{
    char buffer[NAME_SERVICE_SIZE];
    struct passwd user;
    struct passwd *found = NULL;

    return uid == 0 || uid == geteuid() ||
           (getpwnam_r(SERVICE_USER, &user, buffer, sizeof(buffer), &found) == 0 && found != NULL &&
            found->pw_uid == uid);
}

static bool look_at_secret(const char *path, struct config_secret_access *out)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return false;
    *out = (struct config_secret_access){
        .mode = st.st_mode & 07777,
        .owner = st.st_uid,
        .group = st.st_gid,
        .owner_known = is_service_user(st.st_uid),
        .group_known = is_service_group(st.st_gid),
    };
    return true;
}

void config_reading_run(const char *file, const char *directory, const struct config_box *before,
                        bool users, struct config_reading *out)
{
    *out = (struct config_reading){0};
    out->box = config_box_load(file, directory, &out->problems);
    if (out->box == NULL || !users)
        return;
    if (!check_accept(out->box->config, &out->problems) ||
        !hooks_check(out->box, before, &out->problems)) {
        config_box_unref(out->box);
        out->box = NULL;
        return;
    }
    hooks_missing_find(out->box, &out->missing);
    config_advise_secrets(out->box->config, look_at_secret, &out->exposed);
}

void config_reading_compare(const struct config_box *before, bool reply, bool preview,
                            struct config_reading *reading)
{
    struct config_diff *diff = &reading->diff;

    if (reading->box == NULL)
        return;
    if (config_diff(before->config, reading->box->config, diff) < 0) {
        config_box_unref(reading->box);
        reading->box = NULL;
        return;
    }
    if (reply)
        reading->reply = control_later_text(control_reply_reload(diff, false));
    if (preview)
        reading->preview = control_later_text(control_reply_reload(diff, true));
}

void config_reading_warn(const struct config_reading *reading)
{
    char text[EXPOSED_TEXT_SIZE];

    hooks_missing_log(&reading->missing);
    for (size_t i = 0; i < reading->exposed.count; i++)
        log_msg(LOG_WARNING, "%s",
                config_problem_format(&reading->exposed.list[i], text, sizeof(text)));
}

void config_reading_free(struct config_reading *reading)
{
    config_box_unref(reading->box);
    config_problems_free(&reading->problems);
    config_problems_free(&reading->exposed);
    config_diff_free(&reading->diff);
    free(reading->reply);
    free(reading->preview);
    *reading = (struct config_reading){0};
}
