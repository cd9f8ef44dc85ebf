/* Where files about what goes on are: beside the control socket, unless told otherwise. */
#ifndef AGENT_PUBLISH_RUN_PATH_H
#define AGENT_PUBLISH_RUN_PATH_H

/* LEAF in run_dir, or (NULL) in the directory of control_path; to be freed. NULL: out of memory. */
char *run_path(const char *run_dir, const char *control_path, const char *leaf);

#endif
