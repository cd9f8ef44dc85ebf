/*
 * What becomes of each word of keepalived.conf(5): a table for each kind of block. Words that are
 * carried over (DONE) are read by the file of their subject; the others have the reason, and what
 * to do, here. Of two words that are as near to an unknown one, the first of the table is
 * suggested.
 */
#include "lib/config/suggest.h"
#include "tools/import/import.h"

#include <string.h>

enum { WORDS_MAX = 256 }; /* of one kind of block */

enum fate {
    DONE = 0, /* read elsewhere */
    NOTE,     /* not needed */
    LOST,
    EACH, /* LOST, each statement of the block for itself */
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
#define ROUTES   "vipd moves addresses only: set it for good, or in on-master and on-backup hooks"
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
#define BFD       "vipd has no BFD: a check of type exec can ask the daemon that has it"
#define SPACING   "announcements cannot be slowed down by interface"
#define CARRIER   "vipd takes the carrier from the kernel and polls no hardware"
#define UNUSED    "not used by keepalived either"
#define ONE_LINK  "all addresses of an instance are on its own interface"
#define UNICAST   "vipd always does: adverts count from unicast-peers alone"
#define NO_HOOK   "there is no hook for it: on-init is run when an instance ends"

static const struct ruling file_rulings[] = {
    {DONE, NULL,
     WORDS("global_defs", "vrrp_instance", "vrrp_sync_group", "vrrp_script", "vrrp_track_process",
           "track_file", "vrrp_track_file")},
    {LOST, "it is about static addresses and routes, which vipd does not set",
     WORDS("track_group")},
    {EACH, STATIC, WORDS("static_ipaddress", "static_routes", "static_rules")},
    {LOST, LVS, WORDS("virtual_server", "virtual_server_group", "SSL")},
    {LOST, SPACING, WORDS("garp_group")},
    {LOST, BFD, WORDS("bfd_instance")},
    {LOST, CARRIER, WORDS("linkbeat_interfaces", "linkbeat_use_polling")},
    {LOST, "vipd acts on a lost carrier at once", WORDS("interface_up_down_delays")},
    {LOST, NAMESPACE, WORDS("net_namespace")},
    {LOST, LVS, WORDS("net_namespace_ipvs")},
    {NOTE, FIREWALL, WORDS("namespace_with_ipsets")},
    {LOST, "several vipd on one machine differ by --control and --state-dir", WORDS("instance")},
    {NOTE, "not needed: vipd writes no pid file", WORDS("use_pid_dir")},
    {NOTE, TUNING, WORDS("child_wait_time")},
    {DONE, NULL, NULL},
};

static const struct ruling global_rulings[] = {
    {DONE, NULL,
     WORDS("router_id", "vrrp_version", "vrrp_garp_master_repeat", "vrrp_garp_master_refresh",
           "vrrp_min_garp", "vrrp_strict", "script_user", "vrrp_mcast_group4",
           "vrrp_mcast_group6")},
    {LOST, MAIL,
     WORDS("notification_email", "notification_email_from", "smtp_server", "smtp_helo_name",
           "smtp_connect_timeout", "smtp_alert", "smtp_alert_vrrp", "smtp_alert_checker")},
    {NOTE, MAIL, WORDS("no_email_faults", "no_checker_emails")},
    {LOST, LVS, WORDS("checker_log_all_failures")},
    {LOST, "ExecStartPre= of vipd's unit does that",
     WORDS("startup_script", "startup_script_timeout")},
    {LOST, "ExecStopPost= of vipd's unit does that",
     WORDS("shutdown_script", "shutdown_script_timeout")},
    {LOST, "name the interface in each instance", WORDS("default_interface")},
    {LOST, LVS, WORDS("lvs_sync_daemon", "lvs_timeouts", "lvs_flush", "lvs_flush_on_stop")},
    {NOTE, UNUSED, WORDS("lvs_id")},
    {NOTE, GARP,
     WORDS("vrrp_garp_master_delay", "vrrp_garp_lower_prio_delay", "vrrp_garp_lower_prio_repeat",
           "vrrp_garp_master_refresh_repeat")},
    {LOST, SPACING, WORDS("vrrp_garp_interval", "vrrp_gna_interval")},
    {LOST, ONE_LINK, WORDS("vrrp_garp_extra_if")},
    {LOST, "three intervals and the skew time, as the RFC has it",
     WORDS("vrrp_down_timer_adverts")},
    {NOTE, RFC, WORDS("vrrp_lower_prio_no_advert", "vrrp_higher_prio_send_advert")},
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
           "bfd_cpu_affinity", "bfd_rt_priority", "bfd_rlimit_rttime")},
    {LOST, SNMP,
     WORDS("snmp_socket", "enable_snmp_vrrp", "enable_snmp_checker", "enable_snmp_rfc",
           "enable_snmp_rfcv2", "enable_snmp_rfcv3", "enable_traps")},
    {LOST, "there is no D-Bus service: vipctl and its socket take its place",
     WORDS("enable_dbus", "dbus_service_name")},
    {NOTE, "vipd runs as a user of its own, not as root", WORDS("enable_script_security")},
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
    {LOST, "vipd waits a master-down interval; for more, delay the start of its unit",
     WORDS("vrrp_startup_delay")},
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
    {NOTE, "vipd dumps no files: 'vipctl status --json'", WORDS("data_use_instance")},
    {NOTE, TUNING, WORDS("tmp_config_directory", "config_save_dir")},
    {LOST, CARRIER, WORDS("linkbeat_use_polling")},
    {DONE, NULL, NULL},
};

static const struct ruling instance_rulings[] = {
    {DONE, NULL,
     WORDS("interface", "state", "virtual_router_id", "priority", "advert_int", "version",
           "nopreempt", "preempt", "preempt_delay", "virtual_ipaddress",
           "virtual_ipaddress_excluded", "unicast_peer", "unicast_src_ip", "mcast_src_ip",
           "use_vmac", "vmac_xmit_base", "garp_master_repeat", "garp_master_refresh",
           "track_script", "track_interface", "track_file", "track_process", "track_bfd", "notify",
           "notify_master", "notify_backup", "notify_fault", "notify_stop", "down_timer_adverts",
           "strict_mode")},
    {LOST,
     "VRRP has had no authentication since RFC 3768: the password went over the wire readable by "
     "all. Keep strangers off the segment, or use unicast-peers. keepalived nodes ignore adverts "
     "without it: take it out of them before they run beside vipd, or both sides become master",
     WORDS("authentication")},
    {EACH, ROUTES, WORDS("virtual_routes", "virtual_rules")},
    {LOST, MAIL, WORDS("smtp_alert")},
    {LOST, "vipd always follows the carrier of its interface: without one it can reach nobody",
     WORDS("dont_track_primary")},
    {NOTE, "vipd always does: without the source it does not take part", WORDS("track_src_ip")},
    {LOST, "there is no hook for it; 'vipctl status NAME' counts them",
     WORDS("notify_master_rx_lower_pri")},
    {LOST, NO_HOOK, WORDS("notify_deleted")},
    {LOST, FIFO, WORDS("notify_priority_changes")},
    {NOTE, GARP,
     WORDS("garp_master_delay", "garp_lower_prio_delay", "garp_lower_prio_repeat",
           "garp_master_refresh_repeat")},
    {LOST, ONE_LINK, WORDS("garp_extra_if")},
    {NOTE, RFC, WORDS("lower_prio_no_advert", "higher_prio_send_advert")},
    {LOST, ONE_LINK, WORDS("use_vmac_addr")},
    {LOST, "vipd has no ipvlan: 'mac = virtual' is the nearest", WORDS("use_ipvlan")},
    {LOST, "vipd follows the interface given, in whatever VRF it is", WORDS("vrf")},
    {NOTE, "the addresses tell the family", WORDS("native_ipv6")},
    {LOST, "vipd sends to the groups of RFC 9568 only, or to unicast-peers", WORDS("mcast_dst_ip")},
    {NOTE, UNICAST, WORDS("check_unicast_src")},
    {NOTE, "vipd refuses unicast-peers without a peer", WORDS("unicast_fault_no_peer")},
    {LOST, "vipd sends with 255, as RFC 9568 wants it", WORDS("unicast_ttl")},
    {NOTE, "checksum = auto takes both forms and follows the peers", WORDS("old_unicast_checksum")},
    {LOST, "not set by vipd: net.ipv4.conf.INTERFACE.promote_secondaries = 1 in sysctl.d does it",
     WORDS("promote_secondaries")},
    {NOTE, "vipd always accepts packets to the virtual addresses", WORDS("accept")},
    {LOST, "vipd drops no packets to the virtual addresses: let the firewall do it",
     WORDS("no_accept")},
    {NOTE, TUNING, WORDS("skip_check_adv_addr")},
    {NOTE, UNUSED, WORDS("debug")},
    {NOTE, TUNING, WORDS("kernel_rx_buf_size")},
    {LOST, CARRIER, WORDS("linkbeat_use_polling")},
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
    {LOST, "one process is enough for a check of type process", WORDS("quorum", "quorum_max")},
    {LOST, "arguments of the process are not looked at", WORDS("param_match", "full_command")},
    {LOST, "rise and fall take its place", WORDS("fork_delay", "terminate_delay", "delay")},
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

static void tell_unknown(struct import *import, enum import_scope scope,
                         struct import_section *section, const struct keepalived_node *node)
{
    const char *names[WORDS_MAX];
    size_t count = 0;

    for (const struct ruling *r = scopes[scope].rulings; r->words != NULL; r++)
        for (const char *const *word = r->words; *word != NULL && count < WORDS_MAX; word++)
            names[count++] = *word;
    const char *near = suggest(node->words[0], names, count);
    IMPORT_ITEM(import, section, IMPORT_LOST, node, "not known as a word of %s%s%s%s",
                scopes[scope].name, near != NULL ? "; did it mean '" : "", near != NULL ? near : "",
                near != NULL ? "'?" : "");
}

static void tell_each(struct import *import, struct import_section *section,
                      const struct keepalived_node *block, const char *why)
{
    for (const struct keepalived_node *node = block->first; node != NULL; node = node->next) {
        const char *text = arena_print(import->arena, "%s: %s", block->words[0],
                                       keepalived_text(import->arena, node, 0));
        import_item_text(import->out, section, IMPORT_LOST, &node->place, text, why);
    }
}

size_t import_sort_out(struct import *import, enum import_scope scope,
                       struct import_section *section, const struct keepalived_node *block)
{
    size_t known = 0;

    for (const struct keepalived_node *node = block->first; node != NULL; node = node->next) {
        const struct ruling *ruling = find(scopes[scope].rulings, node->words[0]);

        known += ruling != NULL ? 1 : 0;
        if (ruling == NULL)
            tell_unknown(import, scope, section, node);
        else if (ruling->fate == EACH)
            tell_each(import, section, node, ruling->why);
        else if (ruling->fate != DONE)
            import_item(import->out, section, ruling->fate == LOST ? IMPORT_LOST : IMPORT_NOTE,
                        node, ruling->why);
    }
    return known;
}
