/*
 * vipctl capture.
 *
 * Its family look at packets without a vipd: capture at frames, live or of a file, decode at hex
 * text. What a packet is, lib/packet judges; link_layer takes off what lies around it, view is one
 * frame as a line and as JSON, advert_json the fields that both verbs have, recording_events what
 * vipd wrote beside a recording. cmd_capture owns the capture (libpcap), cmd_decode the receivers
 * of the instance whose eyes it looks through.
 */
#ifndef TOOLS_CAPTURE_CMD_CAPTURE_H
#define TOOLS_CAPTURE_CMD_CAPTURE_H

#include "tools/common/context.h"

/* argv[0] is the verb. Returns the exit code. */
int cmd_capture(const struct context *context, int argc, char **argv);

#endif
