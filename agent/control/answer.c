/* Answers to control requests. The frame of a long reply is written as text around the elements of
 * its list, so that the list need never exist as a whole. */
#include "agent/control/answer.h"

#include <errno.h>
#include <string.h>

enum { REAL_DIGITS = 12 };

static int dump_into(const char *octets, size_t count, void *userdata)
{
    return byte_queue_append(userdata, octets, count) ? 0 : -1;
}

static void write_text(struct control_answer *answer, const char *text, size_t length)
{
    if (!byte_queue_append(&answer->output, text, length))
        answer->failed = true;
}

static void write_string(struct control_answer *answer, const char *text)
{
    write_text(answer, text, strlen(text));
}

/* Steals value. */
static void write_json(struct control_answer *answer, json_t *value)
{
    if (value == NULL || json_dump_callback(value, dump_into, &answer->output,
                                            JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS)) < 0)
        answer->failed = true;
    json_decref(value);
}

/* A whole message. Steals value. */
static void write_message(struct control_answer *answer, json_t *value)
{
    write_json(answer, value);
    write_text(answer, "", 1);
}

static const char *filter_of(const struct control_answer *answer)
{
    return answer->filtered ? answer->filter : NULL;
}

/* {"parameters":{NODE..., "instances":[ ; the list follows piece by piece. */
static void begin_instances(struct control_answer *answer, size_t index, size_t end)
{
    const struct control_handlers *handlers = answer->handlers;
    json_t *node = handlers->node(handlers->userdata);

    json_object_del(node, "instances");
    write_string(answer, "{\"parameters\":");
    write_json(answer, node);
    if (answer->failed)
        return;
    answer->output.end--; /* the node's closing brace */
    write_string(answer, ",\"instances\":[");
    answer->kind = ANSWER_STATUS;
    answer->first = true;
    answer->index = index;
    answer->index_end = end;
}

static void on_sent(void *userdata, enum delivery_outcome outcome, struct byte_queue *before)
{
    struct control_answer *answer = userdata;

    answer->recipient = NULL;
    answer->kind = ANSWER_NONE;
    if (outcome == DELIVERY_FAILED)
        answer->failed = true;
    if (outcome == DELIVERY_UNMADE) {
        byte_queue_free(&answer->output);
        answer->output = *before;
        *before = (struct byte_queue){0};
        begin_instances(answer, 0, SIZE_MAX);
    }
    answer->on_written(answer);
}

/* False: it is to be made here. */
static bool begin_status_of_all(struct control_answer *answer)
{
    answer->recipient = press_ask(answer->press, answer->fd, &answer->output, on_sent, answer);
    if (answer->recipient == NULL)
        return false;
    answer->kind = ANSWER_LATER;
    return true;
}

static void begin_status(struct control_answer *answer, const struct control_request *request)
{
    const struct control_handlers *handlers = answer->handlers;
    size_t index;

    if (!request->has_name) {
        if (!begin_status_of_all(answer))
            begin_instances(answer, 0, SIZE_MAX);
        return;
    }
    if (handlers->find(handlers->userdata, request->name, &index))
        begin_instances(answer, index, index + 1);
    else
        write_message(answer, control_error_no_such_instance(request->name));
}

static void begin_history(struct control_answer *answer, const struct control_request *request)
{
    const struct control_handlers *handlers = answer->handlers;
    const struct history *history = handlers->history;
    size_t index;

    if (request->has_name && !handlers->find(handlers->userdata, request->name, &index) &&
        history_last(history, request->name) == NULL) {
        write_message(answer, control_error_no_such_instance(request->name));
        return;
    }
    answer->filtered = request->has_name;
    memcpy(answer->filter, request->name, sizeof(answer->filter));
    answer->sequence = history_start(history, filter_of(answer), request->limit);
    answer->sequence_end = history_end(history);
    answer->first = true;
    answer->kind = request->more ? ANSWER_FOLLOW : ANSWER_HISTORY;
    if (!request->more)
        write_string(answer, "{\"parameters\":{\"entries\":[");
}

static void end_list(struct control_answer *answer)
{
    write_text(answer, "]}}", sizeof("]}}"));
    answer->kind = ANSWER_NONE;
}

/* One element of the list being written, or its end when element is NULL. Steals element. */
static void write_element(struct control_answer *answer, json_t *element)
{
    if (element == NULL) {
        end_list(answer);
        return;
    }
    if (!answer->first)
        write_text(answer, ",", 1);
    answer->first = false;
    write_json(answer, element);
}

static void step_status(struct control_answer *answer)
{
    const struct control_handlers *handlers = answer->handlers;
    json_t *instance = NULL;

    if (answer->index < answer->index_end)
        instance = handlers->instance(handlers->userdata, answer->index++);
    write_element(answer, instance);
}

static void step_history(struct control_answer *answer)
{
    const struct history *history = answer->handlers->history;
    const struct history_entry *entry = history_next(history, &answer->sequence, filter_of(answer));

    if (entry == NULL || answer->sequence > answer->sequence_end)
        write_element(answer, NULL);
    else
        write_element(answer, control_history_to_json(entry));
}

static void step_follow(struct control_answer *answer)
{
    const struct history *history = answer->handlers->history;
    uint64_t oldest = history_oldest(history);
    uint64_t missed = answer->sequence < oldest ? oldest - answer->sequence : 0;
    const struct history_entry *entry = history_next(history, &answer->sequence, filter_of(answer));

    if (entry == NULL)
        return;
    json_t *parameters = json_pack("{s:[o]}", "entries", control_history_to_json(entry));
    if (missed > 0)
        json_object_set_new(parameters, "missed", json_integer((json_int_t)missed));
    write_message(answer, control_reply(parameters, true));
}

static void on_later(void *userdata, const char *text, size_t length)
{
    struct control_answer *answer = userdata;

    answer->later = NULL;
    answer->kind = ANSWER_NONE;
    if (text != NULL)
        write_text(answer, text, length + 1);
    else
        answer->failed = true;
    answer->on_written(answer);
}

static void begin_reload(struct control_answer *answer, const struct control_request *request)
{
    const struct control_handlers *handlers = answer->handlers;
    struct control_later *later = control_later_new(on_later, answer);

    if (later == NULL) {
        answer->failed = true;
        return;
    }
    answer->later = later;
    answer->kind = ANSWER_LATER;
    handlers->reload(handlers->userdata, request, later);
}

bool control_answer_leave(struct control_answer *answer)
{
    struct recipient *recipient = answer->recipient;

    control_later_forget(answer->later);
    answer->later = NULL;
    answer->recipient = NULL;
    if (recipient != NULL)
        press_leave(answer->press, recipient);
    return recipient != NULL;
}

static void begin_answer(struct control_answer *answer, const struct control_request *request)
{
    const struct control_handlers *handlers = answer->handlers;

    switch (request->method) {
    case CONTROL_GET_STATUS:
        begin_status(answer, request);
        return;
    case CONTROL_GET_HISTORY:
        begin_history(answer, request);
        return;
    case CONTROL_RELOAD:
        begin_reload(answer, request);
        return;
    case CONTROL_DRAIN:
    case CONTROL_RESUME:
    case CONTROL_TAKE:
        write_message(answer, handlers->handover(handlers->userdata, request));
        return;
    case CONTROL_GET_INFO:
        write_message(answer, control_reply_info(VIPD_VERSION));
        return;
    case CONTROL_GET_INTERFACE_DESCRIPTION:
        write_message(answer, control_reply_description(request->name));
        return;
    }
}

/* A call that wants no answer is worth something only if it changes something. */
static void call_oneway(const struct control_answer *answer, const struct control_request *request)
{
    const struct control_handlers *handlers = answer->handlers;

    if (request->method == CONTROL_RELOAD)
        handlers->reload(handlers->userdata, request, NULL);
    else if (control_method_changes(request->method))
        json_decref(handlers->handover(handlers->userdata, request));
}

bool control_answer_message(struct control_answer *answer, const char *text, size_t size,
                            bool permitted)
{
    struct control_request request;
    json_t *error;
    int rc = control_request_parse(text, size, &request, &error);

    if (rc == -EBADMSG)
        return false;
    request.uid = answer->uid;
    const bool refused = rc == 0 && !permitted && control_method_changes(request.method);
    if (request.oneway) {
        json_decref(error);
        if (rc == 0 && !refused)
            call_oneway(answer, &request);
    } else if (rc < 0) {
        write_message(answer, error);
    } else if (refused) {
        write_message(answer, control_error(CONTROL_ERROR_NOT_PERMITTED, NULL));
    } else {
        begin_answer(answer, &request);
    }
    return true;
}

bool control_answer_pending(const struct control_answer *answer)
{
    if (answer->kind == ANSWER_FOLLOW)
        return answer->sequence < history_end(answer->handlers->history);
    return answer->kind != ANSWER_NONE && answer->kind != ANSWER_LATER;
}

void control_answer_step(struct control_answer *answer)
{
    switch (answer->kind) {
    case ANSWER_NONE:
    case ANSWER_LATER:
        break;
    case ANSWER_STATUS:
        step_status(answer);
        break;
    case ANSWER_HISTORY:
        step_history(answer);
        break;
    case ANSWER_FOLLOW:
        step_follow(answer);
        break;
    }
}
