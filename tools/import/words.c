/*
 * What becomes of each word of keepalived.conf(5): a table for each kind of block. Words that are
 * carried over (DONE) are read by the file of their subject; the others have the reason, and what
 * to do, here. Of two words that are as near to an unknown one, the first of the table is
 * suggested.
 */
#include "lib/config/suggest.h"
#include "tools/import/import.h"
#include "tools/import/unknown.h"

#include <string.h>
#include <strings.h>

enum { WORDS_MAX = 256 }; /* of one kind of block */

enum fate {
    DONE = 0, /* read elsewhere */
    NOTE,     /* not needed */
    LOST,
    EACH,   /* LOST, each statement of the block for itself */
    FAILS,  /* it fails over at other times */
    SPLITS, /* two masters, or none */
    MAILS,  /* LOST where keepalived has mail to send */
    ONE,    /* DONE, and keepalived ignores what is behind the first value of it */
};

/* What becomes of some words, all for the same reason. */
struct ruling {
    enum fate fate;
    const char *why;
    const char *const *words; /* up to NULL */
};

#define WORDS(...)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

#define MAIL     "vipd sends no mail: use on-change hooks, or alerts on its metrics"
#define LVS      "vipd does no load balancing: keep keepalived for LVS alone, or use another"
#define STATIC   "not a matter of failover: let the network configuration of the system set it"
#define SNMP     "there is no SNMP agent: 'vipctl status --json' has the counters of RFC 8347"
#define TUNING   "not needed: vipd sees to it by itself"
#define REALTIME "not needed: vipd runs with real-time priority and locked memory ([node] realtime)"
#define FIFO     "there is no FIFO: 'vipctl history --follow --json' is a stream of all transitions"
#define GARP     "not needed: vipd spaces the repetitions of its announcements by itself"
#define FIREWALL                                                                                   \
    "vipd sets no firewall rules: what they did is for the firewall's own configuration"
#define NAMESPACE "vipd runs in the namespace it is started in: NetworkNamespacePath= of the unit"
#define PROCESSES "processes of keepalived that vipd does not have"
#define RFC       "vipd does as RFC 9568 6.4.3 says, and answers at a limited rate"
#define OWNER     "vipd does as RFC 9568 has it: nobody takes from the owner of the addresses"
#define BFD       "vipd has no BFD: a check of type exec can ask the daemon that has it"
#define REFRESH   "not needed: announce-refresh is for all addresses, on whatever interface they are"
#define CARRIER   "vipd takes the carrier from the kernel and polls no hardware"
#define UNUSED    "not used by keepalived either"
#define STANDARD  "keepalived's default"
#define NO_MAIL   "keepalived sends no mail about VRRP without smtp_alert, and vipd none at all"
#define DUMPS     "vipd writes no such files: 'vipctl status --json'"
#define OVERSLEPT                                                                                  \
    "vipd always does: a master that did not run for longer than its peers wait, and hears that "  \
    "one took over, becomes backup"
#define ONE_LINK "all addresses of an instance are on its own interface"
#define UNICAST  "vipd always does: adverts count from unicast-peers alone"
#define NO_HOOK  "there is no hook for it: on-init is run when an instance ends"

static const struct ruling file_rulings[] = {
    {DONE, NULL,
     WORDS("global_defs", "vrrp_instance", "vrrp_sync_group", "vrrp_script", "vrrp_track_process",
           "track_file", "vrrp_track_file", "interface_up_down_delays", "garp_group")},
    {LOST, "it is about static addresses and routes, which vipd does not set",
     WORDS("track_group")},
    {EACH, STATIC, WORDS("static_ipaddress", "static_routes", "static_rules")},
    {LOST, LVS, WORDS("virtual_server", "virtual_server_group", "SSL")},
    {NOTE, BFD, WORDS("bfd_instance")},
    {FAILS, CARRIER, WORDS("linkbeat_interfaces", "linkbeat_use_polling")},
    {SPLITS, NAMESPACE, WORDS("net_namespace")},
    {LOST, LVS, WORDS("net_namespace_ipvs")},
    {NOTE, FIREWALL, WORDS("namespace_with_ipsets")},
    {NOTE,
     "one vipd runs in a network namespace, with as many instances as it needs: import the "
     "configurations of all keepalived of this namespace into files of conf.d",
     WORDS("instance")},
    {NOTE, "not needed: vipd writes no pid file", WORDS("use_pid_dir")},
    {NOTE, TUNING, WORDS("child_wait_time")},
    {DONE, NULL, NULL},
};

static const struct ruling global_rulings[] = {
    {DONE, NULL,
     WORDS("router_id", "vrrp_version", "vrrp_garp_master_repeat", "vrrp_garp_master_refresh",
           "vrrp_min_garp", "vrrp_strict", "script_user", "vrrp_mcast_group4", "vrrp_mcast_group6",
           "v3_checksum_as_v2", "vrrp_down_timer_adverts", "vrrp_startup_delay",
           "vrrp_delay_after_boot", "vrrp_garp_interval", "vrrp_gna_interval")},
    {MAILS, MAIL,
     WORDS("notification_email", "notification_email_from", "smtp_server", "smtp_helo_name",
           "smtp_connect_timeout", "smtp_alert", "smtp_alert_vrrp", "smtp_alert_checker")},
    {NOTE, NO_MAIL, WORDS("no_email_faults", "no_checker_emails")},
    {LOST, LVS, WORDS("checker_log_all_failures")},
    {LOST, "ExecStartPre= of vipd's unit does that",
     WORDS("startup_script", "startup_script_timeout")},
    {LOST, "ExecStopPost= of vipd's unit does that",
     WORDS("shutdown_script", "shutdown_script_timeout")},
    {LOST, "name the interface in each instance", WORDS("default_interface")},
    {LOST, LVS,
     WORDS("lvs_sync_daemon", "lvs_timeouts", "lvs_flush", "lvs_flush_on_stop", "lvs_flush_onstop",
           "lvs_process_name")},
    {NOTE, UNUSED, WORDS("lvs_id")},
    {NOTE, GARP,
     WORDS("vrrp_garp_master_delay", "vrrp_garp_lower_prio_delay", "vrrp_garp_lower_prio_repeat",
           "vrrp_garp_master_refresh_repeat")},
    {NOTE, REFRESH, WORDS("vrrp_garp_extra_if", "vrrp_vmac_garp_intvl")},
    {NOTE, RFC, WORDS("vrrp_lower_prio_no_advert", "vrrp_higher_prio_send_advert")},
    {NOTE, OWNER, WORDS("vrrp_owner_ignore_adverts")},
    {NOTE, OVERSLEPT, WORDS("thread_timer_expired", "timer_expired_backup")},
    {NOTE, FIREWALL,
     WORDS("vrrp_iptables", "vrrp_ipsets", "nftables", "nftables_priority", "nftables_counters",
           "nftables_ifindex")},
    {LOST, LVS, WORDS("nftables_ipvs", "nftables_ipvs_priority", "nftables_ipvs_start_fwmark")},
    {NOTE, TUNING, WORDS("disable_local_igmp")},
    {NOTE, UNICAST, WORDS("vrrp_check_unicast_src")},
    {NOTE, TUNING, WORDS("vrrp_skip_check_adv_addr")},
    {LOST, FIFO, WORDS("vrrp_notify_priority_changes")},
    {NOTE, REALTIME,
     WORDS("max_auto_priority", "min_auto_priority_delay", "vrrp_priority", "vrrp_no_swap",
           "vrrp_rt_priority", "vrrp_rlimit_rttime", "vrrp_rlimit_rtime")},
    {LOST, "CPUAffinity= of vipd's unit does that", WORDS("vrrp_cpu_affinity")},
    {NOTE, PROCESSES,
     WORDS("vrrp_process_name", "process_name", "process_names", "checker_process_name",
           "checker_priority", "checker_no_swap", "checker_cpu_affinity", "checker_rt_priority",
           "checker_rlimit_rttime", "bfd_process_name", "bfd_priority", "bfd_no_swap",
           "bfd_cpu_affinity", "bfd_rt_priority", "bfd_rlimit_rttime", "checker_rlimit_rtime",
           "bfd_rlimit_rtime")},
    {NOTE, SNMP,
     WORDS("snmp_socket", "snmp_vs_stats_update_interval", "snmp_rs_stats_update_interval")},
    {LOST, SNMP,
     WORDS("enable_snmp_vrrp", "enable_snmp_keepalived", "enable_snmp_checker", "enable_snmp_rfc",
           "enable_snmp_rfcv2", "enable_snmp_rfcv3", "enable_traps")},
    {LOST, "there is no D-Bus service: vipctl and its socket take its place", WORDS("enable_dbus")},
    {NOTE, "it is about the D-Bus service of keepalived",
     WORDS("dbus_service_name", "dbus_no_interface_name")},
    {NOTE, "vipd runs as a user of its own, not as root",
     WORDS("enable_script_security", "set_supplementary_groups")},
    {NOTE, "vipd runs programs by the names they are given", WORDS("use_symlink_paths")},
    {LOST, FIFO,
     WORDS("notify_fifo", "notify_fifo_script", "vrrp_notify_fifo", "vrrp_notify_fifo_script")},
    {LOST, LVS, WORDS("lvs_notify_fifo", "lvs_notify_fifo_script")},
    {NOTE, FIFO, WORDS("fifo_write_vrrp_states_on_reload")},
    {NOTE, "not needed: vipd waits for interfaces and follows them", WORDS("dynamic_interfaces")},
    {NOTE, TUNING,
     WORDS("vrrp_netlink_cmd_rcv_bufs", "vrrp_netlink_cmd_rcv_bufs_force",
           "vrrp_netlink_monitor_rcv_bufs", "vrrp_netlink_monitor_rcv_bufs_force")},
    {NOTE, LVS,
     WORDS("lvs_netlink_cmd_rcv_bufs", "lvs_netlink_cmd_rcv_bufs_force",
           "lvs_netlink_monitor_rcv_bufs", "lvs_netlink_monitor_rcv_bufs_force")},
    {NOTE, TUNING,
     WORDS("process_monitor_rcv_bufs", "process_monitor_rcv_bufs_force", "vrrp_rx_bufs_policy",
           "vrrp_rx_bufs_multiplier")},
    {LOST, LVS, WORDS("rs_init_notifies")},
    {LOST, "UMask= of vipd's unit does that", WORDS("umask")},
    {NOTE, "'vipctl status NAME' counts refused adverts by reason", WORDS("log_unknown_vrids")},
    {NOTE, "vipd names the interfaces of virtual MACs itself",
     WORDS("vmac_prefix", "vmac_addr_prefix")},
    {NOTE, TUNING, WORDS("random_seed")},
    {NOTE, "vipd always reads all of it first and keeps what runs on errors",
     WORDS("reload_check_config")},
    {NOTE, "it is about keepalived's own includes", WORDS("include_check")},
    {LOST, "a timer of systemd can run 'vipctl reload'",
     WORDS("reload_time_file", "reload_repeat")},
    {NOTE, "write new files beside and rename them", WORDS("reload_file")},
    {NOTE, DUMPS,
     WORDS("data_use_instance", "state_dump_file", "stats_dump_file", "json_dump_file",
           "state_file_location", "stats_file_location", "json_file_location", "json_version")},
    {NOTE, "it is about names in the words of routes and rules",
     WORDS("iproute_usr_dir", "iproute_etc_dir")},
    {NOTE, TUNING, WORDS("tmp_config_directory", "config_save_dir")},
    {FAILS, CARRIER, WORDS("linkbeat_use_polling")},
    {DONE, NULL, NULL},
};

static const struct ruling instance_rulings[] = {
    {DONE, NULL,
     WORDS("nopreempt", "preempt", "virtual_ipaddress", "virtual_ipaddress_excluded",
           "unicast_peer", "use_vmac", "vmac_xmit_base", "track_script", "track_interface",
           "track_file", "track_process", "track_bfd", "notify", "notify_master", "notify_backup",
           "notify_fault", "notify_stop", "authentication", "auth_type", "auth_pass", "auth_hmac",
           "v3_checksum_as_v2", "no_accept", "dont_track_primary", "notify_master_rx_lower_pri",
           "virtual_routes", "virtual_rules")},
    {ONE, NULL,
     WORDS("interface", "state", "virtual_router_id", "priority", "advert_int", "version",
           "preempt_delay", "unicast_src_ip", "mcast_src_ip", "garp_master_repeat",
           "garp_master_refresh", "down_timer_adverts", "strict_mode", "unicast_ttl",
           "mcast_dst_ip")},
    {LOST, MAIL, WORDS("smtp_alert")},
    {DONE, NULL, WORDS("no_virtual_ipaddress")},
    {NOTE, OWNER, WORDS("owner_ignore_adverts")},
    {NOTE, OVERSLEPT, WORDS("thread_timer_expired", "timer_expired_backup")},
    {NOTE, "vipd always does: without the source it does not take part", WORDS("track_src_ip")},
    {LOST, NO_HOOK, WORDS("notify_deleted")},
    {LOST, FIFO, WORDS("notify_priority_changes")},
    {NOTE, GARP,
     WORDS("garp_master_delay", "garp_lower_prio_delay", "garp_lower_prio_repeat",
           "garp_master_refresh_repeat")},
    {NOTE, REFRESH, WORDS("garp_extra_if", "vmac_garp_intvl")},
    {NOTE, RFC, WORDS("lower_prio_no_advert", "higher_prio_send_advert")},
    {LOST, ONE_LINK, WORDS("use_vmac_addr")},
    {LOST, "vipd has no ipvlan: 'mac = virtual' is the nearest", WORDS("use_ipvlan")},
    {FAILS, "vipd follows the interface given, in whatever VRF it is", WORDS("vrf")},
    {NOTE, "the addresses tell the family", WORDS("native_ipv6")},
    {NOTE, UNICAST, WORDS("check_unicast_src")},
    {NOTE, "vipd refuses unicast-peers without a peer", WORDS("unicast_fault_no_peer")},
    {NOTE, "checksum = auto takes both forms and follows the peers", WORDS("old_unicast_checksum")},
    {NOTE, "vipd sets it where it adds addresses", WORDS("promote_secondaries")},
    {NOTE, "vipd always accepts packets to the virtual addresses", WORDS("accept")},
    {NOTE, TUNING, WORDS("skip_check_adv_addr")},
    {NOTE, UNUSED, WORDS("debug")},
    {NOTE, TUNING, WORDS("kernel_rx_buf_size")},
    {FAILS, CARRIER, WORDS("linkbeat_use_polling")},
    {LOST, LVS, WORDS("lvs_sync_daemon_interface")},
    {DONE, NULL, NULL},
};

static const struct ruling group_rulings[] = {
    {DONE, NULL,
     WORDS("group", "track_script", "track_interface", "track_file", "track_process", "track_bfd",
           "notify", "notify_master", "notify_backup", "notify_fault", "notify_stop")},
    {LOST, NO_HOOK, WORDS("notify_deleted")},
    {LOST, FIFO, WORDS("notify_priority_changes")},
    {LOST, MAIL, WORDS("smtp_alert")},
    {NOTE, "old and without effect in keepalived", WORDS("global_tracking")},
    {DONE, NULL, WORDS("sync_group_tracking_weight")},
    {DONE, NULL, NULL},
};

static const struct ruling script_rulings[] = {
    {DONE, NULL,
     WORDS("script", "interval", "timeout", "weight", "rise", "fall", "user", "init_fail")},
    {DONE, NULL, NULL},
};

static const struct ruling process_rulings[] = {
    {DONE, NULL, WORDS("process", "weight")},
    {FAILS, "one process is enough for a check of type process", WORDS("quorum", "quorum_max")},
    {FAILS, "arguments of the process are not looked at", WORDS("param_match", "full_command")},
    {FAILS, "rise and fall take its place", WORDS("fork_delay", "terminate_delay", "delay")},
    {DONE, NULL, NULL},
};

static const struct ruling track_file_rulings[] = {
    {DONE, NULL, WORDS("file", "weight")},
    {LOST, "vipd does not write it: tmpfiles.d can", WORDS("init_file")},
    {DONE, NULL, NULL},
};

static const struct {
    const struct ruling *rulings;
    const char *name;
} scopes[] = {
    [SCOPE_FILE] = {file_rulings, "a keepalived configuration"},
    [SCOPE_GLOBAL] = {global_rulings, "global_defs"},
    [SCOPE_INSTANCE] = {instance_rulings, "vrrp_instance"},
    [SCOPE_GROUP] = {group_rulings, "vrrp_sync_group"},
    [SCOPE_SCRIPT] = {script_rulings, "vrrp_script"},
    [SCOPE_PROCESS] = {process_rulings, "vrrp_track_process"},
    [SCOPE_TRACK_FILE] = {track_file_rulings, "track_file"},
};

static const struct ruling *find(const struct ruling *ruling, const char *text)
{
    for (; ruling->words != NULL; ruling++)
        for (const char *const *word = ruling->words; *word != NULL; word++)
            if (strcmp(*word, text) == 0)
                return ruling;
    return NULL;
}

/* The scope that has the word, where the one at hand has not; NULL: none. */
static const char *scope_with(const char *word)
{
    for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
        if (find(scopes[i].rulings, word) != NULL)
            return scopes[i].name;
    }
    return NULL;
}

static const char *nearest(enum import_scope scope, const char *word)
{
    const char *names[WORDS_MAX];
    size_t count = 0;

    for (const struct ruling *r = scopes[scope].rulings; r->words != NULL; r++)
        for (const char *const *w = r->words; *w != NULL && count < WORDS_MAX; w++)
            names[count++] = *w;
    return suggest(word, names, count);
}

static void tell_unknown(struct import *import, enum import_scope scope,
                         struct import_section *section, const struct keepalived_node *node)
{
    const struct unknown_word word = {
        .scope = scopes[scope].name,
        .outermost = scope == SCOPE_FILE,
        .nearest = nearest(scope, node->words[0]),
        .elsewhere = scope_with(node->words[0]),
    };

    import_tell_unknown(import, section, node, &word);
}

static void tell_each(struct import *import, struct import_section *section,
                      const struct keepalived_node *block, const char *why)
{
    for (const struct keepalived_node *node = block->first; node != NULL; node = node->next) {
        const char *text = arena_print(import->arena, "%s: %s", block->words[0],
                                       keepalived_text(import->arena, node, 0));
        import_item_text(import->out, section, IMPORT_LOST, node, NULL, text, why);
    }
}

/* Values that change nothing: they say what keepalived does anyway. */
static const struct {
    const char *word;
    const char *value; /* "off" is any word for it */
} standards[] = {
    {"smtp_alert", "off"},
    {"smtp_alert_vrrp", "off"},
    {"smtp_alert_checker", "off"},
    {"checker_log_all_failures", "off"},
    {"vrrp_notify_priority_changes", "off"},
    {"notify_priority_changes", "off"},
    {"vrrp_garp_extra_if", "0"},
    {"garp_extra_if", "0"},
    {"quorum", "1"},
    {"fork_delay", "0"},
    {"terminate_delay", "0"},
    {"delay", "0"},
};

static bool is_value(const char *text, const char *value)
{
    uint64_t given = 0;
    uint64_t wanted = 0;

    if (strcmp(value, "off") == 0)
        return strcmp(text, "off") == 0 || strcmp(text, "no") == 0 || strcmp(text, "false") == 0;
    if (import_seconds(text, &given) && import_seconds(value, &wanted))
        return given == wanted;
    return strcasecmp(text, value) == 0;
}

static bool is_standard(const struct keepalived_node *node)
{
    const char *text = import_value(node);

    for (size_t i = 0; text != NULL && i < sizeof(standards) / sizeof(standards[0]); i++) {
        if (keepalived_is(node, standards[i].word) && is_value(text, standards[i].value))
            return true;
    }
    return false;
}

static void tell(struct import *import, struct import_section *section,
                 const struct keepalived_node *node, const struct ruling *ruling)
{
    static const enum import_kind kinds[] = {
        [NOTE] = IMPORT_NOTE,      [LOST] = IMPORT_LOST,      [EACH] = IMPORT_LOST,
        [FAILS] = IMPORT_FAILOVER, [SPLITS] = IMPORT_MASTERS, [MAILS] = IMPORT_LOST,
    };

    if (ruling->fate == ONE && node->count > 2)
        IMPORT_ITEM(import, section, IMPORT_NOTE, node,
                    "keepalived takes '%s' and ignores the rest of the line, and so does this",
                    node->words[1]);
    if (ruling->fate == DONE || ruling->fate == ONE)
        return;
    if (is_standard(node))
        import_item(import->out, section, IMPORT_NOTE, node, STANDARD);
    else if (ruling->fate == MAILS && !import->globals.mails)
        import_item(import->out, section, IMPORT_NOTE, node, NO_MAIL);
    else
        import_item(import->out, section, kinds[ruling->fate], node, ruling->why);
}

size_t import_sort_out(struct import *import, enum import_scope scope,
                       struct import_section *section, const struct keepalived_node *block)
{
    size_t known = 0;

    for (const struct keepalived_node *node = block->first; node != NULL; node = node->next) {
        const struct ruling *ruling = find(scopes[scope].rulings, node->words[0]);

        known += ruling != NULL ? 1 : 0;
        if (ruling != NULL && scope != SCOPE_FILE && import_lacks_brace(node))
            import_tell_brace(import, section, node);
        else if (ruling != NULL && import_lacks_value(node))
            import_tell_value(import, section, node);
        else if (ruling == NULL)
            tell_unknown(import, scope, section, node);
        else if (ruling->fate == EACH)
            tell_each(import, section, node, ruling->why);
        else
            tell(import, section, node, ruling);
    }
    return known;
}
