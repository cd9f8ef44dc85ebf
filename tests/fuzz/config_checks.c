/* See config_checks.h. */
#include "tests/fuzz/config_checks.h"
#include "lib/config/diff.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

char *copy_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    MUST(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

static void check_addresses(const struct config_instance *instance, enum ip_family family)
{
    struct ip_address peers[INSTANCE_PEERS_MAX];
    struct packet_receiver receiver;
    size_t count;
    const struct ip_prefix *list = config_addresses(instance, family, &count);

    for (size_t i = 0; i < count; i++) {
        MUST(list[i].address.family == family);
        MUST(list[i].length <= 8 * ip_family_size(family));
        MUST(!ip_address_is_unspecified(&list[i].address));
        MUST(!ip_address_is_multicast(&list[i].address));
    }
    MUST(family != IP_FAMILY_IPV6 || count == 0 || ip_address_is_link_local(&list[0].address));
    config_receiver(instance, family, peers, &receiver);
    MUST(receiver.vrid == instance->vrid && receiver.address_count == count);
    MUST(receiver.peer_count <= instance->peer_count);
}

/* What it says can be sent. */
static void check_advert(const struct config_instance *instance, enum ip_family family)
{
    uint8_t built[ADVERT_SIZE_MAX + 8];
    size_t count;
    const struct ip_prefix *list = config_addresses(instance, family, &count);
    struct advert advert;

    if (count == 0)
        return;
    const struct packet_spec spec = {.version = instance->version,
                                     .vrid = instance->vrid,
                                     .priority = instance->priority,
                                     .auth = instance->auth,
                                     .interval_ns = instance->advert_interval_ns,
                                     .source = list[0].address,
                                     .destination = ip_address_vrrp_group(family),
                                     .addresses = list,
                                     .address_count = count,
                                     .mtu = 1500};
    size_t size = packet_build(&spec, built, sizeof(built));
    const struct packet_ip ip = {
        .source = spec.source, .destination = spec.destination, .ttl = VRRP_TTL};
    enum packet_verdict verdict = packet_receive(&ip, built, size, NULL, &advert, NULL);
    /* A virtual address as the source is just what is at hand here; a few may not be one. */
    MUST(verdict == PACKET_OK || verdict == PACKET_BAD_SOURCE);
    MUST(verdict != PACKET_OK || advert.interval_ns == instance->advert_interval_ns);
}

/* A text with a NUL in its place, and not empty. */
static bool is_text(const char *text, size_t size)
{
    return text[0] != '\0' && memchr(text, 0, size) != NULL;
}

static void check_track(const struct config *config, const struct config_names *track)
{
    for (size_t i = 0; i < track->count; i++)
        MUST(config_find_check(config, track->list[i]) != NULL);
}

/* Each belongs to one of its virtual routers. */
static void check_claims(const struct config_instance *instance)
{
    size_t four = 0;
    size_t six = 0;

    (void)config_claims(instance, IP_FAMILY_IPV4, &four);
    (void)config_claims(instance, IP_FAMILY_IPV6, &six);
    MUST(four + six == instance->claim_count);
    for (size_t i = 0; i < instance->claim_count; i++) {
        const struct claimed_address *claim = &instance->claims[i];

        MUST(memchr(claim->device, 0, sizeof(claim->device)) != NULL);
        MUST(memchr(claim->label, 0, sizeof(claim->label)) != NULL);
        MUST(claim->prefix.address.family == IP_FAMILY_IPV4 || claim->label[0] == '\0');
    }
}

static void check_instance(const struct config *config, const struct config_instance *instance)
{
    size_t addresses = instance->ipv4_count + instance->ipv6_count;

    MUST(config_find_instance(config, instance->name) == instance);
    MUST(is_text(instance->name, NAME_SIZE));
    MUST(is_text(instance->interface, sizeof(instance->interface)));
    MUST(instance->vrid >= 1 && instance->priority >= 1);
    MUST(instance->version == VRRP_V2 || instance->version == VRRP_V3);
    MUST(instance->version == VRRP_V3 || instance->ipv6_count == 0);
    MUST(addresses <= instance->claim_count && instance->claim_count <= INSTANCE_ADDRESSES_MAX);
    check_claims(instance);
    MUST(instance->peer_count <= INSTANCE_PEERS_MAX);
    MUST(instance->unicast == (instance->peer_count > 0));
    MUST(instance->announce_repeat <= ANNOUNCE_REPEAT_MAX);
    MUST(instance->track.count <= 2 * TRACK_MAX);
    check_track(config, &instance->track);
    check_addresses(instance, IP_FAMILY_IPV4);
    check_addresses(instance, IP_FAMILY_IPV6);
    check_advert(instance, IP_FAMILY_IPV4);
    check_advert(instance, IP_FAMILY_IPV6);
}

/* A health check of the configuration is one that can be started. */
static void check_check(const struct config *config, const struct config_check *check)
{
    size_t used = 0;

    MUST(config_find_check(config, check->name) == check);
    MUST(is_text(check->name, sizeof(check->name)));
    MUST(check->type < CHECK_TYPES && config_check_equal(check, check));
    MUST(check->timeout_ns > 0 && check->timeout_ns <= check->interval_ns);
    MUST(check->rise >= 1 && check->fall >= 1 && check->weight >= -253 && check->weight <= 253);
    MUST(check->send.size <= sizeof(check->send.data));
    MUST(check->statuses.count <= CHECK_STATUS_RANGES_MAX);
    for (unsigned i = 0; i < check->command.count; i++) {
        MUST(used < sizeof(check->command.text));
        used += strnlen(check->command.text + used, sizeof(check->command.text) - used) + 1;
    }
    MUST(used <= sizeof(check->command.text));
    MUST((check->type == CHECK_EXEC) == (check->command.count > 0));
}

static void check_problems(const struct config_problems *problems)
{
    char line[512];
    char tiny[8];

    MUST(problems->count <= CONFIG_PROBLEMS_MAX);
    for (size_t i = 0; i < problems->count; i++) {
        const struct config_problem *problem = &problems->list[i];
        MUST(problem->file != NULL && problem->text != NULL && problem->text[0] != '\0');
        MUST(config_problem_format(problem, line, sizeof(line)) == line && strlen(line) > 0);
        MUST(strlen(config_problem_format(problem, tiny, sizeof(tiny))) < sizeof(tiny));
    }
}

struct config *parse_and_check(const struct config_source *sources, size_t count)
{
    struct config_problems problems;
    struct config *config = config_parse(sources, count, &problems);

    MUST((config == NULL) == (problems.count > 0));
    check_problems(&problems);
    config_problems_free(&problems);
    if (config == NULL)
        return NULL;
    MUST(config->instance_count <= INSTANCES_MAX);
    for (size_t i = 0; i < config->instance_count; i++)
        check_instance(config, &config->instances[i]);
    MUST(config->check_count <= CHECKS_MAX);
    for (size_t i = 0; i < config->check_count; i++)
        check_check(config, &config->checks[i]);
    check_track(config, &config->track);
    return config;
}
