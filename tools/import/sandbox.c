/* What the unit stops: see sandbox.h. A script is read line by line, with a look at the words where
 * a command may stand; what it calls in turn is not followed. */
#include "tools/import/sandbox.h"

#include "tools/common/read_file.h"
#include "tools/import/users.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRIPT_BYTES_MAX = 256 * 1024, PATH_BYTES = 256, WORD_BYTES = 64, SHOWN_MAX = 8 };

#define PRIVILEGES "the unit permits no new privileges and gives programs no capability"
#define HIDDEN                                                                                     \
    "the unit hides the processes of other users: a check of type process (or unit) looks for "    \
    "one, "                                                                                        \
    "or a drop-in with ProtectProc=default shows them"
#define STARTS    "starting and stopping units takes root or polkit: 'systemd-target = yes' does that"
#define LOGIN     "it logs in as the user vipd, where keepalived's root needed no password"
#define MEMORY    "the unit denies executable memory, which it needs (MemoryDenyWriteExecute=)"
#define ROOT_KEYS "root's keys and settings are under /root, which the unit hides"
#define SOCKET    "its socket belongs to root: a check of type http or unit asks without it"

#define COMMANDS(...)                                                                              \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

/* Commands that do not do here what they did for root. */
static const struct limit {
    const char *const *commands;
    const char *unless; /* words behind that need nothing, "|" around each; NULL: none */
    const char *why;
    bool sockets; /* it minds only where it names their processes */
} limits[] = {
    {COMMANDS("sudo", "su", "doas", "pkexec", "runuser", "setpriv"), NULL, PRIVILEGES},
    {COMMANDS("systemctl"),
     "|is-active|is-enabled|is-failed|is-system-running|status|show|cat|list-units|", STARTS},
    {COMMANDS("service", "rc-service", "initctl", "invoke-rc.d"), NULL, STARTS},
    {COMMANDS("pgrep", "pidof", "pkill", "killall", "killall5", "ps", "fuser", "lsof"), NULL,
     HIDDEN},
    {COMMANDS("netstat", "ss"), NULL, HIDDEN, .sockets = true},
    {COMMANDS("ip"), NULL, PRIVILEGES},
    {COMMANDS("ifconfig", "route", "arping", "ndsend", "ip6tables", "iptables", "nft", "ipset",
              "ipvsadm", "conntrack", "conntrackd", "sysctl", "modprobe", "mount", "umount", "tc",
              "brctl", "bridge", "ifup", "ifdown", "tcpdump", "ethtool", "iptables-restore"),
     NULL, PRIVILEGES},
    {COMMANDS("mysql", "mysqladmin", "mariadb", "mariadb-admin", "psql", "pg_isready"), NULL,
     LOGIN},
    {COMMANDS("docker", "podman", "crictl", "ctr", "kubectl", "lxc", "virsh"), NULL, SOCKET},
    {COMMANDS("mail", "mailx", "sendmail", "mutt", "msmtp"), NULL,
     "programs that send mail change their user or group, and " PRIVILEGES},
    {COMMANDS("ssh", "scp", "sftp", "rsync"), NULL, ROOT_KEYS},
    {COMMANDS("java", "node", "nodejs", "luajit", "pwsh", "dotnet", "mono"), NULL, MEMORY},
    {COMMANDS("tee", "touch", "mkdir", "cp", "mv", "ln", "rm", "install", "sed"),
     "|-n|-e|-E|-r|-s|", "the unit's file system is read-only (ReadWritePaths= opens parts of it)"},
};

/* Paths that a program under the unit does not have. */
static const struct {
    const char *path;
    const char *why;
} places[] = {
    {"/root/", "the unit hides /root (ProtectHome=)"},
    {"/home/", "the unit hides /home (ProtectHome=)"},
    {"/run/user/", "the unit hides /run/user (ProtectHome=)"},
    {"/tmp/", "the unit has a /tmp of its own (PrivateTmp=)"},
    {"/var/tmp/", "the unit has a /var/tmp of its own (PrivateTmp=)"},
};

struct look {
    struct import *import;
    struct import_section *section;
    const struct program *program;
    const char *script; /* NULL: the command itself is looked at */
    unsigned line;
    unsigned found;
    const char *seen[SHOWN_MAX]; /* once for each command or place */
};

static void tell(struct look *look, const char *what, const char *why)
{
    for (unsigned i = 0; i < look->found; i++) {
        if (strcmp(look->seen[i], what) == 0)
            return;
    }
    if (look->found == SHOWN_MAX)
        return;
    look->seen[look->found++] = arena_copy(look->import->arena, what);
    const char *where = look->script == NULL ? ""
                                             : arena_print(look->import->arena, " (%s, line %u)",
                                                           look->script, look->line);
    IMPORT_ITEM(look->import, look->section, IMPORT_FAILOVER, look->program->node, "%s%s: %s", what,
                where, why);
}

static const char shells[] = "|sh|bash|dash|ksh|zsh|";

static const char *base_name(const char *word)
{
    const char *slash = strrchr(word, '/');

    return slash != NULL ? slash + 1 : word;
}

static const struct limit *limit_of(const char *command)
{
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        for (const char *const *c = limits[i].commands; *c != NULL; c++) {
            if (strcmp(*c, command) == 0)
                return &limits[i];
        }
    }
    return NULL;
}

static bool is_among(const char *list, const char *word)
{
    char wanted[WORD_BYTES + 2];

    snprintf(wanted, sizeof(wanted), "|%s|", word);
    return strstr(list, wanted) != NULL;
}

static bool ends_word(char c)
{
    return c == '\0' || isspace((unsigned char)c) || strchr(";|&(){}<>`\"'$", c) != NULL;
}

/* The word at `text`, without what a shell makes of it. Returns behind it. */
static const char *take_word(const char *text, char *word)
{
    size_t length = 0;

    while (!ends_word(*text)) {
        if (length < WORD_BYTES - 1)
            word[length++] = *text;
        text++;
    }
    word[length] = '\0';
    return text;
}

/* `ip` asks or changes: that stands in the word behind the object. */
static bool ip_changes(const char *rest)
{
    static const char *const words[] = {" add ",   " del ", " delete ", " replace ", " change ",
                                        " flush ", " set ", " append ", " change "};
    size_t length = strcspn(rest, ";|&\n");

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const char *at = strstr(rest, words[i]);

        if (at != NULL && (size_t)(at - rest) < length)
            return true;
    }
    return false;
}

/* `netstat -tlnp`, `ss --processes`: sockets alone are there for all to see. */
static bool names_processes(const char *rest)
{
    const char *end = rest + strcspn(rest, ";|&\n");

    for (const char *at = rest; at < end; at += strcspn(at, " \t;|&\n")) {
        at += strspn(at, " \t");
        bool is_long = strncmp(at, "--", 2) == 0;
        size_t length = strcspn(at, " \t;|&\n");

        if (is_long ? strncmp(at, "--pro", 5) == 0
                    : at[0] == '-' && memchr(at, 'p', length) != NULL)
            return true;
        if (length == 0)
            break;
    }
    return false;
}

/* A word where a command may stand; rest: what is behind it. */
static void judge_command(struct look *look, const char *word, const char *rest)
{
    const struct limit *limit = limit_of(base_name(word));
    char next[WORD_BYTES];

    if (limit == NULL)
        return;
    rest += strspn(rest, " \t");
    take_word(rest, next);
    if (strcmp(base_name(word), "ip") == 0) {
        if (ip_changes(rest))
            tell(look, "'ip'", PRIVILEGES);
        return;
    }
    if (limit->sockets && !names_processes(rest))
        return;
    if (limit->unless != NULL && is_among(limit->unless, next))
        return;
    /* systemctl --quiet is-active: an option says nothing of what is asked. */
    if (strcmp(base_name(word), "systemctl") == 0 && next[0] == '-' &&
        strstr(rest, "is-active") != NULL)
        return;
    tell(look, arena_print(look->import->arena, "'%s'", base_name(word)), limit->why);
}

/* Paths, wherever they stand. */
static void judge_places(struct look *look, const char *text)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const char *at = strstr(text, places[i].path);

        if (at == NULL || (at > text && (isalnum((unsigned char)at[-1]) || at[-1] == '/')))
            continue;
        char path[PATH_BYTES];
        size_t length = strcspn(at, " \t;|&()<>`\"'");
        snprintf(path, sizeof(path), "'%.*s'", (int)length, at);
        tell(look, path, places[i].why);
    }
}

/* Redirections into files. */
static void judge_writing(struct look *look, const char *text)
{
    for (const char *at = strchr(text, '>'); at != NULL; at = strchr(at, '>')) {
        char path[PATH_BYTES];

        at += strspn(at, ">");
        at += strspn(at, " \t\"'");
        if (*at != '/' || strncmp(at, "/dev/", 5) == 0 || strncmp(at, "/tmp/", 5) == 0)
            continue;
        snprintf(path, sizeof(path), "'> %.*s'", (int)strcspn(at, " \t;|&()<>`\"'"), at);
        tell(look, path, "the unit's file system is read-only (ReadWritePaths= opens parts of it)");
    }
}

/* Words behind which a command begins. */
static bool leads(const char *word)
{
    static const char *const words[] = {"if",   "then",  "else",    "elif", "while", "until", "do",
                                        "exec", "nohup", "command", "time", "env",   "!"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], word) == 0)
            return true;
    }
    return strchr(word, '=') != NULL;
}

/* `timeout 3 COMMAND`: options and numbers stand between. */
static bool leads_behind_options(const char *word)
{
    static const char commands[] = "|timeout|nice|ionice|setsid|stdbuf|xargs|chrt|flock|";

    return is_among(commands, base_name(word));
}

static bool is_option_or_number(const char *word)
{
    return word[0] == '-' || isdigit((unsigned char)word[0]);
}

/* The `-c` of `sh -c 'COMMAND'`. */
static bool is_shell_option(const char *word)
{
    return word[0] == '-' && word[1] != '-' && strchr(word, 'c') != NULL;
}

static void judge_line(struct look *look, const char *text)
{
    bool expected = true; /* a command */
    bool between = false; /* a command that runs another, and the other */
    bool shell = false;   /* the last command was one */

    judge_places(look, text);
    judge_writing(look, text);
    while (*text != '\0') {
        char word[WORD_BYTES];

        if (isspace((unsigned char)*text)) {
            text++;
            continue;
        }
        if (ends_word(*text)) {
            expected = expected || strchr(";|&({`", *text) != NULL;
            text++;
            continue;
        }
        text = take_word(text, word);
        if (!expected) {
            expected = shell && is_shell_option(word);
            continue;
        }
        if (between && is_option_or_number(word))
            continue;
        judge_command(look, word, text);
        shell = is_among(shells, base_name(word));
        between = leads_behind_options(word);
        expected = between || leads(word);
    }
}

/* True when its first line names a shell, or nothing. */
static bool is_shell(const char *text)
{
    char line[PATH_BYTES];

    if (strncmp(text, "#!", 2) != 0)
        return true;
    snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
    return strstr(line, "sh") != NULL;
}

static void judge_script(struct look *look, char *text)
{
    char *rest = text;
    char *line = NULL;

    look->line = 0;
    while ((line = strsep(&rest, "\n")) != NULL) {
        look->line++;
        line += strspn(line, " \t");
        if (*line != '#')
            judge_line(look, line);
    }
}

/* The program that the first line names: "#!/usr/bin/env node". */
static void judge_interpreter(struct look *look, const char *text)
{
    char word[WORD_BYTES];

    if (strncmp(text, "#!", 2) != 0)
        return;
    look->line = 1;
    text = take_word(text + 2 + strspn(text + 2, " \t"), word);
    if (strcmp(base_name(word), "env") == 0)
        take_word(text + strspn(text, " \t"), word);
    judge_command(look, word, "");
}

/* True when others than its owner may get at it and run it. */
static bool others_may(struct import *import, const char *path, mode_t wanted)
{
    struct stat status;
    char *copy = arena_copy(import->arena, path);

    if (stat(path, &status) != 0 || (status.st_mode & wanted) != wanted)
        return false;
    for (char *slash = strrchr(copy, '/'); slash != NULL && slash != copy;
         slash = strrchr(copy, '/')) {
        *slash = '\0';
        if (stat(copy, &status) != 0 || (status.st_mode & S_IXOTH) == 0)
            return false;
    }
    return true;
}

/* The file of the program, as far as it can be read. */
static void judge_file(struct look *look, const char *path, bool looked_for)
{
    struct stat status;
    char error[128];

    if (stat(path, &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            tell(look, "the program",
                 looked_for ? "there is no such file on this machine, so that it was not looked "
                              "into. keepalived leaves a script that it does not find out; vipd's "
                              "check of it fails for ever"
                            : "there is no such file on this machine, so that it was not looked "
                              "into. vipd runs it as its own user, within what the unit permits");
        return;
    }
    char *text =
        S_ISREG(status.st_mode) ? read_file(path, SCRIPT_BYTES_MAX, error, sizeof(error)) : NULL;
    bool shell = text != NULL && is_shell(text);
    if (!others_may(look->import, path, text != NULL ? S_IXOTH | S_IROTH : S_IXOTH))
        tell(look, path,
             "its mode, or that of a directory, lets nobody but root run it, and vipd "
             "runs it as its own user");
    look->script = path;
    if (text != NULL)
        judge_interpreter(look, text);
    if (shell)
        judge_script(look, text);
    free(text);
    look->script = NULL;
}

/* The script that a shell or another interpreter is to run, or the program itself; with a path. */
static const char *file_of(struct import *import, const char *command)
{
    static const char interpreters[] = "|sh|bash|dash|ksh|zsh|env|python|python3|perl|ruby|php|";
    char *rest = arena_copy(import->arena, command);
    const char *word = strsep(&rest, " \t");

    if (word != NULL && rest != NULL && is_among(interpreters, base_name(word))) {
        rest += strspn(rest, " \t");
        char *next = strsep(&rest, " \t");
        if (next != NULL && next[0] == '/')
            return next;
    }
    return word != NULL && word[0] == '/' ? word : NULL;
}

/* Programs of the system are taken for what their names say; scripts beside them are not. */
static bool is_the_system_s(const char *file)
{
    static const char *const directories[] = {"/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"};

    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
        if (strncmp(file, directories[i], strlen(directories[i])) == 0)
            return strchr(base_name(file), '.') == NULL && access(file, F_OK) == 0;
    }
    return false;
}

void import_program(struct import *import, struct import_section *section,
                    const struct program *program)
{
    struct look look = {.import = import, .section = section, .program = program};
    const char *file = file_of(import, program->command);

    judge_line(&look, program->command);
    if (file != NULL && !is_the_system_s(file))
        judge_file(&look, file, !program->hook);
    import_tell_user(import, section, program, look.found == 0);
}
