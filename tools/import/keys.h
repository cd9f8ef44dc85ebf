/* Names of vipd.conf that the conversion writes, where they are not keepalived's own. Whether this
 * vipd has them is asked of its schema (import_set()). */
#ifndef TOOLS_IMPORT_KEYS_H
#define TOOLS_IMPORT_KEYS_H

#define SECTION_CHECK "check"
#define SECTION_GROUP "group"

#define KEY_TRACK     "track"
#define KEY_ON_MASTER "on-master"
#define KEY_ON_BACKUP "on-backup"
#define KEY_ON_INIT   "on-init"
#define KEY_ON_CHANGE "on-change"
#define KEY_HOOK_USER "hook-user"
#define KEY_INSTANCES "instances"

#define KEY_TYPE       "type"
#define KEY_COMMAND    "command"
#define KEY_INTERVAL   "interval"
#define KEY_TIMEOUT    "timeout"
#define KEY_RISE       "rise"
#define KEY_FALL       "fall"
#define KEY_WEIGHT     "weight"
#define KEY_USER       "user"
#define KEY_INTERFACE  "interface"
#define KEY_PATH       "path"
#define KEY_EXECUTABLE "executable"
#define KEY_CONTENT    "content"
#define CONTENT_NUMBER "number"
#define KEY_UNIT       "unit"
#define KEY_CONNECT    "connect"
#define KEY_INITIALLY  "initially"

#endif
