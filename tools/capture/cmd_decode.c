/* vipctl decode: what a packet is by itself, or what an instance would do with it. Hex IP packets,
 * one a line, on standard input, each with the time it came at in front or without. */
#include "tools/capture/cmd_decode.h"

#include "lib/config/suggest.h"
#include "tools/capture/advert_json.h"
#include "tools/capture/decode_auth.h"
#include "tools/common/config_files.h"
#include "tools/common/json_print.h"
#include "tools/common/options.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PACKET_BYTES_MAX = 65535,
};

struct decode_options {
    const char *config_file; /* NULL: stateless */
    const char *instance;
    const char *marks; /* NULL: nobody was heard yet */
    bool json;
};

/* The instance the packets arrive at, one receiver for each family. */
struct decoder {
    struct config *config;
    const struct config_instance *instance; /* NULL: stateless */
    struct ip_address peers[2][INSTANCE_PEERS_MAX];
    struct packet_receiver receivers[2];
    struct decode_auth auth;
    bool json;
};

struct decoded {
    enum packet_verdict verdict;
    struct advert advert;
    uint32_t warnings;
    struct decoded_auth auth;
};

static bool parse_options(int argc, char **argv, struct decode_options *out)
{
    const struct verb_option table[] = {
        {.name = "config", .text = &out->config_file},
        {.name = "instance", .text = &out->instance},
        {.name = "marks", .text = &out->marks},
        {.name = "json", .flag = &out->json},
    };

    *out = (struct decode_options){0};
    return options_read(argc, argv, table, sizeof(table) / sizeof(table[0])) == argc &&
           (out->config_file == NULL) == (out->instance == NULL) &&
           (out->marks == NULL || out->instance != NULL);
}

static void set_receiver(struct decoder *decoder, size_t i, enum ip_family family)
{
    const struct config_instance *instance = decoder->instance;

    config_receiver(instance, family, decoder->peers[i], &decoder->receivers[i]);
    decoder->receivers[i].source = family == IP_FAMILY_IPV4 ? instance->source4 : instance->source6;
}

/* And which one may have been meant. */
static void say_unknown(const struct config *config, const struct decode_options *options)
{
    const char **names = calloc(config->instance_count + 1, sizeof(*names));
    const char *near = NULL;

    for (size_t i = 0; names != NULL && i < config->instance_count; i++)
        names[i] = config->instances[i].name;
    if (names != NULL)
        near = suggest(options->instance, names, config->instance_count);
    fprintf(stderr, "vipctl: %s has no instance '%s'", options->config_file, options->instance);
    if (near != NULL)
        fprintf(stderr, "; did you mean '%s'?", near);
    fputc('\n', stderr);
    free(names);
}

static int load(struct decoder *decoder, const struct decode_options *options)
{
    struct config_files files;
    struct config_problems problems = {0};
    char line[2048];
    int r = EXIT_GOOD;

    if (options->config_file == NULL)
        return EXIT_GOOD;
    if (config_files_load(options->config_file, NULL, &files))
        decoder->config = config_files_parse(&files, &problems);
    else
        fprintf(stderr, "vipctl: %s: %s\n", files.error_path, files.error);
    for (size_t i = 0; i < problems.count; i++)
        fprintf(stderr, "%s\n", config_problem_format(&problems.list[i], line, sizeof(line)));
    if (decoder->config != NULL)
        decoder->instance = config_find_instance(decoder->config, options->instance);
    if (decoder->instance != NULL) {
        set_receiver(decoder, 0, IP_FAMILY_IPV4);
        set_receiver(decoder, 1, IP_FAMILY_IPV6);
        if (!decode_auth_begin(&decoder->auth, decoder->instance, options->marks))
            r = EXIT_USAGE;
    } else {
        if (decoder->config != NULL)
            say_unknown(decoder->config, options);
        r = EXIT_USAGE;
    }
    config_problems_free(&problems);
    config_files_free(&files);
    return r;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Hex digits with any white space or colons between octets. False: something else. */
static bool parse_hex(const char *text, uint8_t *octets, size_t *size)
{
    size_t n = 0;

    while (*text != '\0') {
        if (isspace((unsigned char)*text) || *text == ':') {
            text++;
            continue;
        }
        int high = hex_digit(text[0]);
        int low = high >= 0 ? hex_digit(text[1]) : -1;
        if (low < 0 || n == PACKET_BYTES_MAX)
            return false;
        octets[n++] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    *size = n;
    return n > 0;
}

/* What the instance makes of it. Where its own address is not told, what came was for it. */
static void receive(struct decoder *decoder, const struct packet_ip *ip, const uint8_t *payload,
                    size_t size, struct decoded *out)
{
    struct packet_receiver receiver =
        decoder->receivers[ip->source.family == IP_FAMILY_IPV6 ? 1 : 0];

    if (receiver.source.family == IP_FAMILY_NONE) {
        receiver.own = &ip->destination;
        receiver.own_count = 1;
    }
    out->verdict = packet_receive(ip, payload, size, &receiver, &out->advert, &out->warnings);
    decode_auth_judge(&decoder->auth, &out->advert, &out->verdict, &out->auth);
    if (out->verdict != PACKET_OK)
        out->warnings = 0;
}

static void decode(struct decoder *decoder, const uint8_t *packet, size_t size, struct decoded *out)
{
    const uint8_t *payload;
    size_t payload_size;
    struct packet_ip ip;

    *out = (struct decoded){0};
    out->verdict = packet_split_ip(packet, size, &ip, &payload, &payload_size);
    if (out->verdict != PACKET_OK)
        return;
    if (decoder->instance == NULL)
        out->verdict =
            packet_receive(&ip, payload, payload_size, NULL, &out->advert, &out->warnings);
    else if (!config_has_router(decoder->instance, ip.source.family))
        out->verdict = PACKET_VRID_ERROR;
    else
        receive(decoder, &ip, payload, payload_size, out);
}

static json_t *warnings_json(uint32_t warnings)
{
    json_t *list = json_array();

    for (unsigned bit = 0; bit < PACKET_WARNINGS; bit++)
        if ((warnings & (1u << bit)) != 0)
            json_array_append_new(
                list, json_string(packet_warning_name((enum packet_warning)(1u << bit))));
    return list;
}

static const char *verdict_text(const struct decoder *decoder, const struct decoded *decoded)
{
    bool good = decoded->verdict == PACKET_OK;

    if (decoder->instance == NULL)
        return good ? "valid" : "invalid";
    return good ? "accept" : "drop";
}

static json_t *to_json(const struct decoder *decoder, const struct decoded *decoded)
{
    bool good = decoded->verdict == PACKET_OK;
    bool stateless = decoder->instance == NULL;
    const char *verdict = verdict_text(decoder, decoded);
    json_t *object =
        json_pack("{s:s, s:s}", "verdict", verdict, stateless ? "stateless" : "expect", verdict);

    if (!good)
        json_object_set_new(object, "reason", json_string(packet_verdict_name(decoded->verdict)));
    else if (!stateless)
        json_object_set_new(object, "warnings", warnings_json(decoded->warnings));
    if (good)
        advert_json_add(object, &decoded->advert);
    if (decoder->auth.policy.keys != NULL)
        decode_auth_json_add(object, &decoded->auth);
    return object;
}

static void print_text(const struct decoder *decoder, const struct decoded *decoded)
{
    const struct advert *advert = &decoded->advert;
    bool good = decoded->verdict == PACKET_OK;
    const char *verdict = verdict_text(decoder, decoded);
    char source[ADDRESS_TEXT_SIZE];
    char destination[ADDRESS_TEXT_SIZE];

    if (!good) {
        printf("%-8s%s\n", verdict, packet_verdict_name(decoded->verdict));
        return;
    }
    printf("%-8s%s -> %s  VRRPv%u vrid %u priority %u interval %llu ms, %u address%s, checksum %s",
           verdict, ip_address_format(&advert->ip.source, source, sizeof(source)),
           ip_address_format(&advert->ip.destination, destination, sizeof(destination)),
           advert->version, advert->vrid, advert->priority,
           (unsigned long long)(advert->interval_ns / NS_PER_MS), advert->count,
           advert->count == 1 ? "" : "es", checksum_kind_name(advert->checksum_kind));
    for (unsigned bit = 0; bit < PACKET_WARNINGS; bit++)
        if ((decoded->warnings & (1u << bit)) != 0)
            printf("; %s", packet_warning_name((enum packet_warning)(1u << bit)));
    if (decoded->auth.name != NULL)
        printf("; %s", decoded->auth.name);
    putchar('\n');
}

static void print_json(json_t *object)
{
    json_print_line(object);
    json_decref(object);
}

/* True when the line was a packet, or nothing. `length`: with a NUL within, the text is shorter. */
static bool decode_line(struct decoder *decoder, const char *line, size_t length, size_t number)
{
    static const char problem[] = "not a packet in hexadecimal";
    uint8_t *packet;
    struct decoded decoded;
    bool text = strlen(line) == length;
    size_t size;

    line += strspn(line, " \t\r\n");
    if (text && (*line == '\0' || *line == '#'))
        return true;
    packet = malloc(PACKET_BYTES_MAX);
    bool good = packet != NULL && text && decode_auth_time(&decoder->auth, &line) &&
                parse_hex(line, packet, &size);
    if (good) {
        decode(decoder, packet, size, &decoded);
        if (decoder->json)
            print_json(to_json(decoder, &decoded));
        else
            print_text(decoder, &decoded);
    } else if (decoder->json) {
        print_json(json_pack("{s:s, s:I}", "error", problem, "line", (json_int_t)number));
    } else {
        fprintf(stderr, "vipctl: line %zu: %s\n", number, problem);
    }
    free(packet);
    return good;
}

static int decode_all(struct decoder *decoder)
{
    char *line = NULL;
    size_t room = 0;
    size_t number = 0;
    bool good = true;
    ssize_t length;

    while ((length = getline(&line, &room, stdin)) >= 0)
        good = decode_line(decoder, line, (size_t)length, ++number) && good;
    free(line);
    if (ferror(stdin)) {
        fputs("vipctl: standard input cannot be read\n", stderr);
        good = false;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("vipctl: standard output cannot be written\n", stderr);
        good = false;
    }
    return good ? EXIT_GOOD : EXIT_FAILED;
}

int cmd_decode(const struct context *context, int argc, char **argv)
{
    struct decode_options options;
    struct decoder decoder = {0};

    if (!parse_options(argc, argv, &options))
        return context_wrong_usage(context, NULL);
    decoder.json = options.json;
    int r = load(&decoder, &options);
    if (r == EXIT_GOOD)
        r = decode_all(&decoder);
    decode_auth_end(&decoder.auth);
    config_free(decoder.config);
    return r;
}
