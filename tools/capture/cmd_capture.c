/* vipctl capture: advertisements, ARP and ND as they pass, or from a file such as a recording of
 * vipd's. Live it listens on the "any" device, which tells interface and direction of each frame.
 */
#include "tools/capture/cmd_capture.h"

#include "tools/capture/recording_events.h"
#include "tools/capture/view.h"
#include "tools/common/json_print.h"
#include "tools/common/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SNAP_OCTETS = ADVERT_SIZE_MAX + 128,
    LEARNED_MAX = INSTANCE_ADDRESSES_MAX,
    FILTER_SIZE = 320,
};

static const char filter_text[] =
    "(ip proto 112 or ip6 proto 112 or ip6 dst host ff02::12 or "
    "((ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 60) and ip6[40] = 112) or arp or "
    "(icmp6 and (ip6[40] = 135 or ip6[40] = 136)))";

struct capture_options {
    const char *file;      /* NULL: live */
    const char *interface; /* NULL: all */
    long count;            /* 0: no end */
    bool json;
    bool all;
};

struct capture {
    struct capture_options options;
    struct capture_source source;
    pcap_t *pcap;
    struct recording_events events;
    /* Addresses that were advertised so far: live, ARP and ND of others is not of interest. */
    struct ip_address *learned;
    size_t learned_count;
    long shown;
};

static bool take_count(const char *text, void *into)
{
    long *out = into;
    char *end;

    *out = strtol(text, &end, 10);
    return *text != '\0' && *end == '\0' && *out > 0;
}

static bool parse_options(int argc, char **argv, struct capture_options *out)
{
    const struct verb_option table[] = {
        {.name = "read", .letter = 'r', .text = &out->file},
        {.name = "interface", .letter = 'i', .text = &out->interface},
        {.name = "count", .letter = 'c', .take = take_count, .into = &out->count},
        {.name = "json", .flag = &out->json},
        {.name = "all", .flag = &out->all},
    };

    *out = (struct capture_options){0};
    return options_read(argc, argv, table, sizeof(table) / sizeof(table[0])) == argc &&
           (out->file == NULL || out->interface == NULL);
}

static int open_file(struct capture *capture)
{
    const char *path = capture->options.file;
    char error[PCAP_ERRBUF_SIZE];

    capture->pcap = pcap_open_offline(path, error);
    if (capture->pcap == NULL) {
        /* libpcap names the file in some of its messages. */
        if (strncmp(error, path, strlen(path)) == 0)
            fprintf(stderr, "vipctl: %s\n", error);
        else
            fprintf(stderr, "vipctl: %s: %s\n", path, error);
        return EXIT_USAGE;
    }
    if (!link_layer_known(pcap_datalink(capture->pcap))) {
        const char *name = pcap_datalink_val_to_name(pcap_datalink(capture->pcap));

        fprintf(stderr, "vipctl: %s: frames of links of type %s cannot be read\n", path,
                name != NULL ? name : "unknown");
        return EXIT_USAGE;
    }
    recording_events_load(path, &capture->events);
    return EXIT_GOOD;
}

static int set_filter(struct capture *capture)
{
    const char *interface = capture->options.interface;
    char text[FILTER_SIZE];
    struct bpf_program filter;

    if (interface != NULL)
        snprintf(text, sizeof(text), "ifindex %u and %s", if_nametoindex(interface), filter_text);
    else
        snprintf(text, sizeof(text), "%s", filter_text);
    if (pcap_compile(capture->pcap, &filter, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return EXIT_FAILED;
    int r = pcap_setfilter(capture->pcap, &filter) == 0 ? EXIT_GOOD : EXIT_FAILED;
    pcap_freecode(&filter);
    return r;
}

static int activate(struct capture *capture)
{
    if (pcap_set_snaplen(capture->pcap, SNAP_OCTETS) != 0 ||
        pcap_set_immediate_mode(capture->pcap, 1) != 0)
        return EXIT_FAILED;
    int r = pcap_activate(capture->pcap);
    if (r == PCAP_ERROR_PERM_DENIED) {
        fputs("vipctl: capturing needs CAP_NET_RAW: run it as root\n", stderr);
        return EXIT_NOT_PERMITTED;
    }
    /* Positive values are warnings. */
    if (r < 0 || pcap_set_datalink(capture->pcap, DLT_LINUX_SLL2) != 0)
        return EXIT_FAILED;
    return set_filter(capture);
}

static int open_live(struct capture *capture)
{
    const char *interface = capture->options.interface;
    char error[PCAP_ERRBUF_SIZE];

    if (interface != NULL && if_nametoindex(interface) == 0) {
        fprintf(stderr, "vipctl: there is no interface '%s'\n", interface);
        return EXIT_USAGE;
    }
    capture->source.live = true;
    capture->learned = calloc(LEARNED_MAX, sizeof(*capture->learned));
    capture->pcap = capture->learned != NULL ? pcap_create("any", error) : NULL;
    if (capture->pcap == NULL) {
        fprintf(stderr, "vipctl: cannot capture: %s\n",
                capture->learned != NULL ? error : "out of memory");
        return EXIT_FAILED;
    }
    int r = activate(capture);
    if (r == EXIT_FAILED)
        fprintf(stderr, "vipctl: cannot capture: %s\n", pcap_geterr(capture->pcap));
    return r;
}

static bool is_learned(const struct capture *capture, const struct ip_address *address)
{
    for (size_t i = 0; i < capture->learned_count; i++)
        if (ip_address_equal(&capture->learned[i], address))
            return true;
    return false;
}

static void learn(struct capture *capture, const struct advert *advert)
{
    for (size_t i = 0; i < advert->count; i++) {
        const struct ip_address address = advert_address(advert, i);

        if (capture->learned_count < LEARNED_MAX && !is_learned(capture, &address))
            capture->learned[capture->learned_count++] = address;
    }
}

/* A recording has only what is of interest; on a live network there is much more. */
static bool is_of_interest(struct capture *capture, const struct capture_view *view)
{
    if (view->kind == CAPTURE_OTHER)
        return false;
    if (!capture->source.live || capture->options.all)
        return true;
    if (view->kind == CAPTURE_ADVERT) {
        if (view->valid)
            learn(capture, &view->advert);
        return true;
    }
    return !view->valid || neighbour_message_announces(&view->message) ||
           is_learned(capture, &view->message.target) || is_learned(capture, &view->message.sender);
}

static void print_json(json_t *object)
{
    json_print_line(object);
    json_decref(object);
}

static void show_events(struct capture *capture, uint64_t until_ns)
{
    const struct recording_event *event;

    while ((event = recording_events_until(&capture->events, until_ns)) != NULL) {
        if (capture->options.json)
            print_json(capture_event_json(event->wall_ns, event->text));
        else
            capture_event_print(event->wall_ns, event->text, &capture->source);
    }
}

/* False when nobody reads our output any more. */
static bool show(struct capture *capture, const struct capture_view *view)
{
    if (!is_of_interest(capture, view))
        return true;
    show_events(capture, view->wall_ns);
    if (capture->options.json)
        print_json(capture_view_json(view));
    else
        capture_view_print(view, &capture->source);
    capture->shown++;
    if (capture->source.live)
        (void)fflush(stdout);
    return ferror(stdout) == 0;
}

static int run(struct capture *capture)
{
    struct pcap_pkthdr *header;
    const u_char *octets;
    struct capture_view view;
    int r = 0;

    capture->source.datalink = pcap_datalink(capture->pcap);
    while (capture->options.count == 0 || capture->shown < capture->options.count) {
        r = pcap_next_ex(capture->pcap, &header, &octets);
        if (r < 0)
            break;
        if (r == 0)
            continue;
        capture_view_read(&capture->source, header, octets, &view);
        if (!show(capture, &view))
            return EXIT_FAILED;
    }
    if (r == PCAP_ERROR_BREAK)
        show_events(capture, UINT64_MAX);
    if (r != PCAP_ERROR)
        return EXIT_GOOD;
    fprintf(stderr, "vipctl: %s: %s\n",
            capture->options.file != NULL ? capture->options.file : "capture",
            pcap_geterr(capture->pcap));
    return EXIT_FAILED;
}

int cmd_capture(const struct context *context, int argc, char **argv)
{
    struct capture capture = {.source = {.colour = context->colour}};
    int r;

    if (!parse_options(argc, argv, &capture.options))
        return context_wrong_usage(context, NULL);
    r = capture.options.file != NULL ? open_file(&capture) : open_live(&capture);
    if (r == EXIT_GOOD)
        r = run(&capture);
    if (capture.pcap != NULL)
        pcap_close(capture.pcap);
    recording_events_free(&capture.events);
    free(capture.learned);
    return r;
}
