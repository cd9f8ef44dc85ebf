/*
 * MESSAGE_ID= of the events that somebody may wait for in the journal: fixed for ever, listed in
 * vipd(8). A new event gets a new one (systemd-id128 new).
 */
#ifndef AGENT_BASE_MESSAGE_IDS_H
#define AGENT_BASE_MESSAGE_IDS_H

/* An instance changed its state. */
#define MESSAGE_ID_TRANSITION "d383804f6a054410a89ea9b99e0b0fad"

/* vipd itself. */
#define MESSAGE_ID_STARTED "c71d395a685a4f2db5f2dfa5fe9b48ff"
#define MESSAGE_ID_STOPPED "e82b269f3cd74b2896ca8ef8c3918cfd"

/* A configuration was read again: taken, or refused as a whole. */
#define MESSAGE_ID_RELOADED       "8fb79d8a68fc4140b07f0dd1ad302039"
#define MESSAGE_ID_RELOAD_REFUSED "7135c83269644ed18000ea8af6ac1b76"

/* It failed, was ended because its time was up, or could not be started. */
#define MESSAGE_ID_HOOK_FAILED "90430a87aa6c4aec9883fec0aba9753f"

/* The service manager could not be told about an instance's target. */
#define MESSAGE_ID_TARGET_FAILED "e8ea1cea9a224303b4454543251757f2"

/* Somebody who is not of the cluster holds an address of ours. */
#define MESSAGE_ID_FOREIGN_HOLDER "8226fddb66dd4eabbf6f3830341b641c"

#endif
