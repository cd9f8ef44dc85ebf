/* What a look brings, and what it makes of the check; see check.h. */
#include "agent/checks/check.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/priorities.h"
#include "agent/base/source.h"

#include <stdarg.h>
#include <stdio.h>

void *check_shared(const struct check *check)
{
    return check->ground->shared[check->config.type];
}

int check_source(const struct check *check, sd_event_source **source, int r)
{
    if (r >= 0)
        r = sd_event_source_set_priority(*source, AGENT_PRIORITY_CHECKS);
    if (r >= 0)
        r = sd_event_source_set_description(*source, check->config.name);
    if (r < 0)
        *source = sd_event_source_disable_unref(*source);
    return r < 0 ? r : 0;
}

static void tell(struct check *check)
{
    const struct check_ground *ground = check->ground;

    if (!ground->quiet)
        ground->on_change(ground->userdata, check->config.name);
}

/* Messages of programs and servers may be anything. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

void check_set_number(struct check *check, int number)
{
    check->number_changed = check->number_changed || number != check->number;
    check->number = number;
}

void check_note(struct check *check, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(check->text, sizeof(check->text), format, arguments);
    va_end(arguments);
    make_printable(check->text);
}

void check_end_run(struct check *check)
{
    if (!check->running)
        return;
    check->running = false;
    check->run_ns = clock_boot_ns() - check->started_ns;
    (void)source_set_enabled(check->deadline, SD_EVENT_OFF);
}

static void note_verdict(struct check *check)
{
    bool failing = check->state.verdict == CHECK_FAILING;

    check->since_wall_ns = clock_wall_ns();
    log_msg(failing ? LOG_WARNING : LOG_NOTICE, "check %s is %s: %s", check->config.name,
            check_verdict_name(check->state.verdict), check->text);
}

void check_result(struct check *check, bool good, const char *format, ...)
{
    va_list arguments;

    check_end_run(check);
    va_start(arguments, format);
    vsnprintf(check->text, sizeof(check->text), format, arguments);
    va_end(arguments);
    make_printable(check->text);
    check->last_wall_ns = clock_wall_ns();
    bool changed = check_state_result(&check->state, good);
    if (changed)
        note_verdict(check);
    if (changed || check->number_changed)
        tell(check);
    check->number_changed = false;
}
