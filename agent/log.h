/*
 * Messages to the journal (structured) when started by systemd, else to stderr.
 * log_msg() may be called from anywhere in agent/; lib/ never logs.
 */
#ifndef AGENT_LOG_H
#define AGENT_LOG_H

#include <stdarg.h>
#include <syslog.h>

/* One line. level: LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO or LOG_DEBUG. */
void log_msg(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with the instance it is about (VIPD_INSTANCE= in the journal, "web: " on stderr). */
void log_instance(int level, const char *instance, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
