/*
 * What becomes of each word of keepalived.conf(5). Words that are carried over are read by the
 * file named in their group; the others have the reason, and what to do, here.
 */
#include "lib/config/suggest.h"
#include "tools/import/import.h"

#include <string.h>

enum fate {
    DONE = 0, /* read elsewhere */
    NOTE,     /* not needed */
    LOST,
    EACH, /* LOST, each statement of the block for itself */
};

struct word {
    const char *word;
    enum fate fate;
    const char *why;
};

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
#define STRICT                                                                                     \
    "vipd's 'strict' is not the same, and vipd drops no packets to the virtual addresses as this " \
    "one does: let the firewall do it where that was wanted"
#define BFD "vipd has no BFD: a check of type exec can ask the daemon that has it"

static const struct word file_words[] = {
    {"global_defs", DONE, NULL},
    {"vrrp_instance", DONE, NULL},
    {"vrrp_sync_group", DONE, NULL},
    {"vrrp_script", DONE, NULL},
    {"vrrp_track_process", DONE, NULL},
    {"track_file", DONE, NULL},
    {"vrrp_track_file", DONE, NULL},
    {"track_group", LOST, "it is about static addresses and routes, which vipd does not set"},
    {"static_ipaddress", EACH, STATIC},
    {"static_routes", EACH, STATIC},
    {"static_rules", EACH, STATIC},
    {"virtual_server", LOST, LVS},
    {"virtual_server_group", LOST, LVS},
    {"SSL", LOST, LVS},
    {"garp_group", LOST, "announcements cannot be slowed down by interface"},
    {"bfd_instance", LOST, BFD},
    {"linkbeat_interfaces", LOST, "vipd takes the carrier from the kernel and polls no hardware"},
    {"linkbeat_use_polling", LOST, "vipd takes the carrier from the kernel and polls no hardware"},
    {"interface_up_down_delays", LOST, "vipd acts on a lost carrier at once"},
    {"net_namespace", LOST, NAMESPACE},
    {"net_namespace_ipvs", LOST, LVS},
    {"namespace_with_ipsets", NOTE, FIREWALL},
    {"instance", LOST, "several vipd on one machine differ by --control and --state-dir"},
    {"use_pid_dir", NOTE, "not needed: vipd writes no pid file"},
    {"child_wait_time", NOTE, TUNING},
    {NULL, DONE, NULL},
};

static const struct word global_words[] = {
    {"router_id", DONE, NULL},
    {"vrrp_version", DONE, NULL},
    {"vrrp_garp_master_repeat", DONE, NULL},
    {"vrrp_garp_master_refresh", DONE, NULL},
    {"vrrp_min_garp", DONE, NULL},
    {"vrrp_strict", DONE, NULL},
    {"script_user", DONE, NULL},
    {"vrrp_mcast_group4", DONE, NULL},
    {"vrrp_mcast_group6", DONE, NULL},
    {"notification_email", LOST, MAIL},
    {"notification_email_from", LOST, MAIL},
    {"smtp_server", LOST, MAIL},
    {"smtp_helo_name", LOST, MAIL},
    {"smtp_connect_timeout", LOST, MAIL},
    {"smtp_alert", LOST, MAIL},
    {"smtp_alert_vrrp", LOST, MAIL},
    {"smtp_alert_checker", LOST, MAIL},
    {"no_email_faults", NOTE, MAIL},
    {"no_checker_emails", NOTE, MAIL},
    {"checker_log_all_failures", LOST, LVS},
    {"startup_script", LOST, "ExecStartPre= of vipd's unit does that"},
    {"startup_script_timeout", LOST, "ExecStartPre= of vipd's unit does that"},
    {"shutdown_script", LOST, "ExecStopPost= of vipd's unit does that"},
    {"shutdown_script_timeout", LOST, "ExecStopPost= of vipd's unit does that"},
    {"default_interface", LOST, "name the interface in each instance"},
    {"lvs_sync_daemon", LOST, LVS},
    {"lvs_timeouts", LOST, LVS},
    {"lvs_flush", LOST, LVS},
    {"lvs_flush_on_stop", LOST, LVS},
    {"lvs_id", NOTE, "not used by keepalived either"},
    {"vrrp_garp_master_delay", NOTE, GARP},
    {"vrrp_garp_lower_prio_delay", NOTE, GARP},
    {"vrrp_garp_lower_prio_repeat", NOTE, GARP},
    {"vrrp_garp_master_refresh_repeat", NOTE, GARP},
    {"vrrp_garp_interval", LOST, "announcements cannot be slowed down by interface"},
    {"vrrp_gna_interval", LOST, "announcements cannot be slowed down by interface"},
    {"vrrp_garp_extra_if", LOST, "all addresses of an instance are on its own interface"},
    {"vrrp_down_timer_adverts", LOST, "three intervals and the skew time, as the RFC has it"},
    {"vrrp_lower_prio_no_advert", NOTE, RFC},
    {"vrrp_higher_prio_send_advert", NOTE, RFC},
    {"vrrp_iptables", NOTE, FIREWALL},
    {"vrrp_ipsets", NOTE, FIREWALL},
    {"nftables", NOTE, FIREWALL},
    {"nftables_priority", NOTE, FIREWALL},
    {"nftables_counters", NOTE, FIREWALL},
    {"nftables_ifindex", NOTE, FIREWALL},
    {"nftables_ipvs", LOST, LVS},
    {"nftables_ipvs_priority", LOST, LVS},
    {"nftables_ipvs_start_fwmark", LOST, LVS},
    {"disable_local_igmp", NOTE, TUNING},
    {"vrrp_check_unicast_src", NOTE, "vipd always does: adverts count from unicast-peers alone"},
    {"vrrp_skip_check_adv_addr", NOTE, TUNING},
    {"vrrp_notify_priority_changes", LOST, FIFO},
    {"max_auto_priority", NOTE, REALTIME},
    {"min_auto_priority_delay", NOTE, REALTIME},
    {"vrrp_priority", NOTE, REALTIME},
    {"vrrp_no_swap", NOTE, REALTIME},
    {"vrrp_rt_priority", NOTE, REALTIME},
    {"vrrp_rlimit_rttime", NOTE, REALTIME},
    {"vrrp_rlimit_rtime", NOTE, REALTIME},
    {"vrrp_cpu_affinity", LOST, "CPUAffinity= of vipd's unit does that"},
    {"vrrp_process_name", NOTE, PROCESSES},
    {"process_name", NOTE, PROCESSES},
    {"process_names", NOTE, PROCESSES},
    {"checker_process_name", NOTE, PROCESSES},
    {"checker_priority", NOTE, PROCESSES},
    {"checker_no_swap", NOTE, PROCESSES},
    {"checker_cpu_affinity", NOTE, PROCESSES},
    {"checker_rt_priority", NOTE, PROCESSES},
    {"checker_rlimit_rttime", NOTE, PROCESSES},
    {"bfd_process_name", NOTE, PROCESSES},
    {"bfd_priority", NOTE, PROCESSES},
    {"bfd_no_swap", NOTE, PROCESSES},
    {"bfd_cpu_affinity", NOTE, PROCESSES},
    {"bfd_rt_priority", NOTE, PROCESSES},
    {"bfd_rlimit_rttime", NOTE, PROCESSES},
    {"snmp_socket", LOST, SNMP},
    {"enable_snmp_vrrp", LOST, SNMP},
    {"enable_snmp_checker", LOST, SNMP},
    {"enable_snmp_rfc", LOST, SNMP},
    {"enable_snmp_rfcv2", LOST, SNMP},
    {"enable_snmp_rfcv3", LOST, SNMP},
    {"enable_traps", LOST, SNMP},
    {"enable_dbus", LOST, "there is no D-Bus service: vipctl and its socket take its place"},
    {"dbus_service_name", LOST, "there is no D-Bus service: vipctl and its socket take its place"},
    {"enable_script_security", NOTE, "vipd runs as a user of its own, not as root"},
    {"notify_fifo", LOST, FIFO},
    {"notify_fifo_script", LOST, FIFO},
    {"vrrp_notify_fifo", LOST, FIFO},
    {"vrrp_notify_fifo_script", LOST, FIFO},
    {"lvs_notify_fifo", LOST, LVS},
    {"lvs_notify_fifo_script", LOST, LVS},
    {"fifo_write_vrrp_states_on_reload", NOTE, FIFO},
    {"dynamic_interfaces", NOTE, "not needed: vipd waits for interfaces and follows them"},
    {"vrrp_netlink_cmd_rcv_bufs", NOTE, TUNING},
    {"vrrp_netlink_cmd_rcv_bufs_force", NOTE, TUNING},
    {"vrrp_netlink_monitor_rcv_bufs", NOTE, TUNING},
    {"vrrp_netlink_monitor_rcv_bufs_force", NOTE, TUNING},
    {"lvs_netlink_cmd_rcv_bufs", NOTE, LVS},
    {"lvs_netlink_cmd_rcv_bufs_force", NOTE, LVS},
    {"lvs_netlink_monitor_rcv_bufs", NOTE, LVS},
    {"lvs_netlink_monitor_rcv_bufs_force", NOTE, LVS},
    {"process_monitor_rcv_bufs", NOTE, TUNING},
    {"process_monitor_rcv_bufs_force", NOTE, TUNING},
    {"vrrp_rx_bufs_policy", NOTE, TUNING},
    {"vrrp_rx_bufs_multiplier", NOTE, TUNING},
    {"rs_init_notifies", LOST, LVS},
    {"umask", LOST, "UMask= of vipd's unit does that"},
    {"vrrp_startup_delay", LOST,
     "vipd waits a master-down interval; for more, delay the start of its unit"},
    {"log_unknown_vrids", NOTE, "'vipctl status NAME' counts refused adverts by reason"},
    {"vmac_prefix", NOTE, "vipd names the interfaces of virtual MACs itself"},
    {"vmac_addr_prefix", NOTE, "vipd names the interfaces of virtual MACs itself"},
    {"random_seed", NOTE, TUNING},
    {"reload_check_config", NOTE,
     "vipd always reads all of it first and keeps what runs on errors"},
    {"include_check", NOTE, "it is about keepalived's own includes"},
    {"reload_time_file", LOST, "a timer of systemd can run 'vipctl reload'"},
    {"reload_repeat", LOST, "a timer of systemd can run 'vipctl reload'"},
    {"reload_file", NOTE, "write new files beside and rename them"},
    {"data_use_instance", NOTE, "vipd dumps no files: 'vipctl status --json'"},
    {"tmp_config_directory", NOTE, TUNING},
    {"config_save_dir", NOTE, TUNING},
    {"linkbeat_use_polling", LOST, "vipd takes the carrier from the kernel and polls no hardware"},
    {NULL, DONE, NULL},
};

static const struct word instance_words[] = {
    {"interface", DONE, NULL},
    {"state", DONE, NULL},
    {"virtual_router_id", DONE, NULL},
    {"priority", DONE, NULL},
    {"advert_int", DONE, NULL},
    {"version", DONE, NULL},
    {"nopreempt", DONE, NULL},
    {"preempt", DONE, NULL},
    {"preempt_delay", DONE, NULL},
    {"virtual_ipaddress", DONE, NULL},
    {"virtual_ipaddress_excluded", DONE, NULL},
    {"unicast_peer", DONE, NULL},
    {"unicast_src_ip", DONE, NULL},
    {"mcast_src_ip", DONE, NULL},
    {"use_vmac", DONE, NULL},
    {"vmac_xmit_base", DONE, NULL},
    {"garp_master_repeat", DONE, NULL},
    {"garp_master_refresh", DONE, NULL},
    {"track_script", DONE, NULL},
    {"track_interface", DONE, NULL},
    {"track_file", DONE, NULL},
    {"track_process", DONE, NULL},
    {"track_bfd", DONE, NULL},
    {"notify", DONE, NULL},
    {"notify_master", DONE, NULL},
    {"notify_backup", DONE, NULL},
    {"notify_fault", DONE, NULL},
    {"notify_stop", DONE, NULL},
    {"down_timer_adverts", DONE, NULL},
    {"strict_mode", DONE, NULL},
    {"authentication", LOST,
     "VRRP has had no authentication since RFC 3768: the password went over the wire readable by "
     "all. Keep strangers off the segment, or use unicast-peers. keepalived nodes ignore adverts "
     "without it: take it out of them before they run beside vipd, or both sides become master"},
    {"virtual_routes", EACH, ROUTES},
    {"virtual_rules", EACH, ROUTES},
    {"smtp_alert", LOST, MAIL},
    {"dont_track_primary", LOST,
     "vipd always follows the carrier of its interface: without one it can reach nobody"},
    {"track_src_ip", NOTE, "vipd always does: without the source it does not take part"},
    {"notify_master_rx_lower_pri", LOST,
     "there is no hook for it; 'vipctl status NAME' counts them"},
    {"notify_deleted", LOST, "there is no hook for it: on-init is run when an instance ends"},
    {"notify_priority_changes", LOST, FIFO},
    {"garp_master_delay", NOTE, GARP},
    {"garp_lower_prio_delay", NOTE, GARP},
    {"garp_lower_prio_repeat", NOTE, GARP},
    {"garp_master_refresh_repeat", NOTE, GARP},
    {"garp_extra_if", LOST, "all addresses of an instance are on its own interface"},
    {"lower_prio_no_advert", NOTE, RFC},
    {"higher_prio_send_advert", NOTE, RFC},
    {"use_vmac_addr", LOST, "all addresses of an instance are on its own interface"},
    {"use_ipvlan", LOST, "vipd has no ipvlan: 'mac = virtual' is the nearest"},
    {"vrf", LOST, "vipd follows the interface given, in whatever VRF it is"},
    {"native_ipv6", NOTE, "the addresses tell the family"},
    {"mcast_dst_ip", LOST, "vipd sends to the groups of RFC 9568 only, or to unicast-peers"},
    {"check_unicast_src", NOTE, "vipd always does: adverts count from unicast-peers alone"},
    {"unicast_fault_no_peer", NOTE, "vipd refuses unicast-peers without a peer"},
    {"unicast_ttl", LOST, "vipd sends with 255, as RFC 9568 wants it"},
    {"old_unicast_checksum", NOTE, "checksum = auto takes both forms and follows the peers"},
    {"promote_secondaries", LOST,
     "not set by vipd: net.ipv4.conf.INTERFACE.promote_secondaries = 1 in sysctl.d does it"},
    {"accept", NOTE, "vipd always accepts packets to the virtual addresses"},
    {"no_accept", LOST, "vipd drops no packets to the virtual addresses: let the firewall do it"},
    {"skip_check_adv_addr", NOTE, TUNING},
    {"debug", NOTE, "not used by keepalived either"},
    {"kernel_rx_buf_size", NOTE, TUNING},
    {"linkbeat_use_polling", LOST, "vipd takes the carrier from the kernel and polls no hardware"},
    {"lvs_sync_daemon_interface", LOST, LVS},
    {NULL, DONE, NULL},
};

static const struct word group_words[] = {
    {"group", DONE, NULL},
    {"track_script", DONE, NULL},
    {"track_interface", DONE, NULL},
    {"track_file", DONE, NULL},
    {"track_process", DONE, NULL},
    {"track_bfd", DONE, NULL},
    {"notify", DONE, NULL},
    {"notify_master", DONE, NULL},
    {"notify_backup", DONE, NULL},
    {"notify_fault", DONE, NULL},
    {"notify_stop", DONE, NULL},
    {"notify_deleted", LOST, "there is no hook for it: on-init is run when an instance ends"},
    {"notify_priority_changes", LOST, FIFO},
    {"smtp_alert", LOST, MAIL},
    {"global_tracking", NOTE, "old and without effect in keepalived"},
    {"sync_group_tracking_weight", DONE, NULL},
    {NULL, DONE, NULL},
};

static const struct word script_words[] = {
    {"script", DONE, NULL}, {"interval", DONE, NULL},  {"timeout", DONE, NULL},
    {"weight", DONE, NULL}, {"rise", DONE, NULL},      {"fall", DONE, NULL},
    {"user", DONE, NULL},   {"init_fail", DONE, NULL}, {NULL, DONE, NULL},
};

static const struct word process_words[] = {
    {"process", DONE, NULL},
    {"weight", DONE, NULL},
    {"quorum", LOST, "one process is enough for a check of type process"},
    {"quorum_max", LOST, "one process is enough for a check of type process"},
    {"param_match", LOST, "arguments of the process are not looked at"},
    {"full_command", LOST, "arguments of the process are not looked at"},
    {"fork_delay", LOST, "rise and fall take its place"},
    {"terminate_delay", LOST, "rise and fall take its place"},
    {"delay", LOST, "rise and fall take its place"},
    {NULL, DONE, NULL},
};

static const struct word track_file_words[] = {
    {"file", DONE, NULL},
    {"weight", DONE, NULL},
    {"init_file", LOST, "vipd does not write it: tmpfiles.d can"},
    {NULL, DONE, NULL},
};

static const struct {
    const struct word *words;
    const char *name;
} scopes[] = {
    [SCOPE_FILE] = {file_words, "a keepalived configuration"},
    [SCOPE_GLOBAL] = {global_words, "global_defs"},
    [SCOPE_INSTANCE] = {instance_words, "vrrp_instance"},
    [SCOPE_GROUP] = {group_words, "vrrp_sync_group"},
    [SCOPE_SCRIPT] = {script_words, "vrrp_script"},
    [SCOPE_PROCESS] = {process_words, "vrrp_track_process"},
    [SCOPE_TRACK_FILE] = {track_file_words, "track_file"},
};

static const struct word *find(const struct word *words, const char *text)
{
    while (words->word != NULL && strcmp(words->word, text) != 0)
        words++;
    return words->word != NULL ? words : NULL;
}

static void tell_unknown(struct import *import, enum import_scope scope,
                         struct import_section *section, const struct keepalived_node *node)
{
    const char *names[256];
    size_t count = 0;

    for (const struct word *w = scopes[scope].words; w->word != NULL && count < 256; w++)
        names[count++] = w->word;
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
        const struct word *word = find(scopes[scope].words, node->words[0]);

        known += word != NULL ? 1 : 0;
        if (word == NULL)
            tell_unknown(import, scope, section, node);
        else if (word->fate == EACH)
            tell_each(import, section, node, word->why);
        else if (word->fate != DONE)
            import_item(import->out, section, word->fate == LOST ? IMPORT_LOST : IMPORT_NOTE, node,
                        word->why);
    }
    return known;
}
