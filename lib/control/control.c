/* Messages of the control protocol: varlink calls, replies and errors as JSON values. A call is
 * checked completely (known method, known parameters, right types) before anybody acts on it. */
#include "lib/control/control.h"

#include "lib/control/control_description.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum parameter_type {
    PARAMETER_NAME,
    PARAMETER_LIMIT,
    PARAMETER_ALL,
    PARAMETER_FORCE,
    PARAMETER_DRY_RUN,
    PARAMETER_FOR,
};

struct parameter {
    const char *name;
    enum parameter_type type;
    bool required;
};

struct method {
    const char *name;
    enum control_method method;
    bool changes;
    struct parameter parameters[4]; /* a NULL name ends the list */
};

static const struct method METHODS[] = {
    {"io.vipd.GetStatus", CONTROL_GET_STATUS, false, {{"instance", PARAMETER_NAME, false}}},
    {"io.vipd.GetHistory",
     CONTROL_GET_HISTORY,
     false,
     {{"instance", PARAMETER_NAME, false}, {"limit", PARAMETER_LIMIT, false}}},
    {"io.vipd.Reload",
     CONTROL_RELOAD,
     true,
     {{"force", PARAMETER_FORCE, false}, {"dry_run", PARAMETER_DRY_RUN, false}}},
    {"io.vipd.Drain",
     CONTROL_DRAIN,
     true,
     {{"instance", PARAMETER_NAME, false},
      {"all", PARAMETER_ALL, false},
      {"for_ms", PARAMETER_FOR, false},
      {"force", PARAMETER_FORCE, false}}},
    {"io.vipd.Resume",
     CONTROL_RESUME,
     true,
     {{"instance", PARAMETER_NAME, false}, {"all", PARAMETER_ALL, false}}},
    {"io.vipd.Take", CONTROL_TAKE, true, {{"instance", PARAMETER_NAME, true}}},
    {"org.varlink.service.GetInfo", CONTROL_GET_INFO, false, {{NULL}}},
    {"org.varlink.service.GetInterfaceDescription",
     CONTROL_GET_INTERFACE_DESCRIPTION,
     false,
     {{"interface", PARAMETER_NAME, true}}},
};

enum {
    METHODS_COUNT = sizeof(METHODS) / sizeof(METHODS[0]),
    PARAMETERS_MAX = sizeof(METHODS[0].parameters) / sizeof(METHODS[0].parameters[0]),
};

static const struct {
    const char *interface;
    const char *text;
} DESCRIPTIONS[] = {
    {"io.vipd", CONTROL_DESCRIPTION},
    {"org.varlink.service", CONTROL_SERVICE_DESCRIPTION},
};

enum { DESCRIPTIONS_COUNT = sizeof(DESCRIPTIONS) / sizeof(DESCRIPTIONS[0]) };

json_t *control_call(const char *method, json_t *parameters, bool more)
{
    json_t *call = json_pack("{s:s, s:o*}", "method", method, "parameters", parameters);

    if (call != NULL && more)
        json_object_set_new(call, "more", json_true());
    return call;
}

json_t *control_reply(json_t *parameters, bool continues)
{
    json_t *reply =
        json_pack("{s:o}", "parameters", parameters != NULL ? parameters : json_object());

    if (reply != NULL && continues)
        json_object_set_new(reply, "continues", json_true());
    return reply;
}

json_t *control_error(const char *name, json_t *parameters)
{
    return json_pack("{s:s, s:o}", "error", name, "parameters",
                     parameters != NULL ? parameters : json_object());
}

static json_t *error_about(const char *error, const char *key, const char *value)
{
    return control_error(error, json_pack("{s:s}", key, value));
}

json_t *control_error_no_such_instance(const char *name)
{
    return error_about(CONTROL_ERROR_NO_SUCH_INSTANCE, "instance", name);
}

json_t *control_error_restarting(const char *name)
{
    return error_about(CONTROL_ERROR_RESTARTING, "instance", name);
}

static const struct method *find_method(const char *name)
{
    for (size_t i = 0; i < METHODS_COUNT; i++)
        if (strcmp(METHODS[i].name, name) == 0)
            return &METHODS[i];
    return NULL;
}

bool control_method_changes(enum control_method method)
{
    for (size_t i = 0; i < METHODS_COUNT; i++)
        if (METHODS[i].method == method)
            return METHODS[i].changes;
    return true;
}

/* A method nobody knows: the interface is unknown, or only the method of a known one. */
static json_t *error_unknown_method(const char *name)
{
    const char *dot = strrchr(name, '.');
    size_t length = dot != NULL ? (size_t)(dot - name) : 0;

    for (size_t i = 0; i < DESCRIPTIONS_COUNT; i++)
        if (strlen(DESCRIPTIONS[i].interface) == length &&
            strncmp(DESCRIPTIONS[i].interface, name, length) == 0)
            return error_about(CONTROL_ERROR_METHOD_NOT_FOUND, "method", name);
    return control_error(CONTROL_ERROR_INTERFACE_NOT_FOUND,
                         json_pack("{s:s%}", "interface", name, length));
}

/* NULL: it is none. */
static bool *flag_of(enum parameter_type type, struct control_request *out)
{
    switch (type) {
    case PARAMETER_ALL:
        return &out->all;
    case PARAMETER_FORCE:
        return &out->force;
    case PARAMETER_DRY_RUN:
        return &out->dry_run;
    default:
        return NULL;
    }
}

static bool read_parameter(const struct parameter *parameter, const json_t *value,
                           struct control_request *out)
{
    if (value == NULL || json_is_null(value))
        return !parameter->required;
    bool *flag = flag_of(parameter->type, out);
    if (flag != NULL) {
        *flag = json_is_true(value);
        return json_is_boolean(value);
    }
    if (parameter->type == PARAMETER_FOR) {
        json_int_t ms = json_integer_value(value);

        out->for_ns = (uint64_t)ms * NS_PER_MS;
        return json_is_integer(value) && ms > 0 && ms <= DRAIN_MS_MAX;
    }
    if (parameter->type == PARAMETER_LIMIT) {
        json_int_t limit = json_integer_value(value);

        if (!json_is_integer(value) || limit < 0)
            return false;
        out->limit = limit < HISTORY_ENTRIES_MAX ? (size_t)limit : HISTORY_ENTRIES_MAX;
        return true;
    }
    if (!json_is_string(value) || json_string_length(value) >= sizeof(out->name))
        return false;
    memcpy(out->name, json_string_value(value), json_string_length(value) + 1);
    out->has_name = true;
    return true;
}

static bool method_takes(const struct method *method, const char *key)
{
    for (size_t i = 0; i < PARAMETERS_MAX; i++)
        if (method->parameters[i].name != NULL && strcmp(method->parameters[i].name, key) == 0)
            return true;
    return false;
}

/* Name of the first parameter that is wrong, or NULL. */
static const char *read_parameters(const struct method *method, json_t *parameters,
                                   struct control_request *out)
{
    const char *key;
    json_t *value;

    json_object_foreach (parameters, key, value)
        if (!method_takes(method, key))
            return key;
    for (size_t i = 0; i < PARAMETERS_MAX; i++) {
        const struct parameter *parameter = &method->parameters[i];

        if (parameter->name != NULL &&
            !read_parameter(parameter, json_object_get(parameters, parameter->name), out))
            return parameter->name;
    }
    return NULL;
}

/* A flag that is absent, or a boolean. */
static bool read_flag(const json_t *call, const char *key, bool *out)
{
    const json_t *value = json_object_get(call, key);

    *out = json_is_true(value);
    return value == NULL || json_is_boolean(value);
}

static int request_read(json_t *call, struct control_request *out, json_t **error)
{
    const char *name = json_string_value(json_object_get(call, "method"));
    json_t *parameters = json_object_get(call, "parameters");
    bool upgrade;

    if (name == NULL || !read_flag(call, "more", &out->more) ||
        !read_flag(call, "oneway", &out->oneway) || !read_flag(call, "upgrade", &upgrade) ||
        (parameters != NULL && !json_is_object(parameters) && !json_is_null(parameters)))
        return -EBADMSG;
    const struct method *method = find_method(name);
    if (method == NULL) {
        *error = error_unknown_method(name);
        return -EINVAL;
    }
    const char *wrong = upgrade ? "upgrade" : read_parameters(method, parameters, out);
    if (wrong != NULL) {
        *error = error_about(CONTROL_ERROR_INVALID_PARAMETER, "parameter", wrong);
        return -EINVAL;
    }
    out->method = method->method;
    return 0;
}

int control_request_parse(const char *text, size_t size, struct control_request *out,
                          json_t **error)
{
    json_t *call = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    int rc = -EBADMSG;

    assert(size <= CONTROL_MESSAGE_BYTES_MAX);
    *error = NULL;
    *out = (struct control_request){.limit = HISTORY_ENTRIES_MAX, .for_ns = DEADLINE_NEVER};
    if (json_is_object(call))
        rc = request_read(call, out, error);
    json_decref(call);
    return rc;
}

json_t *control_reply_info(const char *software)
{
    json_t *interfaces = json_array();

    for (size_t i = 0; i < DESCRIPTIONS_COUNT; i++)
        json_array_append_new(interfaces, json_string(DESCRIPTIONS[i].interface));
    return control_reply(json_pack("{s:s, s:s, s:s, s:s, s:o}", "vendor", "vipd", "product", "vipd",
                                   "version", software, "url", "", "interfaces", interfaces),
                         false);
}

json_t *control_reply_description(const char *interface)
{
    for (size_t i = 0; i < DESCRIPTIONS_COUNT; i++)
        if (strcmp(DESCRIPTIONS[i].interface, interface) == 0)
            return control_reply(json_pack("{s:s}", "description", DESCRIPTIONS[i].text), false);
    return error_about(CONTROL_ERROR_INTERFACE_NOT_FOUND, "interface", interface);
}
