/* Runs of units: written, started, awaited, asked; see unit_hook.h. */
#include "agent/publish/unit_hook.h"

#include "agent/base/clock.h"
#include "agent/base/file_saver.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"
#include "agent/publish/manager_bus.h"
#include "agent/publish/run_path.h"
#include "lib/config/hook_unit.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum {
    DIRECTORY_MODE = 0755,
    FILE_MODE = 0644,
    US_PER_MS = 1000,
    /* For the service manager to end what took too long. */
    STOP_MS_MAX = 5000,
    JOB_SIZE = 128,
    WHY_SIZE = 160,
};

struct unit_hooks {
    sd_event *event;
    struct worker *files;
    char *directory;
    struct manager_bus bus;
    struct unit_hook *list;
};

struct unit_hook {
    struct unit_hooks *hooks;
    char program[NAME_SIZE];
    void (*on_end)(void *userdata, const struct child_result *result);
    void (*on_failed)(void *userdata, const char *why);
    void *userdata;
    struct file_saver *saver;
    sd_event_source *timer;
    sd_bus_slot *call; /* NULL: none is under way */
    uint64_t started_ns;
    bool timed_out;
    char job[JOB_SIZE]; /* its path; empty: not known yet */
    struct unit_hook *next;
};

static struct unit_hook *find(const struct unit_hooks *hooks, const char *program)
{
    struct unit_hook *run = hooks->list;

    while (run != NULL && strcmp(run->program, program) != 0)
        run = run->next;
    return run;
}

bool unit_hooks_busy(const struct unit_hooks *hooks, const char *program)
{
    return find(hooks, program) != NULL;
}

/* ---- Its end */

static void fail(struct unit_hook *run, const char *why)
{
    run->on_failed(run->userdata, why);
}

static void fail_errno(struct unit_hook *run, const char *what, int error)
{
    char why[WHY_SIZE];

    snprintf(why, sizeof(why), "%s: %s", what, strerror(-error));
    fail(run, why);
}

static void end(struct unit_hook *run, enum child_outcome outcome, int code)
{
    const struct child_result result = {
        .outcome = outcome, .code = code, .ran_ns = clock_boot_ns() - run->started_ns};

    run->on_end(run->userdata, &result);
}

/* ExecMainCode and ExecMainStatus, of a reply to GetAll. */
static int read_exit(sd_bus_message *reply, int *code, int *status)
{
    int r = sd_bus_message_enter_container(reply, 'a', "{sv}");

    while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
        const char *name = "";
        int *into = NULL;

        r = sd_bus_message_read(reply, "s", &name);
        if (r >= 0 && strcmp(name, "ExecMainCode") == 0)
            into = code;
        else if (r >= 0 && strcmp(name, "ExecMainStatus") == 0)
            into = status;
        if (r >= 0)
            r = into != NULL ? sd_bus_message_read(reply, "v", "i", into)
                             : sd_bus_message_skip(reply, "v");
        if (r >= 0)
            r = sd_bus_message_exit_container(reply);
    }
    return r;
}

static int on_exit_known(sd_bus_message *reply, void *userdata, sd_bus_error *unused)
{
    struct unit_hook *run = userdata;
    int code = 0;
    int status = 0;

    (void)unused;
    run->call = sd_bus_slot_unref(run->call);
    if (sd_bus_message_is_method_error(reply, NULL) > 0 || read_exit(reply, &code, &status) < 0)
        fail(run, "failed; systemd does not say how");
    else if (code == CLD_EXITED)
        end(run, CHILD_EXITED, status);
    else if (code == CLD_KILLED || code == CLD_DUMPED)
        end(run, CHILD_SIGNALLED, status);
    else
        fail(run, "could not be started by systemd");
    return 0;
}

/* It failed: how, the unit knows. */
static void ask_for_exit(struct unit_hook *run)
{
    char unit[HOOK_UNIT_SIZE];
    char *path = NULL;
    int r = sd_bus_path_encode(MANAGER_PATH "/unit", hook_unit_format(run->program, unit), &path);

    if (r >= 0)
        r = sd_bus_call_method_async(run->hooks->bus.bus, &run->call, MANAGER_NAME, path,
                                     "org.freedesktop.DBus.Properties", "GetAll", on_exit_known,
                                     run, "s", MANAGER_NAME ".Service");
    free(path);
    if (r < 0)
        fail_errno(run, "failed", r);
}

static void job_is_over(struct unit_hook *run, const char *result)
{
    char why[WHY_SIZE];

    if (run->timed_out || strcmp(result, "timeout") == 0) {
        end(run, CHILD_TIMED_OUT, 0);
    } else if (strcmp(result, "done") == 0) {
        end(run, CHILD_EXITED, 0);
    } else if (strcmp(result, "failed") == 0) {
        ask_for_exit(run);
    } else {
        snprintf(why, sizeof(why), "systemd says: %.32s", result);
        fail(run, why);
    }
}

static int on_job_removed(sd_bus_message *message, void *userdata, sd_bus_error *unused)
{
    const struct unit_hooks *hooks = userdata;
    const char *job;
    const char *unit;
    const char *result;
    uint32_t id;

    (void)unused;
    if (sd_bus_message_read(message, "uoss", &id, &job, &unit, &result) < 0)
        return 0;
    for (struct unit_hook *run = hooks->list; run != NULL; run = run->next) {
        if (strcmp(run->job, job) != 0)
            continue;
        run->job[0] = '\0';
        job_is_over(run, result);
        break; /* it may be freed */
    }
    return 0;
}

/* ---- Its beginning */

static int on_started(sd_bus_message *reply, void *userdata, sd_bus_error *unused)
{
    struct unit_hook *run = userdata;
    const sd_bus_error *error = sd_bus_message_get_error(reply);
    char why[WHY_SIZE];
    const char *job = "";

    (void)unused;
    run->call = sd_bus_slot_unref(run->call);
    if (error != NULL) {
        snprintf(why, sizeof(why), "cannot be started: %.120s",
                 error->message != NULL ? error->message : error->name);
        fail(run, why);
    } else if (sd_bus_message_read(reply, "o", &job) < 0) {
        fail(run, "cannot be started: an answer that makes no sense");
    } else {
        snprintf(run->job, sizeof(run->job), "%s", job);
    }
    return 0;
}

/* Those of an older connection are not told of any more. */
static int connect_bus(struct unit_hooks *hooks)
{
    int r = manager_bus_connect(&hooks->bus, hooks->event);

    if (r <= 0)
        return r;
    return sd_bus_match_signal_async(hooks->bus.bus, NULL, MANAGER_NAME, MANAGER_PATH,
                                     MANAGER_INTERFACE, "JobRemoved", on_job_removed, NULL, hooks);
}

static void call_start(struct unit_hook *run)
{
    struct unit_hooks *hooks = run->hooks;
    char unit[HOOK_UNIT_SIZE];
    int r = connect_bus(hooks);

    if (r < 0) {
        fail_errno(run, "cannot be started, there is no D-Bus system bus", r);
        return;
    }
    r = sd_bus_call_method_async(hooks->bus.bus, &run->call, MANAGER_NAME, MANAGER_PATH,
                                 MANAGER_INTERFACE, "RestartUnit", on_started, run, "ss",
                                 hook_unit_format(run->program, unit), "replace");
    if (r < 0)
        fail_errno(run, "cannot be started", r);
}

static void on_saved(void *userdata, int error)
{
    struct unit_hook *run = userdata;

    if (run->timed_out)
        end(run, CHILD_TIMED_OUT, 0);
    else if (error < 0)
        fail_errno(run, "what it is to be told cannot be written", error);
    else
        call_start(run);
}

/* ---- Too long */

static int stop(const struct unit_hook *run)
{
    char unit[HOOK_UNIT_SIZE];

    /* Nobody waits for the answer: the job that it cancels is told of. */
    return sd_bus_call_method_async(run->hooks->bus.bus, NULL, MANAGER_NAME, MANAGER_PATH,
                                    MANAGER_INTERFACE, "StopUnit", NULL, NULL, "ss",
                                    hook_unit_format(run->program, unit), "replace");
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct unit_hook *run = userdata;

    (void)usec;
    if (run->timed_out || run->hooks->bus.bus == NULL || stop(run) < 0) {
        end(run, CHILD_TIMED_OUT, 0);
        return 0;
    }
    run->timed_out = true;
    (void)source_set_time_relative(source, STOP_MS_MAX * US_PER_MS);
    return source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Behind the call that started it, on the same connection. */
void unit_hook_stop(const struct unit_hook *run)
{
    if (run->hooks->bus.bus != NULL && (run->call != NULL || run->job[0] != '\0'))
        (void)stop(run);
}

/* ---- All of it */

/* What it is told, a variable a line. NULL: out of memory. */
static char *event_text(char *const *environment)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    for (size_t i = 0; environment[i] != NULL; i++) {
        char *variable = strdup(environment[i]);

        if (variable != NULL && hook_unit_clean(variable))
            fprintf(out, "%s\n", variable);
        free(variable);
    }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static int begin(struct unit_hook *run, const struct unit_hook_spec *spec)
{
    struct unit_hooks *hooks = run->hooks;
    char name[NAME_SIZE + sizeof(HOOK_EVENT_SUFFIX)];
    const struct file_saver_options file = {.worker = hooks->files,
                                            .directory = hooks->directory,
                                            .name = name,
                                            .directory_mode = DIRECTORY_MODE,
                                            .file_mode = FILE_MODE,
                                            .saved = on_saved,
                                            .userdata = run};
    char *text = event_text(spec->environment);

    if (text == NULL)
        return -ENOMEM;
    snprintf(name, sizeof(name), "%s" HOOK_EVENT_SUFFIX, run->program);
    int r = file_saver_open(&file, &run->saver);
    if (r >= 0)
        r = source_add_time_relative(hooks->event, &run->timer, CLOCK_BOOTTIME,
                                     spec->timeout_ns / NS_PER_US, US_PER_MS, on_timer, run);
    if (r >= 0)
        r = sd_event_source_set_priority(run->timer, AGENT_PRIORITY_HOOKS);
    if (r < 0) {
        free(text);
        return r;
    }
    return file_saver_put(run->saver, text) ? 0 : -EBUSY;
}

int unit_hook_start(struct unit_hooks *hooks, const struct unit_hook_spec *spec,
                    struct unit_hook **out)
{
    *out = NULL;
    if (unit_hooks_busy(hooks, spec->program))
        return -EBUSY;
    struct unit_hook *run = calloc(1, sizeof(*run));
    if (run == NULL)
        return -ENOMEM;
    *run = (struct unit_hook){.hooks = hooks,
                              .on_end = spec->on_end,
                              .on_failed = spec->on_failed,
                              .userdata = spec->userdata,
                              .started_ns = clock_boot_ns(),
                              .next = hooks->list};
    snprintf(run->program, sizeof(run->program), "%s", spec->program);
    hooks->list = run;
    int r = begin(run, spec);
    if (r < 0) {
        unit_hook_free(run);
        return r;
    }
    *out = run;
    return 0;
}

void unit_hook_free(struct unit_hook *run)
{
    if (run == NULL)
        return;
    struct unit_hook **link = &run->hooks->list;
    while (*link != run)
        link = &(*link)->next;
    *link = run->next;
    file_saver_close(run->saver);
    sd_event_source_disable_unref(run->timer);
    sd_bus_slot_unref(run->call);
    free(run);
}

int unit_hooks_open(const struct unit_hooks_options *options, struct unit_hooks **out)
{
    struct unit_hooks *hooks = calloc(1, sizeof(*hooks));

    *out = NULL;
    if (hooks == NULL)
        return -ENOMEM;
    *hooks = (struct unit_hooks){
        .event = options->event,
        .files = options->files,
        .directory = run_path(options->run_dir, options->control_path, HOOK_EVENTS_LEAF)};
    if (hooks->directory == NULL) {
        free(hooks);
        return -ENOMEM;
    }
    *out = hooks;
    return 0;
}

void unit_hooks_close(struct unit_hooks *hooks)
{
    if (hooks == NULL)
        return;
    assert(hooks->list == NULL);
    manager_bus_close(&hooks->bus);
    free(hooks->directory);
    free(hooks);
}
