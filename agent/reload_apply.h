/*
 * What becomes of a configuration that was read: it is refused, or put in force by applying only
 * what differs; or somebody wants to know what that would be, and nothing changes.
 */
#ifndef AGENT_RELOAD_APPLY_H
#define AGENT_RELOAD_APPLY_H

#include "agent/config_reading.h"
#include "agent/parts.h"

/* Remembers that the last reload failed, and why. */
void reload_note_failure(struct snapshot_facts *facts, const char *text);

/* Nothing changes, and that is logged. The answer for those who asked. */
json_t *reload_refuse(struct snapshot_facts *facts, const struct config_problems *problems);

/* Puts it in force, or refuses it. force: even if no instance would be left. Takes the box out of
 * reading, which was compared with the one in force. The answer for those who asked; NULL: that is
 * the reading's. */
json_t *reload_apply(struct parts *parts, struct config_reading *reading, bool force);

/* What reload_apply() would answer. NULL: the reading's preview. */
json_t *reload_preview(const struct parts *parts, const struct config_reading *reading, bool force);

#endif
