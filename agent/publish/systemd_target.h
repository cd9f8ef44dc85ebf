/*
 * vipd-master@INSTANCE.target, which the service manager has active while the instance is MASTER,
 * so that any unit can be bound to it. Asked for over D-Bus, never waited for: one call at a time
 * for each instance, the newest state wins, failures are tried again.
 */
#ifndef AGENT_PUBLISH_SYSTEMD_TARGET_H
#define AGENT_PUBLISH_SYSTEMD_TARGET_H

#include "lib/config/config.h"

#include <systemd/sd-event.h>

/* "vipd-master@" and ".target" around a name of which each character became four. */
enum { SYSTEMD_TARGET_SIZE = 4 * NAME_SIZE + 24 };

struct systemd_targets;

/* on_idle: whatever was wanted has been told, or cannot be. 0 or a negative errno. */
int systemd_targets_open(sd_event *event, void (*on_idle)(void *userdata), void *userdata,
                         struct systemd_targets **out);

/* NULL is allowed. */
void systemd_targets_close(struct systemd_targets *targets);

/* From now on it should be active, or not. Saying so again costs nothing. */
void systemd_targets_want(struct systemd_targets *targets, const char *instance, bool active);

/* It has none, or by a reload none any longer: what was started here is stopped. */
void systemd_targets_leave(struct systemd_targets *targets, const char *instance);

/* True when nothing is under way; what failed is not waited for. */
bool systemd_targets_idle(const struct systemd_targets *targets);

/* After an agent that is gone: stops those of all instances that have the key. Waits for the
 * answers, a few seconds at most; failures are logged. */
void systemd_targets_stop_all(const struct config *config);

/* The unit's name, as systemd-escape(1) makes it. Returns buffer. */
const char *systemd_target_name(const char *instance, char buffer[SYSTEMD_TARGET_SIZE]);

#endif
