/* What the options of each verb of vipctl mean, for `vipctl VERB --help`. The verbs themselves,
 * with their usage, stand in the table of vipctl.c; a test holds the two against each other. */
#ifndef TOOLS_COMMON_VERB_HELP_H
#define TOOLS_COMMON_VERB_HELP_H

/* The explanations of a verb's options and arguments, a line or two each; "" for one without. */
const char *verb_help(const char *verb);

#endif
