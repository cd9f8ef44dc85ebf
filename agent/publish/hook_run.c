/* Starting and ending one hook; see hook_run.h. */
#include "agent/publish/hook_run.h"

#include "agent/base/child.h"
#include "agent/base/log.h"
#include "agent/base/message_ids.h"
#include "agent/base/priorities.h"
#include "agent/publish/hook_environment.h"
#include "lib/config/hook_unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = 96 };

bool hook_run_active(const struct hook_run *run)
{
    return run->child != NULL || run->unit != NULL;
}

void hook_run_free(struct hook_run *run)
{
    child_free(run->child);
    run->child = NULL;
    unit_hook_free(run->unit);
    run->unit = NULL;
}

void hook_run_stop(struct hook_run *run)
{
    if (run->unit != NULL)
        unit_hook_stop(run->unit);
    hook_run_free(run);
}

static void on_line(void *userdata, const char *line)
{
    const struct hook_run *run = userdata;

    log_instance(LOG_INFO, run->name, "%s: %s", hook_name(run->hook), line);
}

/* text may belong to the run that is over. */
static void end(struct hook_run *run, int status, const char *text)
{
    char copy[TEXT_SIZE];

    snprintf(copy, sizeof(copy), "%s", text);
    hook_run_free(run);
    run->on_end(run->userdata, run->hook, status, copy);
}

static void on_end(void *userdata, const struct child_result *result)
{
    struct hook_run *run = userdata;
    bool good = result->outcome == CHILD_EXITED && result->code == 0;
    int status = result->outcome == CHILD_EXITED ? result->code : -1;
    char text[TEXT_SIZE];

    log_event(good ? LOG_INFO : LOG_WARNING, good ? NULL : MESSAGE_ID_HOOK_FAILED, run->name,
              "%s: %s", hook_name(run->hook), child_result_text(result, text, sizeof(text)));
    end(run, status, text);
}

static void on_failed(void *userdata, const char *why)
{
    struct hook_run *run = userdata;

    log_event(LOG_ERR, MESSAGE_ID_HOOK_FAILED, run->name, "%s: %s", hook_name(run->hook), why);
    end(run, -1, why);
}

/* before-master has a time of its own. */
static uint64_t timeout_of(const struct config_instance *config, enum hook hook)
{
    return hook == HOOK_BEFORE ? config->before_timeout_ns : config->hook_timeout_ns;
}

static int run_command(struct hook_run *run, sd_event *event, const struct hook_event *what,
                       char **environment)
{
    const struct config_instance *config = what->config;
    bool other = config->hook_user != NULL;
    const struct child_spec spec = {
        .program = {.argv = config->hooks[run->hook],
                    .environment = environment,
                    .user =
                        other ? hook_users_find(what->box->hook_users, config->hook_user) : NULL,
                    .dies_with_us = run->hook == HOOK_BEFORE},
        .timeout_ns = timeout_of(config, run->hook),
        .priority = AGENT_PRIORITY_HOOKS,
        .on_line = on_line,
        .on_end = on_end,
        .userdata = run,
    };

    /* hooks_check() has refused it; and never as ourselves instead. */
    if (other && spec.program.user == NULL)
        return -ENOENT;
    return child_start(event, &spec, &run->child);
}

static int run_unit(struct hook_run *run, struct unit_hooks *units, const struct hook_event *what,
                    const char *program, char **environment)
{
    const struct unit_hook_spec spec = {.program = program,
                                        .environment = environment,
                                        .timeout_ns = timeout_of(what->config, run->hook),
                                        .on_end = on_end,
                                        .on_failed = on_failed,
                                        .userdata = run};

    return unit_hook_start(units, &spec, &run->unit);
}

bool hook_run_start(struct hook_run *run, sd_event *event, struct unit_hooks *units,
                    const struct hook_event *what, enum hook hook)
{
    char **environment = hook_environment_new(what, hook);
    const char *program = hook_unit_program(what->config->hooks[hook]);
    char text[TEXT_SIZE];
    int r = -ENOMEM;

    run->hook = hook;
    if (environment != NULL && program != NULL)
        r = run_unit(run, units, what, program, environment);
    else if (environment != NULL)
        r = run_command(run, event, what, environment);
    hook_environment_free(environment);
    if (r >= 0)
        return true;
    snprintf(text, sizeof(text), "cannot be started: %s", strerror(-r));
    log_event(LOG_ERR, MESSAGE_ID_HOOK_FAILED, run->name, "%s: %s", hook_name(hook), text);
    run->on_end(run->userdata, hook, -1, text);
    return false;
}
