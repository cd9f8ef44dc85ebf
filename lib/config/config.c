/* The finished configuration: looking things up in it and ending it. */
#include "lib/config/config.h"

#include "lib/config/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < config->instance_count; i++) {
        free(config->instances[i].claims);
        free(config->instances[i].peers);
        free(config->instances[i].routes);
        free(config->instances[i].rules);
        free(config->instances[i].auth_keys);
        auth_keys_unref(config->instances[i].inline_secrets);
        auth_keys_unref(config->instances[i].secrets);
        for (size_t hook = 0; hook < HOOKS; hook++)
            free(config->instances[i].hooks[hook]);
        free(config->instances[i].track.list);
        free(config->instances[i].password_file);
        free(config->instances[i].avoid);
        free(config->instances[i].hook_user);
    }
    for (size_t i = 0; i < config->file_count; i++)
        free(config->files[i]);
    for (size_t i = 0; i < config->group_count; i++)
        free(config->groups[i].instances.list);
    free(config->groups);
    free(config->track.list);
    free(config->checks);
    free(config->instances);
    config_text_free(config->texts);
    free(config->files);
    free(config);
}

const struct config_instance *config_find_instance(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->instance_count; i++) {
        if (strcmp(config->instances[i].name, name) == 0)
            return &config->instances[i];
    }
    return NULL;
}

const struct config_check *config_find_check(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->check_count; i++) {
        if (strcmp(config->checks[i].name, name) == 0)
            return &config->checks[i];
    }
    return NULL;
}

const struct ip_prefix *config_addresses(const struct config_instance *instance,
                                         enum ip_family family, size_t *count)
{
    switch (family) {
    case IP_FAMILY_IPV4:
        *count = instance->ipv4_count;
        return instance->ipv4;
    case IP_FAMILY_IPV6:
        *count = instance->ipv6_count;
        return instance->ipv6;
    case IP_FAMILY_NONE:
        break;
    }
    *count = 0;
    return NULL;
}

struct ip_address config_group(const struct config_instance *instance, enum ip_family family)
{
    return family == IP_FAMILY_IPV4 ? instance->group4 : instance->group6;
}

struct packet_dialect config_dialect(const struct config_instance *instance)
{
    return (struct packet_dialect){
        .version = instance->version,
        .auth = instance->auth,
        .advert_interval_ns = instance->advert_interval_ns,
    };
}

struct auth_policy config_auth(const struct config_instance *instance)
{
    uint64_t window_s = instance->auth_window_ns / NS_PER_SEC;

    if (window_s == 0)
        window_s = auth_window_default(instance->advert_interval_ns);
    return (struct auth_policy){
        .keys = instance->secrets,
        .mode = instance->auth_mode,
        .rules = {.replay = instance->auth_replay, .window_s = (uint32_t)window_s},
    };
}

void config_receiver(const struct config_instance *instance, enum ip_family family,
                     struct ip_address *peers, struct packet_receiver *out)
{
    assert(family == IP_FAMILY_IPV4 || family == IP_FAMILY_IPV6);
    *out = (struct packet_receiver){
        .family = family,
        .version = instance->version,
        .vrid = instance->vrid,
        .priority = instance->priority,
        .strict = instance->strict,
        .auth = instance->auth,
        .trailers = instance->secrets != NULL,
        .checksum_mode = instance->checksum,
        .advert_interval_ns = instance->advert_interval_ns,
        .source = family == IP_FAMILY_IPV4 ? instance->source4 : instance->source6,
        .group = config_group(instance, family),
        .peers = peers,
        .unicast = instance->unicast,
        .unicast_min_ttl = instance->unicast_min_ttl,
        .unicast_max_ttl = instance->unicast_max_ttl,
    };
    out->addresses = config_addresses(instance, family, &out->address_count);
    for (size_t i = 0; i < instance->peer_count; i++) {
        assert(out->peer_count < INSTANCE_PEERS_MAX);
        if (instance->peers[i].family == family)
            peers[out->peer_count++] = instance->peers[i];
    }
}
