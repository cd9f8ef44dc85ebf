/* Messages: sd-journal when stderr is the journal's, plain stderr otherwise. */
#include "agent/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>

enum { LINE_SIZE = 1024 };

/* systemd names the stream it connected stderr to; then structured fields are worth sending. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device;
    unsigned long long inode;
    struct stat st;

    return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(2, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static void emit(int level, const char *instance, const char *format, va_list arguments)
{
    static const char *const names[] = {"emergency", "alert",  "critical", "error",
                                        "warning",   "notice", "info",     "debug"};
    char line[LINE_SIZE];

    vsnprintf(line, sizeof(line), format, arguments);
    if (!stderr_is_journal()) {
        fprintf(stderr, "%s: %s%s%s\n", names[level & 7], instance != NULL ? instance : "",
                instance != NULL ? ": " : "", line);
        return;
    }
    if (instance != NULL)
        sd_journal_send("MESSAGE=%s: %s", instance, line, "PRIORITY=%i", level, "VIPD_INSTANCE=%s",
                        instance, NULL);
    else
        sd_journal_send("MESSAGE=%s", line, "PRIORITY=%i", level, NULL);
}

void log_msg(int level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    emit(level, NULL, format, arguments);
    va_end(arguments);
}

void log_instance(int level, const char *instance, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    emit(level, instance, format, arguments);
    va_end(arguments);
}
