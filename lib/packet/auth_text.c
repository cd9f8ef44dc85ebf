/* Causes and what mends them; see auth_text.h. */
#include "lib/packet/auth_text.h"

#include <stddef.h>

const struct auth_text *auth_text_of_drop(enum packet_verdict verdict)
{
    static const struct auth_text texts[PACKET_VERDICTS] = {
        [PACKET_TRAILER_MISSING] = {"sends unsigned adverts, this node has auth-mode = enforce",
                                    "auth-mode = permissive here until all nodes sign"},
        [PACKET_TRAILER_MALFORMED] = {"signs its adverts in a way that vipd does not know",
                                      "vipd, or keepalived from 2.4.2 on, on all nodes"},
        [PACKET_TRAILER_UNKNOWN_KEY] = {"signs with a key id that no auth-key here has",
                                        "the same keys under the same ids on all nodes"},
        [PACKET_TRAILER_INVALID_HMAC] = {"signs with another key than auth-key has under that id, "
                                         "or is a forger",
                                         "compare the key files of the nodes (sha256sum)"},
        [PACKET_TRAILER_STALE] = {"signs rightly, with a time that is off by more than auth-window",
                                  "set both clocks right; if they are, somebody replays adverts"},
        [PACKET_TRAILER_REPLAY] = {"sends what was heard before, or its clock was set back",
                                   "set its clock right; if it is, somebody replays its adverts"},
        [PACKET_TRAILER_UNEXPECTED] = {"signs its adverts, and this node has no auth-key",
                                       "auth-key here, with auth-mode = receive-only at first"},
    };

    return texts[verdict].cause != NULL ? &texts[verdict] : NULL;
}

const struct auth_text *auth_text_of_peer(const struct auth_policy *policy,
                                          enum auth_outcome outcome, bool is_signed)
{
    static const struct auth_text not_signed = {
        "sends unsigned adverts, which are taken as long as auth-mode is not enforce",
        "auth-key and auth-mode = permissive there, then enforce on all nodes"};
    static const struct auth_text we_do_not = {
        "signs its adverts, ours go out unsigned: if it has auth-mode = enforce, it drops them",
        "auth-mode = permissive here"};

    if (outcome == AUTH_OK_UNAUTHENTICATED)
        return &not_signed;
    if (outcome == AUTH_OK)
        return is_signed && !auth_signs(policy) ? &we_do_not : NULL;
    return auth_text_of_drop(auth_outcome_verdict(outcome));
}
