/* Messages of clients of the control socket; the replies to wrong ones can be sent, and calls that
 * we make ourselves are understood. */
#include "lib/control/control.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

static void check_reply(json_t *reply)
{
    char *text = json_dumps(reply, JSON_COMPACT);

    MUST(text != NULL);
    MUST(json_is_string(json_object_get(reply, "error")));
    MUST(json_is_object(json_object_get(reply, "parameters")));
    free(text);
}

/* What only looks is open to every local user. */
static bool only_looks(enum control_method method)
{
    return method == CONTROL_GET_STATUS || method == CONTROL_GET_HISTORY ||
           method == CONTROL_GET_INFO || method == CONTROL_GET_INTERFACE_DESCRIPTION;
}

static void check_understood(const struct control_request *request)
{
    MUST(control_method_changes(request->method) == !only_looks(request->method));
    MUST(request->limit <= HISTORY_ENTRIES_MAX);
    MUST(memchr(request->name, 0, sizeof(request->name)) != NULL);
    MUST(request->has_name || request->name[0] == '\0');
    if (request->method != CONTROL_GET_INTERFACE_DESCRIPTION)
        return;
    MUST(request->has_name);
    json_t *reply = control_reply_description(request->name);
    char *text = json_dumps(reply, JSON_COMPACT);
    MUST(text != NULL);
    free(text);
    json_decref(reply);
}

static void parse(const char *text, size_t size)
{
    struct control_request request;
    json_t *error;
    int r = control_request_parse(text, size, &request, &error);

    MUST(r == 0 || r == -EINVAL || r == -EBADMSG);
    MUST((r == -EINVAL) == (error != NULL));
    if (error != NULL)
        check_reply(error);
    if (r == 0)
        check_understood(&request);
    json_decref(error);
}

/* Any text in our own texts: it becomes JSON that can be sent, and read again. */
static void check_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    MUST(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    json_t *value = control_text_to_json(text);
    MUST(json_is_string(value) && json_string_length(value) == strlen(text));
    json_t *call = control_call("io.vipd.GetStatus", json_pack("{s:o}", "instance", value), true);
    char *dumped = json_dumps(call, JSON_COMPACT);
    struct control_request request;
    json_t *error;

    MUST(dumped != NULL);
    if (strlen(dumped) <= CONTROL_MESSAGE_BYTES_MAX) {
        int r = control_request_parse(dumped, strlen(dumped), &request, &error);
        MUST(r == (json_string_length(value) < NAME_SIZE ? 0 : -EINVAL));
        MUST(r != 0 || (request.more && strcmp(request.name, json_string_value(value)) == 0));
        json_decref(error);
    }
    free(dumped);
    json_decref(call);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > CONTROL_MESSAGE_BYTES_MAX)
        return 0;
    parse((const char *)data, size);
    check_text(data, size);
    return 0;
}
