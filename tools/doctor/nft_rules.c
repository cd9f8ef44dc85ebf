/* The walk over chains and rules; see nft_rules.h. Matches are judged in nft_match.c. */
#include "tools/doctor/nft_rules.h"

#include "tools/common/field.h"
#include "tools/doctor/nft_match.h"

#include <stdio.h>
#include <string.h>

/* Bits: ways in which a packet can leave a chain. */
enum way {
    WAY_ACCEPT = 1u << 0,
    WAY_DROP = 1u << 1,
    WAY_END = 1u << 2, /* through its end, or by return */
};

enum {
    /* The kernel's own bound on nested jumps. */
    DEPTH_MAX = 16,
    /* Rules looked at; a ruleset that needs more is not judged to the end. */
    STEPS_MAX = 1000000,
};

struct walk {
    struct nft_scope scope;
    unsigned steps;
    const json_t *first; /* the first rule that may drop the packet, and the last; NULL: none */
    const json_t *last;
};

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static unsigned walk_chain(struct walk *walk, const char *chain, unsigned depth);

/* The verdict statement of a rule or map element: the ways out, 0 when it is none. *go: the packet
 * then does not come to the next rule even if the verdict is not final for it. */
static unsigned walk_verdict(struct walk *walk, const json_t *statement, unsigned depth, bool *go)
{
    static const char *const final[] = {"masquerade", "snat", "dnat", "redirect", "tproxy", NULL};
    const json_t *jump = json_object_get(statement, "jump");
    const json_t *target = jump != NULL ? jump : json_object_get(statement, "goto");

    *go = true;
    if (json_object_get(statement, "accept") != NULL)
        return WAY_ACCEPT;
    if (json_object_get(statement, "drop") != NULL ||
        json_object_get(statement, "reject") != NULL || json_object_get(statement, "fwd") != NULL)
        return WAY_DROP;
    if (json_object_get(statement, "return") != NULL)
        return WAY_END;
    if (json_object_get(statement, "queue") != NULL)
        return WAY_ACCEPT | WAY_DROP;
    for (size_t i = 0; final[i] != NULL; i++)
        if (json_object_get(statement, final[i]) != NULL)
            return WAY_ACCEPT;
    if (target == NULL)
        return 0;
    unsigned ways = walk_chain(walk, field_text(target, "target"), depth + 1);
    *go = jump == NULL || (ways & WAY_END) == 0;
    return jump != NULL ? ways & ~(unsigned)WAY_END : ways;
}

/* {"vmap": {"key", "data"}}: the verdicts of the elements that the key may equal. */
static unsigned walk_map(struct walk *walk, const json_t *map, unsigned depth, bool *go)
{
    const json_t *elements = nft_elements(&walk->scope, json_object_get(map, "data"));
    const json_t *key = json_object_get(map, "key");
    const json_t *element;
    unsigned ways = 0;
    size_t i;

    *go = false;
    json_array_foreach (elements, i, element) {
        enum nft_truth truth = nft_equals(&walk->scope, key, json_array_get(element, 0));
        bool final;

        if (truth == NFT_NO)
            continue;
        ways |= walk_verdict(walk, json_array_get(element, 1), depth, &final);
        *go = *go || (final && truth == NFT_YES);
    }
    return ways;
}

/* True for statements that do something and let the packet pass on. */
static bool passes_on(const char *name)
{
    static const char *const names[] = {
        "counter",   "log",        "mangle",         "notrack", "comment",
        "set",       "map",        "last",           "dup",     "flow",
        "ct helper", "ct timeout", "ct expectation", "secmark", "continue",
        NULL};

    for (size_t i = 0; names[i] != NULL; i++)
        if (is(name, names[i]))
            return true;
    return false;
}

/* One statement. *truth: whether the packet gets past the matches so far. */
static unsigned walk_statement(struct walk *walk, const json_t *statement, unsigned depth,
                               enum nft_truth *truth, bool *go)
{
    const char *name = json_object_iter_key(json_object_iter((json_t *)statement));
    const json_t *match = json_object_get(statement, "match");
    const json_t *map = json_object_get(statement, "vmap");
    enum nft_truth here = NFT_YES;

    *go = false;
    if (match != NULL)
        here = nft_match(&walk->scope, match);
    else if (map != NULL)
        return walk_map(walk, map, depth, go);
    else if (name != NULL && !passes_on(name)) {
        unsigned ways = walk_verdict(walk, statement, depth, go);
        if (ways != 0)
            return ways;
        /* A jump that always comes back, or something unknown (a limit, an xt match). */
        bool jumped = json_object_get(statement, "jump") != NULL;
        *go = false;
        here = jumped ? NFT_YES : NFT_MAYBE;
    }
    *truth = here < *truth ? here : *truth;
    return 0;
}

/* A rule that jumps is not to blame for what is dropped where it jumps to. */
static void note_culprit(struct walk *walk, const json_t *rule, const json_t *statement)
{
    if (json_object_get(statement, "jump") != NULL || json_object_get(statement, "goto") != NULL)
        return;
    if (walk->first == NULL)
        walk->first = rule;
    walk->last = rule;
}

/* The ways out through one rule. *done: no packet comes to the next one. */
static unsigned walk_rule(struct walk *walk, const json_t *rule, unsigned depth, bool *done)
{
    enum nft_truth truth = NFT_YES;
    const json_t *statement;
    unsigned ways = 0;
    size_t i;

    *done = false;
    json_array_foreach (json_object_get(rule, "expr"), i, statement) {
        bool go;
        unsigned found = walk_statement(walk, statement, depth, &truth, &go);

        if (truth == NFT_NO)
            return ways;
        ways |= found;
        if ((found & WAY_DROP) != 0)
            note_culprit(walk, rule, statement);
        if (go) {
            *done = truth == NFT_YES;
            return ways;
        }
    }
    return ways;
}

static unsigned walk_chain(struct walk *walk, const char *chain, unsigned depth)
{
    const json_t *object;
    unsigned ways = 0;
    size_t i;

    if (depth > DEPTH_MAX)
        return WAY_ACCEPT | WAY_DROP;
    json_array_foreach (walk->scope.objects, i, object) {
        const json_t *rule = json_object_get(object, "rule");
        bool done;

        if (rule == NULL || !is(field_text(rule, "chain"), chain) ||
            !is(field_text(rule, "table"), walk->scope.table) ||
            !is(field_text(rule, "family"), walk->scope.family))
            continue;
        if (++walk->steps > STEPS_MAX)
            return ways | WAY_ACCEPT | WAY_DROP;
        ways |= walk_rule(walk, rule, depth, &done);
        if (done)
            return ways;
    }
    return ways | WAY_END;
}

/* Whether the packet passes that base chain. A netdev chain that does not say its device: MAYBE. */
static enum nft_truth passes_chain(const json_t *chain, const struct nft_packet *packet)
{
    static const char *const in[] = {"ingress", "prerouting", "input", NULL};
    static const char *const out[] = {"output", "postrouting", "egress", NULL};
    const char *const *hooks = packet->outgoing ? out : in;
    const char *family = field_text(chain, "family");
    const char *ip = packet->source.address.family == IP_FAMILY_IPV4 ? "ip" : "ip6";
    const json_t *device = json_object_get(chain, "dev");
    bool here = false;

    for (size_t i = 0; hooks[i] != NULL; i++)
        here = here || is(field_text(chain, "hook"), hooks[i]);
    if (!here || !(is(family, "inet") || is(family, ip) || is(family, "netdev")))
        return NFT_NO;
    if (!is(family, "netdev") && !is(field_text(chain, "hook"), "ingress"))
        return NFT_YES;
    if (json_is_string(device))
        return is(json_string_value(device), packet->interface) ? NFT_YES : NFT_NO;
    for (size_t i = 0; i < json_array_size(device); i++) {
        const char *name = json_string_value(json_array_get(device, i));
        if (name != NULL && is(name, packet->interface))
            return NFT_YES;
    }
    return json_is_array(device) ? NFT_NO : NFT_MAYBE;
}

static void blame(struct nft_judgement *out, enum nft_verdict verdict, const json_t *chain,
                  const json_t *rule)
{
    *out = (struct nft_judgement){.verdict = verdict, .handle = field_number(rule, "handle")};
    snprintf(out->family, sizeof(out->family), "%s", field_text(chain, "family"));
    snprintf(out->table, sizeof(out->table), "%s", field_text(chain, "table"));
    snprintf(out->base_chain, sizeof(out->base_chain), "%s", field_text(chain, "name"));
    snprintf(out->chain, sizeof(out->chain), "%s",
             rule != NULL ? field_text(rule, "chain") : field_text(chain, "name"));
}

static void judge_chain(const json_t *objects, const json_t *chain, const struct nft_packet *packet,
                        struct nft_judgement *worst)
{
    struct walk walk = {.scope = {.objects = objects,
                                  .family = field_text(chain, "family"),
                                  .table = field_text(chain, "table"),
                                  .packet = packet}};
    enum nft_truth passes = passes_chain(chain, packet);

    if (passes == NFT_NO)
        return;
    unsigned ways = walk_chain(&walk, field_text(chain, "name"), 0);
    if ((ways & WAY_END) != 0)
        ways |= is(field_text(chain, "policy"), "drop") ? WAY_DROP : WAY_ACCEPT;
    if ((ways & WAY_DROP) == 0)
        return;
    enum nft_verdict verdict =
        (ways & WAY_ACCEPT) == 0 && passes == NFT_YES ? NFT_DROPPED : NFT_MAY_BE_DROPPED;
    /* Where nothing gets through, what came last is what always happens. */
    const json_t *culprit = verdict == NFT_MAY_BE_DROPPED ? walk.first
                            : (ways & WAY_END) != 0       ? NULL
                                                          : walk.last;
    if (verdict > worst->verdict)
        blame(worst, verdict, chain, culprit);
}

struct nft_judgement nft_judge(const json_t *ruleset, const struct nft_packet *packet)
{
    struct nft_judgement worst = {.verdict = NFT_ACCEPTED};
    const json_t *objects = json_object_get(ruleset, "nftables");
    const json_t *object;
    size_t i;

    json_array_foreach (objects, i, object) {
        const json_t *chain = json_object_get(object, "chain");

        if (chain != NULL && json_object_get(chain, "hook") != NULL)
            judge_chain(objects, chain, packet, &worst);
    }
    return worst;
}
