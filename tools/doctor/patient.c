/* See patient.h. The parts own everything; the patient only points to them. */
#include "tools/doctor/patient.h"

#include "tools/common/client.h"
#include "tools/common/config_files.h"
#include "tools/common/field.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define DEFAULT_FILE "/etc/vipd/vipd.conf"
#define DEFAULT_DIR  "/etc/vipd/conf.d"

enum { CONNECT_TIMEOUT_S = 2 };

static const char this_node[] = "this node";

/* Connects to the control socket to learn who is there. 0 and its pid, or a negative errno. */
static int probe_agent(const char *path, pid_t *pid)
{
    const struct timeval limit = {.tv_sec = CONNECT_TIMEOUT_S};
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct ucred peer = {0};
    socklen_t size = sizeof(peer);
    int r = 0;

    if (strlen(path) >= sizeof(to.sun_path))
        return -ENAMETOOLONG;
    memcpy(to.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
        connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        r = -errno;
    *pid = peer.pid;
    close(fd);
    return r;
}

static json_t *ask_status(const struct context *context)
{
    json_t *status = NULL;

    if (client_ask(context, "io.vipd.GetStatus", NULL, &status) == 0 &&
        client_expect(context, status, "instances", JSON_ARRAY) == 0)
        return status;
    json_decref(status);
    return NULL;
}

static void say_silent(const struct context *context, struct findings *out)
{
    finding_add(out, SEVERITY_ERROR, "vipd-silent", this_node, "vipd does not answer at %s",
                context->control_path);
    finding_fix(out, "journalctl -u vipd; it may hang");
}

static void find_agent(const struct context *context, struct patient_parts *parts,
                       struct patient *patient, struct findings *out)
{
    int r = probe_agent(context->control_path, &patient->pid);

    if (r == -ENOENT || r == -ECONNREFUSED)
        return; /* it does not run: examine_agent() says so */
    patient->in_doubt = true;
    if (r < 0) {
        finding_add(out, SEVERITY_NOT_CHECKED, "vipd-not-asked", this_node,
                    "the running vipd: %s: %s", context->control_path, strerror(-r));
        return;
    }
    parts->before = ask_status(context);
    if (parts->before != NULL)
        return;
    say_silent(context, out);
}

static bool load_running(const json_t *status, struct config_files *files)
{
    const json_t *list = json_object_get(status, "config_files");
    size_t count = json_array_size(list);
    char **names = calloc(count + 1, sizeof(*names));
    bool good = names != NULL;

    for (size_t i = 0; good && i < count; i++) {
        names[i] = (char *)json_string_value(json_array_get(list, i));
        good = names[i] != NULL;
    }
    *files = (struct config_files){0};
    good = good && config_files_load_list(names, count, NULL, files);
    free(names);
    return good;
}

static bool load_files(const struct doctor_options *options, const json_t *status,
                       struct config_files *files)
{
    if (options->config_file != NULL)
        return config_files_load(options->config_file, options->config_dir, files);
    if (options->config_dir == NULL && json_array_size(json_object_get(status, "config_files")) > 0)
        return load_running(status, files);
    return config_files_load(
        DEFAULT_FILE, options->config_dir != NULL ? options->config_dir : DEFAULT_DIR, files);
}

static void load_config(const struct doctor_options *options, struct patient_parts *parts,
                        struct findings *out)
{
    struct config_files files;

    if (!load_files(options, parts->before, &files)) {
        finding_add(out, SEVERITY_ERROR, "configuration-unreadable", this_node, "%s: %s",
                    files.error_path, files.error);
        finding_fix(out, "write it, or name it with --config");
        config_files_free(&files);
        return;
    }
    parts->config = config_files_parse(&files, &parts->problems);
    for (size_t i = 0; parts->config == NULL && i < parts->problems.count; i++) {
        const struct config_problem *problem = &parts->problems.list[i];

        finding_add(out, SEVERITY_ERROR, "configuration-invalid",
                    problem->section != NULL && problem->section[0] != '\0' ? problem->section
                                                                            : this_node,
                    "%s%s%s", problem->key != NULL ? problem->key : "",
                    problem->key != NULL && problem->key[0] != '\0' ? ": " : "", problem->text);
        finding_fix(out, "see %s:%u", problem->file, problem->line);
    }
    if (parts->config != NULL)
        config_files_advise(parts->config, &parts->advice);
    config_files_free(&files);
}

/* An instance that names no interface is where vipd found its peers to be. */
static void fill_interfaces(struct config *config, const json_t *status)
{
    const json_t *running;
    size_t n;

    for (size_t i = 0; config != NULL && i < config->instance_count; i++) {
        struct config_instance *instance = &config->instances[i];

        if (instance->interface[0] != '\0')
            continue;
        json_array_foreach (json_object_get(status, "instances"), n, running)
            if (strcmp(field_text(running, "name"), instance->name) == 0 &&
                json_is_true(json_object_get(running, "unicast")))
                snprintf(instance->interface, sizeof(instance->interface), "%s",
                         field_text(running, "interface"));
    }
}

bool patient_gather(const struct context *context, const struct doctor_options *options,
                    struct patient_parts *parts, struct patient *patient, struct findings *out)
{
    *parts = (struct patient_parts){0};
    *patient = (struct patient){
        .advice = &parts->advice, .network = &parts->network, .root = options->root};
    find_agent(context, parts, patient, out);
    load_config(options, parts, out);
    fill_interfaces(parts->config, parts->before);
    patient->before = parts->before;
    patient->after = parts->before;
    patient->config = parts->config;
    int r = network_view_read(&parts->network);
    if (r == 0)
        return true;
    finding_add(out, SEVERITY_ERROR, "network-unreadable", this_node,
                "links and addresses cannot be read: %s", strerror(-r));
    return false;
}

void patient_ask_again(const struct context *context, struct patient_parts *parts,
                       struct patient *patient, struct findings *out)
{
    if (parts->before == NULL)
        return;
    parts->after = ask_status(context);
    if (parts->after != NULL)
        patient->after = parts->after;
    else
        say_silent(context, out);
}

void patient_release(struct patient_parts *parts)
{
    config_problems_free(&parts->problems);
    config_problems_free(&parts->advice);
    config_free(parts->config);
    network_view_free(&parts->network);
    json_decref(parts->before);
    json_decref(parts->after);
    *parts = (struct patient_parts){0};
}
