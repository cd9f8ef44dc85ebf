/* Examination of the services of this node that listen on virtual addresses; see doctor.h. */
#include "tools/doctor/doctor.h"

#include "tools/common/read_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SETTING_BYTES_MAX = 64,
    SOCKETS_BYTES_MAX = 8 * 1024 * 1024,
    LISTENING = 0x0a, /* TCP_LISTEN in /proc/net/tcp */
};

/* One hexadecimal address of /proc/net/tcp{,6}: 32-bit words in the host's order. */
static bool parse_local(const char *text, struct ip_address *out, unsigned *port)
{
    uint32_t words[4];
    size_t digits = strspn(text, "0123456789ABCDEFabcdef");
    size_t count = digits / 8;

    if ((digits != 8 && digits != 32) || text[digits] != ':')
        return false;
    for (size_t i = 0; i < count; i++) {
        char word[9];
        memcpy(word, text + i * 8, 8);
        word[8] = '\0';
        words[i] = (uint32_t)strtoul(word, NULL, 16);
    }
    *out = ip_address_from_octets(count == 1 ? IP_FAMILY_IPV4 : IP_FAMILY_IPV6, words);
    *port = (unsigned)strtoul(text + digits + 1, NULL, 16);
    return true;
}

static const struct config_instance *owner_of(const struct patient *patient,
                                              const struct ip_address *address)
{
    const struct config_instance *instance;

    for (size_t i = 0; (instance = patient_instance(patient, i)) != NULL; i++) {
        for (size_t j = 0; j < instance->claim_count; j++)
            if (ip_address_equal(&instance->claims[j].prefix.address, address))
                return instance;
    }
    return NULL;
}

/* "  0: LOCAL:PORT REMOTE:PORT STATE ..." */
static void examine_socket(const struct patient *patient, const char *line, struct findings *out)
{
    struct ip_address local;
    unsigned port = 0;
    char text[ADDRESS_TEXT_SIZE];
    const char *colon = strchr(line, ':');

    if (colon == NULL || !parse_local(colon + 1 + strspn(colon + 1, " "), &local, &port))
        return;
    const char *remote = strchr(colon + 1 + strspn(colon + 1, " "), ' ');
    const char *state = remote != NULL ? strchr(remote + 1, ' ') : NULL;
    const struct config_instance *owner = owner_of(patient, &local);
    if (state == NULL || strtoul(state, NULL, 16) != LISTENING || owner == NULL)
        return;
    finding_add(out, SEVERITY_NOTE, "nonlocal-bind", owner->name,
                "a service listens on %s port %u, and ip_nonlocal_bind = 0: it cannot be started "
                "on a node that is BACKUP",
                ip_address_format(&local, text, sizeof(text)), port);
    finding_fix(out,
                "sysctl -w net.%s.ip_nonlocal_bind=1 on all nodes (see "
                "/etc/sysctl.d/30-vipd.conf), or let it listen on all addresses",
                local.family == IP_FAMILY_IPV4 ? "ipv4" : "ipv6");
}

static void examine_sockets(const struct patient *patient, const char *path, struct findings *out)
{
    char error[128];
    char *save = NULL;
    char *text = read_file(path, SOCKETS_BYTES_MAX, error, sizeof(error));

    if (text == NULL) {
        finding_add(out, SEVERITY_NOT_CHECKED, "services", "this node",
                    "services on virtual addresses: %s: %s", path, error);
        return;
    }
    for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
        examine_socket(patient, line, out);
    free(text);
}

/* Whether a socket may be bound to an address that is not there. Where that cannot be told: yes. */
static bool may_bind(const char *path)
{
    char error[128];
    char *text = read_file(path, SETTING_BYTES_MAX, error, sizeof(error));
    bool may = text == NULL || strtol(text, NULL, 10) != 0;

    free(text);
    return may;
}

void examine_services(const struct patient *patient, struct findings *out)
{
    if (!may_bind("/proc/sys/net/ipv4/ip_nonlocal_bind"))
        examine_sockets(patient, "/proc/net/tcp", out);
    if (!may_bind("/proc/sys/net/ipv6/ip_nonlocal_bind"))
        examine_sockets(patient, "/proc/net/tcp6", out);
}
