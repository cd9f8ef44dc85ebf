/*
 * Sources of an sd-event, set and enabled as sd_event_*() of the same name do, from anywhere: from
 * an urgent function (turns.h) too, after which sd-event would not look at them by itself. The
 * functions behind these are not called elsewhere (tests/style).
 *
 * Times are in us of the source's clock; those that are relative are so to now, not to the time at
 * which sd-event last woke. All return 0 or more, or a negative errno.
 */
#ifndef AGENT_BASE_SOURCE_H
#define AGENT_BASE_SOURCE_H

#include <stdint.h>
#include <systemd/sd-event.h>
#include <time.h>

int source_add_time(sd_event *event, sd_event_source **out, clockid_t clock, uint64_t us,
                    uint64_t accuracy_us, sd_event_time_handler_t fn, void *userdata);
int source_add_time_relative(sd_event *event, sd_event_source **out, clockid_t clock, uint64_t us,
                             uint64_t accuracy_us, sd_event_time_handler_t fn, void *userdata);
int source_add_defer(sd_event *event, sd_event_source **out, sd_event_handler_t fn, void *userdata);
int source_add_child(sd_event *event, sd_event_source **out, pid_t pid, int options,
                     sd_event_child_handler_t fn, void *userdata);

int source_set_time(sd_event_source *source, uint64_t us);
int source_set_time_relative(sd_event_source *source, uint64_t us);
int source_set_enabled(sd_event_source *source, int enabled);

/* Has the loop of it end, with that code. */
int source_exit(sd_event *event, int code);

#endif
