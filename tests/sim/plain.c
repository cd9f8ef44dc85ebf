/* A plain RFC 9568 peer (RFC 3768 for version 2): advert first, announcement after; releases at
 * once; takes over again after a pause as if nothing had been. */
#include "tests/sim/sim.h"

static uint64_t skew_ns(const struct node *n, size_t family)
{
    uint64_t base = n->params.version == VRRP_V2 ? NS_PER_SEC : n->plain[family].learned_ns;

    return (256u - (uint64_t)n->params.priority) * base / 256;
}

static uint64_t down_ns(const struct node *n, size_t family)
{
    return n->params.dead_factor * n->plain[family].learned_ns + skew_ns(n, family);
}

static void send(struct world *w, struct node *n, size_t family, uint8_t priority,
                 bool announcement)
{
    const struct message message = {.from = (uint8_t)node_index(w, n),
                                    .version = (uint8_t)n->params.version,
                                    .family = (uint8_t)family,
                                    .priority = priority,
                                    .announcement = announcement,
                                    .interval_ns = n->params.advert_interval_ns};

    world_send(w, &message);
}

static void become_master(struct world *w, struct node *n, size_t family)
{
    send(w, n, family, n->params.priority, false);
    n->held[family] = true;
    send(w, n, family, 0, true);
    n->plain[family].state = VRRP_MASTER;
    n->plain[family].timer_at = w->now + n->params.advert_interval_ns;
    world_log(w, "node %zu: (plain) family %zu MASTER", node_index(w, n), family);
}

static void become_backup(struct world *w, struct node *n, size_t family, uint64_t interval_ns)
{
    n->plain[family].learned_ns = interval_ns;
    n->plain[family].state = VRRP_BACKUP;
    n->plain[family].timer_at = w->now + down_ns(n, family);
    n->held[family] = false;
    world_log(w, "node %zu: (plain) family %zu BACKUP", node_index(w, n), family);
}

void plain_start(struct world *w, struct node *n)
{
    for (size_t i = 0; i < w->family_count; i++) {
        if (!n->link_up) {
            n->plain[i].state = VRRP_INIT;
            n->plain[i].timer_at = SIM_FOREVER;
            continue;
        }
        become_backup(w, n, i, n->params.advert_interval_ns);
        if (n->params.priority == PRIORITY_OWNER)
            become_master(w, n, i);
    }
}

void plain_reconfigure(const struct world *w, struct node *n)
{
    for (size_t i = 0; i < w->family_count; i++)
        if (n->plain[i].state == VRRP_BACKUP)
            n->plain[i].timer_at = w->now + down_ns(n, i);
}

void plain_stop(struct world *w, struct node *n, bool resign)
{
    for (size_t i = 0; i < w->family_count; i++) {
        if (n->plain[i].state == VRRP_MASTER && resign)
            send(w, n, i, PRIORITY_RESIGN, false);
        n->plain[i].state = VRRP_INIT;
        n->plain[i].timer_at = SIM_FOREVER;
        n->held[i] = false;
    }
}

static void backup_hears(struct world *w, struct node *n, const struct message *m)
{
    struct plain *p = &n->plain[m->family];

    if (m->priority == PRIORITY_RESIGN) {
        p->timer_at = w->now + skew_ns(n, m->family);
    } else if (!n->params.preempt || m->priority >= n->params.priority) {
        p->learned_ns = n->params.version == VRRP_V2 ? p->learned_ns : m->interval_ns;
        p->timer_at = w->now + down_ns(n, m->family);
    }
}

/* Numbers of nodes stand for addresses; every second family orders them the other way round. */
static bool beats(const struct node *n, const struct message *m, size_t self)
{
    if (m->priority != n->params.priority)
        return m->priority > n->params.priority;
    return m->family % 2 == 0 ? m->from > self : m->from < self;
}

void plain_hear(struct world *w, struct node *n, const struct message *m)
{
    struct plain *p = &n->plain[m->family];

    if (p->state == VRRP_BACKUP) {
        backup_hears(w, n, m);
    } else if (p->state == VRRP_MASTER && m->priority != PRIORITY_RESIGN &&
               beats(n, m, node_index(w, n))) {
        become_backup(w, n, m->family,
                      n->params.version == VRRP_V2 ? n->params.advert_interval_ns : m->interval_ns);
    } else if (p->state == VRRP_MASTER) {
        send(w, n, m->family, n->params.priority, false);
        /* As keepalived does on a lower priority. */
        send(w, n, m->family, 0, true);
        p->timer_at = w->now + n->params.advert_interval_ns;
    }
}

void plain_timer(struct world *w, struct node *n)
{
    for (size_t i = 0; i < w->family_count; i++) {
        struct plain *p = &n->plain[i];

        if (p->timer_at > w->now)
            continue;
        if (p->state == VRRP_BACKUP) {
            become_master(w, n, i);
        } else if (p->state == VRRP_MASTER) {
            send(w, n, i, n->params.priority, false);
            p->timer_at = w->now + n->params.advert_interval_ns;
        }
    }
}

uint64_t plain_deadline(const struct node *n, size_t families)
{
    uint64_t deadline = SIM_FOREVER;

    for (size_t i = 0; i < families; i++)
        if (n->plain[i].timer_at < deadline)
            deadline = n->plain[i].timer_at;
    return deadline;
}
