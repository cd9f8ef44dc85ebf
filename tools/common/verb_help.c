#include "tools/common/verb_help.h"

#include <stddef.h>
#include <string.h>

#define JSON          "  --json             print JSON, for scripts: fields are only ever added\n"
#define JSON_LINES    "  --json             print a JSON object a line, for scripts\n"
#define ALL_INSTANCES "  --all              every instance of this node\n"
#define CONFIG_DIR    "  --config-dir DIR   with the files DIR/*.conf (default: /etc/vipd/conf.d)\n"

static const struct {
    const char *verb;
    const char *text;
} texts[] = {
    {"status",
     JSON "  --all              counters that are zero, too\n"
          "  --check            what is not well, for monitoring; exit status 0 when all is\n"
          "                     fine, 1 with a warning, 2 when it is bad\n"
          "  --state            only MASTER, BACKUP or INIT, for scripts\n"
          "  INSTANCE           everything about this one, with its checks and counters\n"},
    {"why", JSON "  INSTANCE           which one\n"},
    {"watch", "  --interval DURATION  ask so often (default: 1s)\n"
              "  FILTER             show only lines with this text in them\n"},
    {"history", "  --since TIME       from then on: 15m, 2h, 3d ago, 14:03, \"2026-11-21 14:03\"\n"
                "  --count N          only the newest N\n"
                "  --follow           wait for more\n" JSON
                "  --state-dir DIR    where a vipd that does not run has left it\n"
                "                     (default: /var/lib/vipd)\n"
                "  INSTANCE           only this one's\n"},
    {"drain",
     "  --for TIME         come back by itself after that: 30m, 2h\n"
     "  --force            give the addresses up even when nobody takes them\n" JSON ALL_INSTANCES},
    {"resume", JSON ALL_INSTANCES},
    {"take", JSON},
    {"wait", "  --state STATE      MASTER (default), BACKUP or INIT, or several: MASTER,BACKUP\n"
             "  --timeout TIME     give up after that, exit status 1 (default: 30s)\n"
             "  --quiet            do not say what was reached\n" ALL_INSTANCES},
    {"reload", JSON "  --force            even if no instance is left then\n"
                    "  --dry-run          only say what it would change\n"},
    {"check", CONFIG_DIR JSON "  FILE               these files as one configuration\n"
                              "                     (default: /etc/vipd/vipd.conf and conf.d)\n"},
    {"capture", "  -r FILE            read a recording or a capture file; - is standard input\n"
                "  -i INTERFACE       listen on this one only (default: all)\n" JSON_LINES
                "  --all              ARP and neighbour discovery about other addresses, too\n"
                "  --count N          end after N frames\n"},
    {"decode",
     JSON_LINES "  --config FILE      judge as an instance of this configuration would\n"
                "  --instance NAME    which one\n"
                "  --marks FILE       sequences heard before: lines of ADDRESS and HEX\n"},
    {"keygen", "  -o FILE            write it there, for root and vipd alone to read; not over a\n"
               "                     file that is there\n"},
    {"import",
     JSON "  --config-id ID     decides lines for one node, which begin with @\n"
          "                     (default: first part of the host name)\n"
          "  -o FILE            write it there, not to standard output\n"
          "  --force            overwrite that file\n"
          "  --plan             print the steps of the migration instead: what to do on\n"
          "                     which node in which order, what to watch, how to go back\n"
          "  FILE               what to read (default: /etc/keepalived/keepalived.conf)\n"},
    {"doctor",
     "  --config FILE      the configuration (default: that of the running vipd)\n" CONFIG_DIR
     "  --listen DURATION  hear what is on the wire so long, at most 5s; 0: not at all\n" JSON
     "  --verbose          what is good, too\n"},
    {"version", JSON},
};

const char *verb_help(const char *verb)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (strcmp(texts[i].verb, verb) == 0)
            return texts[i].text;
    return "";
}
