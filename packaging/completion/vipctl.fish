# fish completion for vipctl

function __vipctl_instances
    vipctl status --json 2>/dev/null | string replace -rf '^      "name": "(.*)",$' '$1'
end

# __vipctl_has VERB...: one of them has been typed.
function __vipctl_has
    __fish_seen_subcommand_from $argv
end

complete -c vipctl -f
complete -c vipctl -n __fish_use_subcommand -l control -rF -d 'control socket'
complete -c vipctl -n __fish_use_subcommand -l version -d 'print the version'
complete -c vipctl -l help -s h -d 'print the usage and the options'
complete -c vipctl -n __fish_use_subcommand -a status -d 'who is master of what, and why'
complete -c vipctl -n __fish_use_subcommand -a why -d 'why it is in its state, and why it last failed over'
complete -c vipctl -n __fish_use_subcommand -a watch -d 'status and transitions as they happen'
complete -c vipctl -n __fish_use_subcommand -a history -d 'every transition with its reason and evidence'
complete -c vipctl -n __fish_use_subcommand -a drain -d 'give mastership away, and stay away'
complete -c vipctl -n __fish_use_subcommand -a resume -d 'end a drain'
complete -c vipctl -n __fish_use_subcommand -a take -d 'ask for mastership now, once'
complete -c vipctl -n __fish_use_subcommand -a wait -d 'until it is MASTER, or in another state'
complete -c vipctl -n __fish_use_subcommand -a reload -d 'have vipd read its configuration again'
complete -c vipctl -n __fish_use_subcommand -a check -d 'find problems in a configuration'
complete -c vipctl -n __fish_use_subcommand -a capture -d 'adverts, ARP and neighbour discovery'
complete -c vipctl -n __fish_use_subcommand -a decode -d 'explain hex IP packets from standard input'
complete -c vipctl -n __fish_use_subcommand -a keygen -d 'make a key for auth-key'
complete -c vipctl -n __fish_use_subcommand -a import -d 'make a vipd.conf of a keepalived configuration'
complete -c vipctl -n __fish_use_subcommand -a doctor -d 'examine this node and say what will bite'
complete -c vipctl -n __fish_use_subcommand -a version -d 'versions of vipctl and of the running vipd'

complete -c vipctl -n '__vipctl_has status why watch history drain resume take wait' -a '(__vipctl_instances)'
complete -c vipctl -n '__vipctl_has check import' -F
complete -c vipctl -n '__vipctl_has status why history drain resume take reload check capture decode import doctor version' -l json -d 'print JSON, for scripts'
complete -c vipctl -n '__vipctl_has status' -l all -d 'counters that are zero, too'
complete -c vipctl -n '__vipctl_has status' -l check -d 'what is not well, for monitoring'
complete -c vipctl -n '__vipctl_has status' -l state -d 'only the state, for scripts'
complete -c vipctl -n '__vipctl_has watch' -l interval -xa '200ms 1s 5s' -d 'ask so often'
complete -c vipctl -n '__vipctl_has history' -l since -xa '15m 1h 1d 7d' -d 'from then on'
complete -c vipctl -n '__vipctl_has history' -l count -x -d 'only the newest'
complete -c vipctl -n '__vipctl_has history' -l follow -d 'wait for more'
complete -c vipctl -n '__vipctl_has history' -l state-dir -xa '(__fish_complete_directories)' -d 'of a vipd that does not run'
complete -c vipctl -n '__vipctl_has drain' -l for -xa '15m 1h 2h' -d 'come back after that'
complete -c vipctl -n '__vipctl_has drain' -l force -d 'even when nobody takes over'
complete -c vipctl -n '__vipctl_has drain resume wait' -l all -d 'every instance'
complete -c vipctl -n '__vipctl_has wait' -l state -xa 'MASTER BACKUP INIT MASTER,BACKUP' -d 'which one'
complete -c vipctl -n '__vipctl_has wait' -l timeout -xa '10s 30s 2m' -d 'give up after that'
complete -c vipctl -n '__vipctl_has wait' -l quiet -d 'do not say what was reached'
complete -c vipctl -n '__vipctl_has check doctor' -l config-dir -xa '(__fish_complete_directories)' -d 'directory of more files'
complete -c vipctl -n '__vipctl_has capture' -s r -rF -d 'read a recording'
complete -c vipctl -n '__vipctl_has capture' -s i -xa '(__fish_print_interfaces)' -d 'listen on one interface'
complete -c vipctl -n '__vipctl_has capture' -l all -d 'ARP and neighbour discovery about other addresses, too'
complete -c vipctl -n '__vipctl_has capture' -l count -x -d 'end after so many frames'
complete -c vipctl -n '__vipctl_has decode' -l config -rF -d 'judge as an instance would'
complete -c vipctl -n '__vipctl_has decode' -l instance -x -d 'which one'
complete -c vipctl -n '__vipctl_has decode' -l marks -rF -d 'sequences heard before'
complete -c vipctl -n '__vipctl_has keygen' -s o -rF -d 'write it there'
complete -c vipctl -n '__vipctl_has import' -l config-id -x -d 'decides lines for one node'
complete -c vipctl -n '__vipctl_has import' -l plan -d 'print the steps of the migration'
complete -c vipctl -n '__vipctl_has import' -s o -rF -d 'write it there'
complete -c vipctl -n '__vipctl_has import' -l force -d 'overwrite that file'
complete -c vipctl -n '__vipctl_has reload' -l force -d 'even if no instance is left'
complete -c vipctl -n '__vipctl_has reload' -l dry-run -d 'only say what it would change'
complete -c vipctl -n '__vipctl_has doctor' -l config -rF -d 'the configuration'
complete -c vipctl -n '__vipctl_has doctor' -l listen -xa '200ms 1s 5s' -d 'hear so long what is on the wire'
complete -c vipctl -n '__vipctl_has doctor' -l verbose -d 'what is good, too'
