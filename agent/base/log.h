/*
 * The room base: what every other room stands on, and which knows none of them. This log, the
 * clocks (clock.h) and deadlines (deadlines.h), what keeps the loop on time (realtime.h) and in
 * order (priorities.h), programs (program.h runs one, child.h reads its lines, account.h and
 * hook_users.h know who it runs as), octets in order (byte_queue.h), and the configuration that
 * many share (config_box.h). Each has one owner, named where it is made; nothing is global but the
 * log. It may use lib/.
 *
 * log.h: messages to the journal (structured) when started by systemd and the journal is there,
 * else to stderr. Nothing here waits for whoever reads them: a message that is not taken at once is
 * lost, and how many were is told before the next one that is. Control characters become '?'. errno
 * is left as it was. log_msg() may be called from anywhere in agent/ but from other threads; lib/
 * never logs.
 */
#ifndef AGENT_BASE_LOG_H
#define AGENT_BASE_LOG_H

#include "lib/election/reason.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

/* One line. level: LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO or LOG_DEBUG. */
void log_msg(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with the instance it is about (VIPD_INSTANCE= in the journal, "web: " on stderr). */
void log_instance(int level, const char *instance, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An event that has a name for ever: one of message_ids.h (MESSAGE_ID= in the journal).
 * instance: NULL, or what it is about. */
void log_event(int level, const char *message_id, const char *instance, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* An instance has changed its state; the journal gets VIPD_STATE=, VIPD_PREVIOUS_STATE=,
 * VIPD_REASON= and, where one was seen, VIPD_PEER=. */
void log_transition(const char *instance, const struct transition *transition);

/* Tells how many messages were lost, if any and if it goes again. Cheap; tries once a second.
 * False: nothing is left to be told. */
bool log_retry(uint64_t now_ns);

/* fn is called when messages begin to be lost: log_retry() is worth calling. NULL: nobody is. */
void log_on_lost(void (*fn)(void *userdata), void *userdata);

#endif
