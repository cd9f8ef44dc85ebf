/* Asks vipd, and keeps the answer for a moment; see source.h. */
#include "tools/exporter/source.h"

#include "tools/common/client.h"
#include "tools/common/monotonic.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    FRESH_MS = 200, /* so long an answer is good for others, */
    DOWN_MS = 1000, /* and so long that there is none */
    ANSWER_MS = 4000,
};

void source_init(struct source *source, const char *control_path)
{
    *source = (struct source){.context = {.control_path = control_path, .silent = true}};
}

void source_free(struct source *source)
{
    json_decref(source->status);
    source->status = NULL;
}

static void word_connect(struct source *source, int error)
{
    const char *path = source->context.control_path;

    if (error == ENOENT || error == ECONNREFUSED)
        snprintf(source->problem, sizeof(source->problem),
                 "vipd is not running: nobody answers at %s", path);
    else if (error == EAGAIN)
        snprintf(source->problem, sizeof(source->problem), "vipd hangs: %s takes no connection",
                 path);
    else
        snprintf(source->problem, sizeof(source->problem), "cannot connect to %s: %s", path,
                 strerror(error));
}

/* A status that is one; else NULL, and why. */
static json_t *ask(struct source *source)
{
    const char *path = source->context.control_path;
    struct client *client;
    json_t *reply = NULL;
    int error = client_connect(&source->context, &client);

    if (error != 0) {
        word_connect(source, error);
        return NULL;
    }
    int r = client_call(client, "io.vipd.GetStatus", NULL, false);
    if (r == 0)
        r = client_reply(client, ANSWER_MS, &reply, NULL);
    if (r == 0 && json_is_array(json_object_get(reply, "instances"))) {
        client_close(client);
        return reply;
    }
    if (r == 0)
        snprintf(source->problem, sizeof(source->problem),
                 "%s answers something else than vipd does", path);
    else if (client_is_lost(client))
        snprintf(source->problem, sizeof(source->problem), "vipd at %s closed the connection",
                 path);
    else
        snprintf(source->problem, sizeof(source->problem),
                 "vipd hangs: %s gives no answer within %d s", path, ANSWER_MS / 1000);
    json_decref(reply);
    client_close(client);
    return NULL;
}

static void tell(const struct source *source, bool was_up, bool first)
{
    bool up = source->status != NULL;

    if (up && (first || !was_up))
        fputs("vipd answers\n", stderr);
    else if (!up && (first || was_up))
        fprintf(stderr, "vipd is down: %s\n", source->problem);
}

const json_t *source_status(struct source *source)
{
    bool up = source->status != NULL;
    bool first = !source->asked;

    if (!first && monotonic_ms() - source->done_ms < (up ? FRESH_MS : DOWN_MS))
        return source->status;
    json_decref(source->status);
    source->status = ask(source);
    source->asked = true;
    source->done_ms = monotonic_ms();
    if (source->status != NULL) {
        source->well_at = time(NULL);
        source->problem[0] = '\0';
    }
    tell(source, up, first);
    return source->status;
}
