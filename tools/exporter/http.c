/* The HTTP server; see http.h. */
#include "tools/exporter/http.h"

#include "tools/common/addresses.h"
#include "tools/common/field.h"
#include "tools/common/monotonic.h"
#include "tools/exporter/metric_writer.h"
#include "tools/exporter/metrics.h"
#include "tools/exporter/page.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTION_BYTES = 16 * 1024 };

/* A connection that is open. */
struct guest {
    int fd; /* -1: none */
    int64_t since_ms;
};

struct http {
    struct source *source;
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock; /* over guests: the server adds and removes, the sweep looks */
    struct guest guests[HTTP_CONNECTIONS];
};

/* What is answered. */
struct answer {
    unsigned status;
    const char *type;
    char *body; /* malloc()ed; NULL: memory ran out */
    size_t size;
};

static const char *const TEXT = "text/plain; charset=utf-8";

typedef void (*write_fn)(FILE *out, const json_t *status, const struct source *source,
                         const char *argument);

static void fill(struct answer *answer, struct source *source, write_fn write, const char *argument)
{
    const json_t *status = source_status(source);
    FILE *out = open_memstream(&answer->body, &answer->size);

    if (out == NULL)
        return;
    write(out, status, source, argument);
    bool bad = ferror(out) != 0;
    if (fclose(out) != 0 || bad) {
        free(answer->body);
        answer->body = NULL;
    }
}

static void write_metrics(FILE *out, const json_t *status, const struct source *source,
                          const char *argument)
{
    (void)source;
    metrics_write(out, status, strcmp(argument, METRICS_TYPE_OPEN) == 0);
}

static void write_page(FILE *out, const json_t *status, const struct source *source,
                       const char *argument)
{
    const struct page_facts facts = {
        .now = time(NULL), .well_at = source->well_at, .problem = source->problem};

    (void)argument;
    page_write(out, status, &facts);
}

static void write_text(FILE *out, const json_t *status, const struct source *source,
                       const char *argument)
{
    (void)status;
    (void)source;
    fprintf(out, "%s\n", argument);
}

static void answer_metrics(struct answer *answer, struct source *source, const char *accept)
{
    bool open = accept != NULL && strstr(accept, "application/openmetrics-text") != NULL;

    answer->status = MHD_HTTP_OK;
    answer->type = open ? METRICS_TYPE_OPEN : METRICS_TYPE_PLAIN;
    fill(answer, source, write_metrics, answer->type);
}

static void answer_page(struct answer *answer, struct source *source)
{
    bool up = source_status(source) != NULL;

    answer->status = up ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
    answer->type = "text/html; charset=utf-8";
    fill(answer, source, write_page, "");
}

static void answer_text(struct answer *answer, struct source *source, unsigned status,
                        const char *text)
{
    answer->status = status;
    answer->type = TEXT;
    fill(answer, source, write_text, text);
}

static void answer_health(struct answer *answer, struct source *source)
{
    if (source_status(source) != NULL)
        answer_text(answer, source, MHD_HTTP_OK, "ok");
    else
        answer_text(answer, source, MHD_HTTP_SERVICE_UNAVAILABLE, source->problem);
}

static const json_t *find(const json_t *status, const char *name)
{
    const json_t *instance;
    size_t i;

    json_array_foreach (json_object_get(status, "instances"), i, instance)
        if (strcmp(field_text(instance, "name"), name) == 0)
            return instance;
    return NULL;
}

/* 200 for a node that traffic can be sent to: MASTER, and holds at least one of the addresses. */
static void answer_master(struct answer *answer, struct source *source, const char *name)
{
    const json_t *status = source_status(source);
    const json_t *instance = find(status, name);

    if (status == NULL) {
        answer_text(answer, source, MHD_HTTP_SERVICE_UNAVAILABLE, source->problem);
    } else if (instance == NULL) {
        answer_text(answer, source, MHD_HTTP_NOT_FOUND, "there is no such instance");
    } else {
        const char *state = field_text(instance, "state");
        const struct address_sum sum = address_sum(instance);
        bool waits = json_is_object(json_object_get(instance, "waiting"));
        bool master = strcmp(state, "MASTER") == 0 && !waits && (sum.held > 0 || sum.count == 0);

        answer_text(answer, source, master ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                    master || strcmp(state, "MASTER") != 0 ? state
                                                           : "MASTER, without its addresses");
    }
}

static void answer_path(struct answer *answer, struct source *source, const char *path,
                        const char *accept)
{
    static const char master[] = "/master/";

    if (strcmp(path, "/metrics") == 0)
        answer_metrics(answer, source, accept);
    else if (strcmp(path, "/") == 0)
        answer_page(answer, source);
    else if (strcmp(path, "/healthz") == 0)
        answer_health(answer, source);
    else if (strncmp(path, master, sizeof(master) - 1) == 0)
        answer_master(answer, source, path + sizeof(master) - 1);
    else
        answer_text(answer, source, MHD_HTTP_NOT_FOUND,
                    "there are: /  /metrics  /healthz  /master/INSTANCE");
}

/* Nothing but the page's own style is to be loaded, by whatever it may be made to show. */
static void add_headers(struct MHD_Response *response, const struct answer *answer)
{
    static const struct {
        const char *name;
        const char *value;
    } headers[] = {
        {MHD_HTTP_HEADER_CONNECTION, "close"},
        {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
        {"Content-Security-Policy",
         "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"},
        {"Referrer-Policy", "no-referrer"},
        {"X-Content-Type-Options", "nosniff"},
    };

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        (void)MHD_add_response_header(response, headers[i].name, headers[i].value);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
    if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
}

/* Gives the body away. Closes the connection where that is not possible. */
static enum MHD_Result send_answer(struct MHD_Connection *connection, struct answer *answer)
{
    struct MHD_Response *response;

    if (answer->body == NULL)
        return MHD_NO;
    response = MHD_create_response_from_buffer(answer->size, answer->body, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(answer->body);
        return MHD_NO;
    }
    add_headers(response, answer);
    enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **state)
{
    struct http *http = userdata;
    struct answer answer = {0};

    (void)version;
    (void)upload;
    (void)upload_size;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        answer_text(&answer, http->source, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
        return send_answer(connection, &answer);
    }
    /* Called with the header, and again when all of it is there. */
    if (*state == NULL) {
        *state = http;
        return MHD_YES;
    }
    answer_path(&answer, http->source, path,
                MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
    return send_answer(connection, &answer);
}

static void on_connection(void *userdata, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *http = userdata;
    struct guest *guest = *context;

    (void)pthread_mutex_lock(&http->lock);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

        for (size_t i = 0; info != NULL && *context == NULL && i < HTTP_CONNECTIONS; i++) {
            if (http->guests[i].fd >= 0)
                continue;
            http->guests[i] = (struct guest){.fd = info->connect_fd, .since_ms = monotonic_ms()};
            *context = &http->guests[i];
        }
    } else if (guest != NULL) {
        guest->fd = -1;
    }
    (void)pthread_mutex_unlock(&http->lock);
}

void http_sweep(struct http *http)
{
    int64_t now_ms = monotonic_ms();

    (void)pthread_mutex_lock(&http->lock);
    for (size_t i = 0; i < HTTP_CONNECTIONS; i++)
        if (http->guests[i].fd >= 0 && now_ms - http->guests[i].since_ms > HTTP_AGE_MAX_MS)
            (void)shutdown(http->guests[i].fd, SHUT_RDWR);
    (void)pthread_mutex_unlock(&http->lock);
}

struct http *http_start(int listen_fd, struct source *source)
{
    struct http *http = calloc(1, sizeof(*http));

    if (http != NULL) {
        http->source = source;
        for (size_t i = 0; i < HTTP_CONNECTIONS; i++)
            http->guests[i].fd = -1;
        (void)pthread_mutex_init(&http->lock, NULL);
        http->daemon = MHD_start_daemon(
            MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, http,
            MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT,
            (unsigned)HTTP_CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
            (unsigned)HTTP_CONNECTIONS_PEER, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
            MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_END);
    }
    if (http == NULL || http->daemon == NULL) {
        fputs("vipd-exporter: cannot start the HTTP server\n", stderr);
        close(listen_fd);
        free(http);
        return NULL;
    }
    return http;
}

void http_stop(struct http *http)
{
    MHD_stop_daemon(http->daemon);
    (void)pthread_mutex_destroy(&http->lock);
    free(http);
}
