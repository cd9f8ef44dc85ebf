/* See packet_checks.h. The octets an advert is built again from are only those of the decoded
 * struct, so that a field read from the wrong place shows. */
#include "tests/fuzz/packet_checks.h"

#include "lib/election/lan_warning.h"
#include "lib/packet/auth_peers.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

enum { CHECKSUM_AT = 6, V2_AUTH_SIZE = 8, SELECTED_VRID = 51 };

/* Clears what a receiver ignores and we send as zero. True: there was something. */
static bool clear_ignored(const struct advert *advert, uint8_t *message, size_t size)
{
    uint8_t before[ADVERT_BUFFER_SIZE];

    memcpy(before, message, size);
    if (advert->version == VRRP_V3) {
        message[4] &= 0x0f;
    } else {
        message[4] = 0;
        size_t length = advert->trailer != NULL ? size - AUTH_TRAILER_SIZE : size;

        memset(message + length - V2_AUTH_SIZE, 0, V2_AUTH_SIZE);
    }
    return memcmp(before, message, size) != 0;
}

static void build_again(const struct advert *advert, const uint8_t *payload, size_t size)
{
    static struct ip_prefix addresses[ADVERT_ADDRESSES_MAX];
    uint8_t expected[ADVERT_BUFFER_SIZE];
    uint8_t built[ADVERT_BUFFER_SIZE];
    const struct packet_spec spec = {.version = advert->version,
                                     .vrid = advert->vrid,
                                     .priority = advert->priority,
                                     .interval_ns = advert->interval_ns,
                                     .checksum_kind = advert->checksum_kind,
                                     .source = advert->ip.source,
                                     .destination = advert->ip.destination,
                                     .addresses = addresses,
                                     .address_count = advert->count,
                                     .mtu = 65535,
                                     .trailer = advert->trailer};
    struct advert again;

    MUST(size <= sizeof(expected));
    memcpy(expected, payload, size);
    for (size_t i = 0; i < advert->count; i++)
        addresses[i].address = advert_address(advert, i);
    MUST(packet_build(&spec, built, sizeof(built)) == size);
    /* Another sum when something was cleared; and one's complement has two zeros: a field of ffff
     * is as good as the 0000 that we send. */
    if (clear_ignored(advert, expected, size) || advert->checksum == 0xffff)
        memcpy(expected + CHECKSUM_AT, built + CHECKSUM_AT, 2);
    MUST(memcmp(built, expected, size) == 0);
    MUST(packet_receive(&advert->ip, built, size, NULL, &again, NULL) == PACKET_OK);
}

/* Nobody guesses a tag, and what is not genuine raises no mark. */
static void check_auth(const struct advert *advert)
{
    static const uint8_t octets[AUTH_KEY_SIZE_MIN] = {1};
    static const struct auth_clock now = {.utc_ns = NS_PER_SEC, .boot_ns = NS_PER_SEC};
    static struct auth_keys *keys;
    static struct auth_peers peers;

    if (keys == NULL) {
        keys = auth_keys_new();
        MUST(keys != NULL && auth_keys_add(keys, 1, octets, sizeof(octets)));
    }
    const struct auth_policy policy = {
        .keys = keys, .mode = AUTH_ENFORCE, .rules = {.window_s = 5}};
    enum auth_outcome outcome = auth_peers_receive(&peers, &policy, advert, PACKET_OK, &now);
    MUST(advert->trailer != NULL || outcome == AUTH_TRAILER_MISSING);
    MUST(advert->trailer == NULL || outcome == AUTH_MALFORMED || outcome == AUTH_UNKNOWN_KEY ||
         outcome == AUTH_BAD_HMAC);
    MUST(auth_outcome_verdict(outcome) != PACKET_OK);
    for (size_t i = 0; i < AUTH_PEERS_MAX; i++)
        MUST(!peers.list[i].mark.set);
}

void check_stateless(const struct packet_ip *ip, const uint8_t *payload, size_t size)
{
    struct advert advert;
    uint32_t warnings = 0;
    enum packet_verdict verdict = packet_receive(ip, payload, size, NULL, &advert, &warnings);

    MUST(verdict < PACKET_VERDICTS);
    MUST(verdict == PACKET_OK || warnings == 0);
    MUST(size < 2 || packet_peek_vrid(payload, size) == payload[1]);
    if (verdict != PACKET_OK)
        return;
    build_again(&advert, payload, size);
    check_auth(&advert);
}

static void check_judgement(const struct lan_message *message)
{
    struct lan_sighting sighting;

    if (!lan_judge_message(message, &sighting))
        return;
    MUST(sighting.kind < LAN_WARNINGS);
    bool list = sighting.kind == LAN_DUPLICATE_VRID || sighting.kind == LAN_ADDRESS_LISTS_DIFFER;
    MUST(list || message->state == VRRP_MASTER || sighting.kind == LAN_PEER_LISTS_OTHER);
    MUST(!list || sighting.address_count > 0);
}

/* The virtual addresses of the receiver: those of the advert or others, some more, some fewer. */
static size_t choose_addresses(const struct advert *advert, uint8_t choice,
                               struct ip_prefix *addresses)
{
    enum ip_family family = advert->ip.source.family;
    size_t count = 0;

    if (choice % 4 == 1)
        addresses[count++].address = ip_address_virtual_link_local(SELECTED_VRID);
    for (size_t i = 0; i < advert->count && choice % 4 != 0; i++) {
        size_t from = choice % 8 < 4 ? i : advert->count - 1 - i;
        addresses[count++].address = advert_address(advert, from);
    }
    if (choice % 4 == 2)
        addresses[count++].address = advert->ip.source;
    if (choice % 4 == 3 && count > 1)
        count--;
    for (size_t i = 0; i < count; i++)
        addresses[i].length = (uint8_t)(8 * ip_family_size(family));
    return count;
}

/* None, or the password that it carries, if it carries one. */
static struct packet_auth choose_auth(const uint8_t *payload, size_t size, uint8_t choice)
{
    if (choice % 2 == 0 || size < V2_AUTH_SIZE)
        return (struct packet_auth){.type = AUTH_NONE};
    return packet_password((const char *)payload + size - V2_AUTH_SIZE, V2_AUTH_SIZE);
}

void check_with_receiver(const struct packet_ip *ip, const uint8_t *payload, size_t size,
                         const uint8_t choices[RECEIVER_CHOICES])
{
    static struct ip_prefix addresses[ADVERT_ADDRESSES_MAX + 1];
    struct advert alone;
    struct advert advert;
    uint32_t warnings = 0;
    enum packet_verdict stateless = packet_receive(ip, payload, size, NULL, &alone, NULL);
    const struct packet_dialect former = {.version = choices[2] % 8 < 4 ? VRRP_V2 : VRRP_V3,
                                          .auth = choose_auth(payload, size, choices[3] / 16),
                                          .advert_interval_ns = alone.interval_ns};
    /* The address list of a message that is not one is not looked at. */
    const struct advert *like = stateless == PACKET_OK ? &alone : &(struct advert){.ip = *ip};
    const struct packet_receiver receiver = {
        .family = ip->source.family,
        .version = choices[0] % 2 == 0 ? VRRP_V2 : VRRP_V3,
        .vrid = choices[0] % 4 < 2 ? SELECTED_VRID : packet_peek_vrid(payload, size),
        .priority = choices[1],
        .strict = choices[2] % 2 == 0,
        .checksum_mode = choices[3] % 3,
        .advert_interval_ns = choices[0] % 8 < 4 ? NS_PER_SEC : alone.interval_ns,
        .auth = choose_auth(payload, size, choices[0] / 16),
        .former = choices[1] % 13 < 4 ? &former : NULL,
        .source = choices[2] % 16 >= 14 ? ip->source : (struct ip_address){0},
        .addresses = addresses,
        .address_count = choose_addresses(like, choices[2] / 16, addresses),
        .peers = &ip->source,
        .peer_count = choices[3] % 7 != 0,
        .unicast = choices[3] % 5 == 0,
        .unicast_min_ttl = choices[0],
        .unicast_max_ttl = choices[1],
        .own = &ip->destination,
        .own_count = choices[3] % 11 != 0};
    enum packet_verdict verdict = packet_receive(ip, payload, size, &receiver, &advert, &warnings);

    MUST(verdict < PACKET_VERDICTS);
    MUST(verdict == PACKET_OK || warnings == 0);
    MUST(warnings < 1u << PACKET_WARNINGS);
    const struct lan_message message = {.ip = ip,
                                        .payload = payload,
                                        .size = size,
                                        .receiver = &receiver,
                                        .verdict = verdict,
                                        .warnings = warnings,
                                        .advert = &advert,
                                        .state = choices[3] % 3,
                                        .own_priority = choices[1]};
    check_judgement(&message);
    if (verdict != PACKET_OK)
        return;
    const struct packet_auth *auth = advert.former ? &former.auth : &receiver.auth;
    MUST(!advert.former || receiver.former != NULL);
    MUST(advert.vrid == receiver.vrid);
    MUST(advert.version == (advert.former ? former.version : receiver.version));
    MUST(advert.version == VRRP_V3 || advert.auth_type == auth->type);
    /* One that lists no address is for a router that has none. */
    bool bare = advert.count == 0 && receiver.address_count == 0;
    MUST((advert.count > 0 || bare) && advert.interval_ns > 0);
    /* What a router takes is valid by itself as well. Only where it may be sent to differs: an own
     * address may be one that is odd for a stranger. */
    MUST(receiver.unicast || bare || stateless == PACKET_OK);
}
