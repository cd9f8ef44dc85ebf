/* The table of reasons: names for machines, sentences for people. RFC 8347 new-master-reason and
 * last-event where they fit. */
#include "lib/election/reason.h"

#include <assert.h>
#include <stdio.h>

const char *vrrp_state_name(enum vrrp_state state)
{
    switch (state) {
    case VRRP_INIT:
        return "INIT";
    case VRRP_BACKUP:
        return "BACKUP";
    case VRRP_MASTER:
        return "MASTER";
    }
    return "?";
}

/* Sentences may name the evidence: %A peer address, %P its priority, %O our priority, %S silence,
 * %L limit, %C claimed address, %M MAC. */
/* Sentences may name the evidence: %A peer address, %P its priority, %O our priority (as the note
 * has it, where there is one), %S silence, %L limit, %N note, %U who asked, in brackets. */
struct reason_row {
    const char *name;
    const char *last_event;
    const char *sentence;
};

static const struct reason_row rows[REASONS] = {
    [REASON_NONE] = {"not-master", "none", "no reason recorded"},
    [REASON_NO_RESPONSE] = {"no-response", "master-timeout", "no advert from %A for %S (limit %L)"},
    [REASON_PREEMPTED] = {"preempted", "lower-priority-master",
                          "took over from %A, whose priority %P is lower than our %O"},
    [REASON_PRIORITY] = {"priority", "master-timeout", "%A resigned (sent priority 0)"},
    [REASON_OWNER] = {"owner", "owner-preempt", "this node owns the addresses (priority 255)"},
    [REASON_HIGHER_PRIORITY] = {"higher-priority", "higher-priority-backup",
                                "%A advertises priority %P, ours is %O"},
    [REASON_HIGHER_ADDRESS] = {"higher-address", "higher-priority-backup",
                               "%A advertises our priority %P and has the greater address"},
    [REASON_OVERSLEPT] = {"overslept", "none",
                          "this node did not run for %S (limit %L), its peers may have taken over"},
    [REASON_CONFLICT] = {"conflict", "none", "another machine, %M, holds our address %C"},
    [REASON_GROUP] = {"group", "none", "another virtual router of the group moved"},
    [REASON_STARTED] = {"started", "startup", "started"},
    [REASON_STOPPED] = {"stopped", "shutdown", "stopped"},
    [REASON_DRAINED] = {"drained", "shutdown", "drained by the administrator%U"},
    [REASON_RESUMED] = {"resumed", "startup", "resumed by the administrator%U"},
    [REASON_LINK_DOWN] = {"link-down", "interface-down", "the interface is down or has no carrier"},
    [REASON_LINK_UP] = {"link-up", "interface-up", "the interface is up"},
    [REASON_NO_INTERFACE] = {"no-interface", "interface-down", "the interface does not exist"},
    [REASON_NO_PRIMARY_ADDRESS] = {"no-primary-address", "no-primary-ip-address",
                                   "the interface has no address to send from"},
    [REASON_PRIMARY_ADDRESS] = {"primary-address", "primary-ip-address",
                                "the interface has an address to send from"},
    [REASON_CHECK_FAILED] = {"check-failed", "none", "a health check failed"},
    [REASON_CHECK_PASSED] = {"check-passed", "none", "the health checks pass"},
    [REASON_RECONFIGURED] = {"reconfigured", "none", "the configuration changed"},
    [REASON_CONFLICT_OVER] = {"conflict-over", "none",
                              "no other machine holds our address any more"},
    [REASON_CANNOT_CLAIM] = {"cannot-claim", "none",
                             "none of the addresses could be added here: %N"},
    [REASON_NOT_PREPARED] = {"not-prepared", "none", "before-master failed: %N"},
    [REASON_CLAIM_RETRIED] = {"claim-retried", "none",
                              "the addresses may be claimed again after a failure"},
    [REASON_UNUSABLE_INTERFACE] = {"unusable-interface", "interface-down",
                                   "the interface cannot be used any more"},
    [REASON_USABLE_INTERFACE] = {"usable-interface", "interface-up", "the interface can be used"},
    [REASON_NO_ROUTE] = {"no-route", "interface-down",
                         "the interface has no route to the unicast peers any more"},
    [REASON_ROUTE_FOUND] = {"route-found", "interface-up",
                            "the interface that leads to the unicast peers is known"},
    [REASON_TAKEN] = {"taken", "none", "taken from %A (priority %P) as the administrator%U asked"},
    [REASON_NO_SUCCESSOR] = {"no-successor", "none",
                             "not drained: nobody took over within %S, so the addresses stay here"},
};

const char *reason_name(enum reason reason)
{
    assert(reason < REASONS);
    return rows[reason].name;
}

const char *reason_last_event(enum reason reason)
{
    assert(reason < REASONS);
    return rows[reason].last_event;
}

static const char *sentence_for(const struct transition *transition)
{
    /* A node that heard nobody since it started has no silence of a peer to tell of. */
    if (transition->reason == REASON_NO_RESPONSE &&
        transition->evidence.peer.family == IP_FAMILY_NONE)
        return "no advert from any router for %L";
    if (transition->reason == REASON_CONFLICT &&
        transition->evidence.claimed.family == IP_FAMILY_NONE)
        return "another machine holds our address";
    if (transition->reason == REASON_DRAINED && transition->evidence.peer.family != IP_FAMILY_NONE)
        return "drained by the administrator%U, %A took over";
    if (transition->reason == REASON_DRAINED && transition->evidence.silence_ns != 0)
        return "drained by force%U, nobody took over within %S";
    if (transition->reason == REASON_TAKEN && transition->evidence.peer.family == IP_FAMILY_NONE)
        return "taken as the administrator%U asked, no master was known";
    if ((transition->reason == REASON_CHECK_FAILED || transition->reason == REASON_RESUMED) &&
        transition->evidence.note[0] != '\0')
        return "%N";
    if (transition->reason == REASON_NOT_PREPARED && transition->evidence.note[0] == '\0')
        return "before-master failed";
    if (transition->reason == REASON_CANNOT_CLAIM && transition->evidence.note[0] == '\0')
        return "none of the addresses could be added here";
    return rows[transition->reason].sentence;
}

/* Millisecond (below a second: microsecond) precision: a limit of 3609.375 ms must not read as the
 * silence that exceeded it. */
static const char *precise(uint64_t ns, char *text, size_t size)
{
    bool whole = ns >= NS_PER_SEC;
    uint64_t thousandths = ns / (whole ? NS_PER_MS : NS_PER_US);

    snprintf(text, size, "%llu.%03llu %s", (unsigned long long)(thousandths / 1000),
             (unsigned long long)(thousandths % 1000), whole ? "s" : "ms");
    return text;
}

/* One %-field, written into text or static. */
static const char *field(char which, const struct evidence *evidence, char *text, size_t size)
{
    switch (which) {
    case 'A':
        return ip_address_format(&evidence->peer, text, size);
    case 'P':
        snprintf(text, size, "%u", evidence->peer_priority);
        return text;
    case 'O':
        if (evidence->note[0] != '\0')
            return evidence->note;
        snprintf(text, size, "%u", evidence->own_priority);
        return text;
    case 'C':
        return ip_address_format(&evidence->claimed, text, size);
    case 'M':
        return mac_format(evidence->mac, text, size);
    case 'N':
        return evidence->note;
    case 'U':
        text[0] = '\0';
        if (evidence->asked && evidence->uid == 0)
            return " (root)";
        if (evidence->asked)
            snprintf(text, size, " (uid %lu)", (unsigned long)evidence->uid);
        return text;
    case 'S':
        return precise(evidence->silence_ns, text, size);
    case 'L':
        return precise(evidence->limit_ns, text, size);
    default:
        assert(!"unknown field in a sentence");
        return "?";
    }
}

const char *reason_text(const struct transition *transition, char *buffer, size_t size)
{
    char text[ADDRESS_TEXT_SIZE];
    size_t used = 0;

    assert(transition->reason < REASONS && size > 0);
    for (const char *s = sentence_for(transition); *s != '\0' && used + 1 < size; s++) {
        if (*s != '%') {
            buffer[used++] = *s;
            continue;
        }
        s++;
        int n = snprintf(buffer + used, size - used, "%s",
                         field(*s, &transition->evidence, text, sizeof(text)));
        used += n > 0 ? (size_t)n : 0;
    }
    buffer[used < size ? used : size - 1] = '\0';
    return buffer;
}
