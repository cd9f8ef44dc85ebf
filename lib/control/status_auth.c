/* What the status says of authenticated adverts. */
#include "lib/control/status_auth.h"

#include "lib/control/json.h"
#include "lib/packet/auth_text.h"

static json_t *outcomes_json(const struct auth_peer *peer)
{
    json_t *object = json_object();

    for (size_t i = 0; i < AUTH_OUTCOMES; i++)
        control_set_number(object, auth_outcome_name((enum auth_outcome)i), peer->by_outcome[i]);
    return object;
}

static json_t *peer_json(const struct auth_policy *policy, const struct auth_peer *peer)
{
    const struct auth_text *text = auth_text_of_peer(policy, peer->last, peer->key_id != 0);

    return json_pack("{s:o, s:s, s:o, s:o, s:i, s:o, s:s?, s:s?}", "address",
                     control_address_json(&peer->address), "last", auth_outcome_name(peer->last),
                     "last_at", control_time_json(peer->last_utc_ns), "key_id",
                     peer->key_id != 0 ? json_integer(peer->key_id) : json_null(), "ahead_s",
                     (int)peer->ahead_s, "outcomes", outcomes_json(peer), "text",
                     text != NULL ? text->cause : NULL, "mend", text != NULL ? text->mend : NULL);
}

static json_t *peers_json(const struct auth_policy *policy, const struct auth_peers *peers)
{
    json_t *list = json_array();

    for (size_t i = 0; peers != NULL && i < AUTH_PEERS_MAX; i++)
        if (peers->list[i].last_utc_ns != 0)
            json_array_append_new(list, peer_json(policy, &peers->list[i]));
    if (peers != NULL && peers->others.last_utc_ns != 0)
        json_array_append_new(list, peer_json(policy, &peers->others));
    return list;
}

static json_t *ids_json(const struct auth_keys *keys)
{
    json_t *list = json_array();

    for (size_t i = 0; i < auth_keys_count(keys); i++)
        json_array_append_new(list, json_integer(auth_keys_id(keys, i)));
    return list;
}

void control_auth_add(json_t *object, const struct status_router *router)
{
    const struct auth_policy *policy = router->auth_policy;

    if (policy == NULL || policy->keys == NULL) {
        json_object_set_new(object, "authentication", json_null());
        return;
    }
    bool time = policy->rules.replay == AUTH_REPLAY_TIME;
    json_object_set_new(
        object, "authentication",
        json_pack("{s:s, s:s, s:o, s:o, s:b, s:o}", "mode", auth_mode_name(policy->mode), "replay",
                  time ? "time" : "monotonic", "window_s",
                  time ? json_integer((json_int_t)policy->rules.window_s) : json_null(), "key_ids",
                  ids_json(policy->keys), "signs", (int)auth_signs(policy), "peers",
                  peers_json(policy, router->auth_peers)));
}
