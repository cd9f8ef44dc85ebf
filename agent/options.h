/* What the command line says of an agent that is to run. */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

struct agent_options {
    const char *config_file;
    const char *config_dir; /* NULL: none */
    const char *control_path;
    const char *state_dir;
    const char *run_dir; /* NULL: that of control_path */
};

#endif
