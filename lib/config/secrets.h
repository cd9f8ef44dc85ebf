/*
 * What stands in files of its own: passwords of version 2 (packet_auth; from the key `password`, or
 * from the file that `password-file` names), and the keys of advert_keys.h. This room opens no
 * file: whoever reads the configuration's files hands in the function that reads these, and calls
 * it behind config_parse(). No message has any of one.
 */
#ifndef VIP_CONFIG_SECRETS_H
#define VIP_CONFIG_SECRETS_H

#include "lib/config/advert_keys.h"

/* Fills in the passwords and keys that stand in files. False: problems were added, which
 * config_parse() has opened; then the configuration is of no use: an instance without its password
 * is another one. */
bool config_secrets_read(struct config *config, config_secret_reader *reader,
                         struct config_problems *problems);

#endif
