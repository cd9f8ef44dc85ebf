# fish completion for vipd-exporter

complete -c vipd-exporter -f
complete -c vipd-exporter -l listen -xa '127.0.0.1:9560\t"this machine only" :9560\t"every address" unix:/run/vipd-exporter/http\t"a unix socket"' -d 'where to listen'
complete -c vipd-exporter -l control -rF -d 'control socket'
complete -c vipd-exporter -l help -d 'print the options'
complete -c vipd-exporter -l version -d 'print the version'
