/* As whom programs run: see users.h. */
#include "tools/import/users.h"

#include "tools/import/keys.h"

#include <stdio.h>
#include <string.h>

enum { WORD_BYTES = 64 };

/* Programs that ask or tell the network or the log, and do that for anybody. */
static bool is_for_anybody(const char *command)
{
    static const char programs[] =
        "|curl|wget|nc|ncat|dig|host|nslookup|logger|echo|printf|true|false|test|[|sleep|";
    size_t length = strcspn(command, " \t");
    size_t start = length;
    char wanted[WORD_BYTES];

    while (start > 0 && command[start - 1] != '/')
        start--;
    snprintf(wanted, sizeof(wanted), "|%.*s|", (int)(length - start), command + start);
    return strstr(programs, wanted) != NULL && strpbrk(command, ";|&<>`$") == NULL &&
           strstr(command, "--unix-socket") == NULL && strstr(command, " @") == NULL;
}

void import_tell_user(struct import *import, struct import_section *section,
                      const struct program *program, bool clean)
{
    if (!import_knows(section->type, program->user_key))
        return;
    if (program->user != NULL && clean && is_for_anybody(program->command))
        IMPORT_ITEM(
            import, section, IMPORT_NOTE, program->node,
            "vipd runs it as its own user, vipd, and not as %s, which is all the same to it",
            program->user);
    else if (program->user != NULL)
        IMPORT_ITEM(import, section, IMPORT_FAILOVER, program->node,
                    "the user: vipd runs it as its own user, vipd. '%s = %s' takes a vipd that has "
                    "CAP_SETUID and CAP_SETGID%s",
                    program->user_key, program->user,
                    program->hook && strcmp(program->user, "root") == 0 && import_knows_unit_hooks()
                        ? "; as a hook of systemd's, 'unit: NAME', it runs as root"
                        : "");
    else if (clean)
        IMPORT_ITEM(import, section, IMPORT_NOTE, program->node,
                    "keepalived runs it as keepalived_script where there is such a user, else as "
                    "root; vipd as its own user, vipd. Nothing was found in it that minds");
    else if (program->hook && import_knows_unit_hooks())
        IMPORT_ITEM(import, section, IMPORT_NOTE, program->node,
                    "a hook that needs root is run by systemd: '%s = unit: NAME' and the program "
                    "in /etc/vipd/hooks, see vipd.conf(5)",
                    KEY_ON_MASTER);
}

/* keepalived's default user is one that hardly a machine has, and root is not taken instead. */
void import_tell_security(struct import *import, struct import_section *section,
                          const struct keepalived_node *block, const struct keepalived_node *script)
{
    if (import->globals.script_security == NULL || import->globals.script_user != NULL ||
        keepalived_last(block, "user") != NULL)
        return;
    IMPORT_ITEM(import, section, IMPORT_FAILOVER, script,
                "with enable_script_security, and neither script_user nor user, keepalived leaves "
                "it out where there is no user keepalived_script; here it counts. 'getent passwd "
                "keepalived_script' says which it was");
}
