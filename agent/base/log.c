/* Messages: to the journal when stderr is the journal's, to plain stderr otherwise. Neither is
 * waited for: what is not taken at once is counted, and the count told as soon as something is
 * taken. Nothing is kept back to be sent later: the history has what must not be missed. */
#include "agent/base/log.h"

#include "agent/base/log_journal.h"
#include "agent/base/log_stderr.h"
#include "agent/base/message_ids.h"
#include "lib/limits.h"
#include "lib/printable.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    LINE_SIZE = 1024,
    /* On stderr: the level, the instance and the line. */
    STDERR_LINE_SIZE = 2048,
};

static_assert(STDERR_LINE_SIZE <= PIPE_BUF, "a line goes into a pipe as a whole");

/* What a message is about; NULL: nothing to say of it. */
struct subject {
    int level;
    const char *instance;
    const char *message_id;
    const struct transition *transition;
};

/* The process has one log, and what is logged from has no handle of it. Of the loop's thread. */
static struct {
    struct log_journal journal;
    uint64_t lost;
    uint64_t retried_ns;
    void (*on_lost)(void *userdata); /* NULL: nobody wants to know */
    void *userdata;
} output = {.journal = {.path = LOG_JOURNAL_SOCKET, .fd = -1}};

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

static void add_transition(struct log_journal_record *record, const struct transition *transition)
{
    const struct ip_address *peer = &transition->evidence.peer;
    char text[ADDRESS_TEXT_SIZE];

    log_journal_add(record, "VIPD_STATE", "%s", vrrp_state_name(transition->to));
    log_journal_add(record, "VIPD_PREVIOUS_STATE", "%s", vrrp_state_name(transition->from));
    log_journal_add(record, "VIPD_REASON", "%s", reason_name(transition->reason));
    if (peer->family != IP_FAMILY_NONE)
        log_journal_add(record, "VIPD_PEER", "%s", ip_address_format(peer, text, sizeof(text)));
}

static int send_to_journal(const struct subject *subject, const char *line)
{
    struct log_journal_record record = {.used = 0};
    const char *instance = subject->instance;

    log_journal_add(&record, "PRIORITY", "%d", subject->level);
    if (instance != NULL)
        log_journal_add(&record, "VIPD_INSTANCE", "%s", instance);
    if (subject->message_id != NULL)
        log_journal_add(&record, "MESSAGE_ID", "%s", subject->message_id);
    if (subject->transition != NULL)
        add_transition(&record, subject->transition);
    log_journal_add(&record, "MESSAGE", "%s%s%s", instance != NULL ? instance : "",
                    instance != NULL ? ": " : "", line);
    log_journal_add(&record, "SYSLOG_IDENTIFIER", "%s", program_invocation_short_name);
    return log_journal_send(&output.journal, &record);
}

static int send_to_stderr(const struct subject *subject, const char *line)
{
    static const char *const names[] = {"emergency", "alert",  "critical", "error",
                                        "warning",   "notice", "info",     "debug"};
    const char *instance = subject->instance;
    char text[STDERR_LINE_SIZE];
    int n = snprintf(text, sizeof(text), "%s: %s%s%s\n", names[subject->level & 7],
                     instance != NULL ? instance : "", instance != NULL ? ": " : "", line);

    assert(n > 0 && (size_t)n < sizeof(text));
    return log_stderr_write(text, (size_t)n);
}

/* False: nobody takes it now. */
static bool deliver(const struct subject *subject, const char *line)
{
    int r = stderr_is_journal() ? send_to_journal(subject, line) : -ENOENT;

    /* A journal that is there but full has no room for what comes by its other way either. */
    if (r < 0 && r != -EAGAIN)
        r = send_to_stderr(subject, line);
    return r == 0;
}

/* True when nothing is left to be told. */
static bool tell_lost(void)
{
    const struct subject subject = {.level = LOG_WARNING};
    bool one = output.lost == 1;
    char line[LINE_SIZE];

    if (output.lost == 0)
        return true;
    snprintf(line, sizeof(line), "%" PRIu64 " message%s lost: %s did not take %s", output.lost,
             one ? " was" : "s were", stderr_is_journal() ? "the journal" : "standard error",
             one ? "it" : "them");
    if (deliver(&subject, line))
        output.lost = 0;
    return output.lost == 0;
}

static void emit(const struct subject *subject, const char *format, va_list arguments)
{
    char line[LINE_SIZE];
    int error = errno;

    vsnprintf(line, sizeof(line), format, arguments);
    printable_make(line, '\n');
    if ((!tell_lost() || !deliver(subject, line)) && output.lost++ == 0 && output.on_lost != NULL)
        output.on_lost(output.userdata);
    errno = error;
}

bool log_retry(uint64_t now_ns)
{
    if (output.lost == 0 || now_ns - output.retried_ns < NS_PER_SEC)
        return output.lost > 0;
    output.retried_ns = now_ns;
    return !tell_lost();
}

void log_on_lost(void (*fn)(void *userdata), void *userdata)
{
    output.on_lost = fn;
    output.userdata = userdata;
}

void log_msg(int level, const char *format, ...)
{
    const struct subject subject = {.level = level};
    va_list arguments;

    va_start(arguments, format);
    emit(&subject, format, arguments);
    va_end(arguments);
}

void log_instance(int level, const char *instance, const char *format, ...)
{
    const struct subject subject = {.level = level, .instance = instance};
    va_list arguments;

    va_start(arguments, format);
    emit(&subject, format, arguments);
    va_end(arguments);
}

void log_event(int level, const char *message_id, const char *instance, const char *format, ...)
{
    const struct subject subject = {.level = level, .instance = instance, .message_id = message_id};
    va_list arguments;

    va_start(arguments, format);
    emit(&subject, format, arguments);
    va_end(arguments);
}

static __attribute__((format(printf, 2, 3))) void emit_text(const struct subject *subject,
                                                            const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    emit(subject, format, arguments);
    va_end(arguments);
}

void log_transition(const char *instance, const struct transition *transition)
{
    const struct subject subject = {
        .level = LOG_NOTICE,
        .instance = instance,
        .message_id = MESSAGE_ID_TRANSITION,
        .transition = transition,
    };
    char text[REASON_TEXT_SIZE];

    emit_text(&subject, "%s -> %s: %s", vrrp_state_name(transition->from),
              vrrp_state_name(transition->to), reason_text(transition, text, sizeof(text)));
}
