/* Messages: sd-journal when stderr is the journal's, plain stderr otherwise. */
#include "agent/log.h"

#include "agent/message_ids.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* Our file and line would be those of this function. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

enum {
    LINE_SIZE = 1024,
    FIELDS_MAX = 10,
    FIELDS_SIZE = 2048,
};

/* What a message is about; NULL: nothing to say of it. */
struct subject {
    int level;
    const char *instance;
    const char *message_id;
    const struct transition *transition;
};

/* Fields as the journal takes them: NAME=value, not terminated. */
struct record {
    struct iovec list[FIELDS_MAX];
    size_t count;
    char text[FIELDS_SIZE];
    size_t used;
};

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

/* What does not fit is cut. */
static __attribute__((format(printf, 2, 3))) void add(struct record *record, const char *format,
                                                      ...)
{
    size_t room = sizeof(record->text) - record->used;
    char *start = record->text + record->used;
    va_list arguments;

    if (record->count == FIELDS_MAX || room < 2)
        return;
    va_start(arguments, format);
    int n = vsnprintf(start, room, format, arguments);
    va_end(arguments);
    if (n < 0)
        return;
    size_t length = (size_t)n < room ? (size_t)n : room - 1;
    record->list[record->count++] = (struct iovec){.iov_base = start, .iov_len = length};
    record->used += length;
}

static void add_transition(struct record *record, const struct transition *transition)
{
    const struct ip_address *peer = &transition->evidence.peer;
    char text[ADDRESS_TEXT_SIZE];

    add(record, "VIPD_STATE=%s", vrrp_state_name(transition->to));
    add(record, "VIPD_PREVIOUS_STATE=%s", vrrp_state_name(transition->from));
    add(record, "VIPD_REASON=%s", reason_name(transition->reason));
    if (peer->family != IP_FAMILY_NONE)
        add(record, "VIPD_PEER=%s", ip_address_format(peer, text, sizeof(text)));
}

static void send_record(const struct subject *subject, const char *line)
{
    struct record record = {.count = 0};
    const char *instance = subject->instance;

    add(&record, "PRIORITY=%d", subject->level);
    if (instance != NULL)
        add(&record, "VIPD_INSTANCE=%s", instance);
    if (subject->message_id != NULL)
        add(&record, "MESSAGE_ID=%s", subject->message_id);
    if (subject->transition != NULL)
        add_transition(&record, subject->transition);
    add(&record, "MESSAGE=%s%s%s", instance != NULL ? instance : "", instance != NULL ? ": " : "",
        line);
    (void)sd_journal_sendv(record.list, (int)record.count);
}

static void emit(const struct subject *subject, const char *format, va_list arguments)
{
    static const char *const names[] = {"emergency", "alert",  "critical", "error",
                                        "warning",   "notice", "info",     "debug"};
    const char *instance = subject->instance;
    char line[LINE_SIZE];

    vsnprintf(line, sizeof(line), format, arguments);
    if (stderr_is_journal())
        send_record(subject, line);
    else
        fprintf(stderr, "%s: %s%s%s\n", names[subject->level & 7], instance != NULL ? instance : "",
                instance != NULL ? ": " : "", line);
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
