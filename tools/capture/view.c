/* Frames of a capture, read and shown; see view.h. */
#include "tools/capture/view.h"

#include "lib/control/control.h"
#include "tools/capture/advert_json.h"
#include "tools/common/table.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    TIME_SIZE = 40,
    ADDRESSES_SHOWN = 4,
    KIND_WIDTH = 6,
    VERDICT_WIDTH = 7,
    WHO_WIDTH = 25, /* a link-local address made of a MAC */
    INTERFACE_WIDTH = 8,
    DIRECTION_WIDTH = 3,
    /* Where the protocol is in the two headers. */
    IPV4_PROTOCOL = 9,
    IPV6_NEXT_HEADER = 6,
};

/* What an ARP or ND message does with an address. */
enum operation { OPERATION_ANNOUNCE, OPERATION_ANSWER, OPERATION_PROBE, OPERATION_ASK };

static const struct {
    const char *name; /* JSON */
    const char *text; /* followed by the address */
} operations[] = {
    [OPERATION_ANNOUNCE] = {"announce", "announces"},
    [OPERATION_ANSWER] = {"answer", "answers for"},
    [OPERATION_PROBE] = {"probe", "wants to use"},
    [OPERATION_ASK] = {"ask", "asks for"},
};

static bool says_vrrp(const struct link_frame *frame)
{
    size_t at = frame->ether_type == ETHER_TYPE_IPV6 ? IPV6_NEXT_HEADER : IPV4_PROTOCOL;

    return frame->size > at && frame->packet[at] == VRRP_PROTOCOL;
}

static void read_ip(const struct link_frame *frame, struct capture_view *out)
{
    const uint8_t *payload;
    size_t size;
    enum packet_verdict verdict =
        packet_split_ip(frame->packet, frame->size, &out->ip, &payload, &size);

    if (verdict == PACKET_OK)
        verdict = packet_receive(&out->ip, payload, size, NULL, &out->advert, NULL);
    else if (!says_vrrp(frame))
        return;
    out->kind = CAPTURE_ADVERT;
    out->valid = verdict == PACKET_OK;
    out->reason = packet_verdict_name(verdict);
}

static void read_neighbour(const struct link_frame *frame, struct capture_view *out)
{
    enum neighbour_verdict verdict =
        neighbour_message_read(frame->ether_type, frame->packet, frame->size, &out->message);

    if (verdict == NEIGHBOUR_OTHER)
        return;
    out->kind = frame->ether_type == ETHER_TYPE_ARP ? CAPTURE_ARP : CAPTURE_ND;
    out->valid = verdict == NEIGHBOUR_OK;
    out->reason = neighbour_verdict_name(verdict);
}

static void name_interface(bool live, unsigned ifindex, char *buffer)
{
    if (ifindex != 0 && (!live || if_indextoname(ifindex, buffer) == NULL))
        snprintf(buffer, IF_NAMESIZE, "#%u", ifindex);
}

void capture_view_read(const struct capture_source *source, const struct pcap_pkthdr *header,
                       const uint8_t *octets, struct capture_view *out)
{
    struct link_frame frame;

    *out = (struct capture_view){
        .wall_ns =
            (uint64_t)header->ts.tv_sec * NS_PER_SEC + (uint64_t)header->ts.tv_usec * NS_PER_US,
    };
    if (!link_layer_read(source->datalink, octets, header->caplen, &frame))
        return;
    out->direction = frame.direction;
    name_interface(source->live, frame.ifindex, out->interface);
    if (frame.ether_type == ETHER_TYPE_IPV4 || frame.ether_type == ETHER_TYPE_IPV6)
        read_ip(&frame, out);
    if (out->kind == CAPTURE_OTHER)
        read_neighbour(&frame, out);
    out->cut = !out->valid && header->caplen < header->len;
    if (out->cut)
        out->reason = "cut_short";
}

static enum operation operation_of(const struct neighbour_message *message)
{
    if (neighbour_message_announces(message))
        return OPERATION_ANNOUNCE;
    if (message->kind == NEIGHBOUR_ARP_REPLY || message->kind == NEIGHBOUR_ADVERTISEMENT)
        return OPERATION_ANSWER;
    return ip_address_is_unspecified(&message->sender) ? OPERATION_PROBE : OPERATION_ASK;
}

/* Whose address it is about: an ARP reply answers for its sender's. */
static const struct ip_address *subject_of(const struct neighbour_message *message)
{
    return message->kind == NEIGHBOUR_ARP_REPLY ? &message->sender : &message->target;
}

static const char *mac_text(const struct neighbour_message *message, char *buffer, size_t size)
{
    return message->has_mac ? mac_format(message->mac, buffer, size) : "-";
}

static void print_columns(uint64_t wall_ns, const char *interface, const char *direction,
                          const char *kind, const char *who, const struct capture_source *source)
{
    const time_t seconds = (time_t)(wall_ns / NS_PER_SEC);
    char date[TIME_SIZE] = "-";
    struct tm tm;

    if (localtime_r(&seconds, &tm) != NULL)
        strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
    printf("%s.%06u  ", date, (unsigned)(wall_ns % NS_PER_SEC / NS_PER_US));
    if (source->datalink == DLT_LINUX_SLL2)
        printf("%-*s  ", INTERFACE_WIDTH, interface);
    if (source->datalink == DLT_LINUX_SLL2 || source->datalink == DLT_LINUX_SLL)
        printf("%-*s  ", DIRECTION_WIDTH, direction);
    printf("%-*s  ", KIND_WIDTH, kind);
    if (who != NULL)
        printf("%-*s  ", WHO_WIDTH, who);
}

static const char *kind_name(enum capture_kind kind)
{
    static const char *const names[] = {"other", "advert", "arp", "nd"};

    return names[kind];
}

static const char *direction_name(enum direction direction)
{
    static const char *const names[] = {"-", "in", "out"};

    return names[direction];
}

static const char *verdict_name(const struct capture_view *view)
{
    if (view->valid)
        return "valid";
    return view->cut ? "unknown" : "invalid";
}

static void print_advert(const struct advert *advert)
{
    char text[ADDRESS_TEXT_SIZE];

    printf("VRRPv%u vrid %u priority %u%s every %llu ms:", advert->version, advert->vrid,
           advert->priority, advert->priority == PRIORITY_RESIGN ? " (resigns)" : "",
           (unsigned long long)(advert->interval_ns / NS_PER_MS));
    for (size_t i = 0; i < advert->count && i < ADDRESSES_SHOWN; i++) {
        const struct ip_address address = advert_address(advert, i);

        printf(" %s", ip_address_format(&address, text, sizeof(text)));
    }
    if (advert->count > ADDRESSES_SHOWN)
        printf(" and %d more", advert->count - ADDRESSES_SHOWN);
}

static void print_message(const struct neighbour_message *message)
{
    const struct ip_address *subject = subject_of(message);
    enum operation operation = operation_of(message);
    char text[ADDRESS_TEXT_SIZE];
    char mac[MAC_TEXT_SIZE];

    printf("%s %s", operations[operation].text, ip_address_format(subject, text, sizeof(text)));
    if (message->has_mac && message->kind == NEIGHBOUR_ADVERTISEMENT)
        printf(" at %s", mac_text(message, mac, sizeof(mac)));
    if (message->kind == NEIGHBOUR_ARP_REPLY && operation == OPERATION_ANSWER)
        printf(" to %s", ip_address_format(&message->target, text, sizeof(text)));
    if (message->kind == NEIGHBOUR_ARP_REQUEST && operation == OPERATION_ASK)
        printf(" as %s", ip_address_format(&message->sender, text, sizeof(text)));
    if (message->router)
        fputs(", a router", stdout);
}

void capture_view_print(const struct capture_view *view, const struct capture_source *source)
{
    char address[ADDRESS_TEXT_SIZE];
    char mac[MAC_TEXT_SIZE];
    const char *who;

    if (view->kind == CAPTURE_ARP)
        who = mac_text(&view->message, mac, sizeof(mac));
    else
        who = ip_address_format(view->kind == CAPTURE_ADVERT ? &view->ip.source
                                                             : &view->message.sender,
                                address, sizeof(address));
    print_columns(view->wall_ns, view->interface, direction_name(view->direction),
                  kind_name(view->kind), who, source);
    printf("%s%-*s%s  ", table_colour_start(view->valid ? TABLE_PLAIN : TABLE_RED, source->colour),
           VERDICT_WIDTH, verdict_name(view),
           table_colour_end(view->valid ? TABLE_PLAIN : TABLE_RED, source->colour));
    if (!view->valid)
        fputs(view->reason, stdout);
    else if (view->kind == CAPTURE_ADVERT)
        print_advert(&view->advert);
    else
        print_message(&view->message);
    putchar('\n');
}

static json_t *time_json(uint64_t wall_ns)
{
    const time_t seconds = (time_t)(wall_ns / NS_PER_SEC);
    char text[TIME_SIZE] = "";
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL)
        return json_null();
    size_t used = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + used, sizeof(text) - used, ".%06uZ",
             (unsigned)(wall_ns % NS_PER_SEC / NS_PER_US));
    return json_string(text);
}

static void add_message(json_t *object, const struct neighbour_message *message)
{
    char mac[MAC_TEXT_SIZE];

    json_object_set_new(object, "operation", json_string(operations[operation_of(message)].name));
    json_object_set_new(object, "address", address_json(subject_of(message)));
    json_object_set_new(object, "sender", address_json(&message->sender));
    json_object_set_new(object, "target", address_json(&message->target));
    json_object_set_new(object, "mac",
                        message->has_mac ? json_string(mac_text(message, mac, sizeof(mac)))
                                         : json_null());
    if (message->kind == NEIGHBOUR_ADVERTISEMENT) {
        json_object_set_new(object, "router", json_boolean(message->router));
        json_object_set_new(object, "solicited", json_boolean(message->solicited));
        json_object_set_new(object, "override", json_boolean(message->override));
    }
}

json_t *capture_view_json(const struct capture_view *view)
{
    json_t *object = json_pack("{s:o, s:s, s:s}", "time", time_json(view->wall_ns), "kind",
                               kind_name(view->kind), "verdict", verdict_name(view));

    if (view->interface[0] != '\0')
        json_object_set_new(object, "interface", control_text_to_json(view->interface));
    if (view->direction != DIRECTION_UNKNOWN)
        json_object_set_new(object, "direction", json_string(direction_name(view->direction)));
    if (!view->valid)
        json_object_set_new(object, "reason", json_string(view->reason));
    if (view->valid && view->kind == CAPTURE_ADVERT)
        advert_json_add(object, &view->advert);
    else if (view->valid)
        add_message(object, &view->message);
    else if (view->kind == CAPTURE_ADVERT)
        json_object_set_new(object, "source", address_json(&view->ip.source));
    return object;
}

void capture_event_print(uint64_t wall_ns, const char *text, const struct capture_source *source)
{
    print_columns(wall_ns, "", "", "event", NULL, source);
    printf("%s\n", text);
}

json_t *capture_event_json(uint64_t wall_ns, const char *text)
{
    return json_pack("{s:o, s:s, s:s}", "time", time_json(wall_ns), "kind", "event", "text", text);
}
