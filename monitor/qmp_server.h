// Inside monitor/: QMP's clients.
#ifndef MONITOR_QMP_SERVER_H
#define MONITOR_QMP_SERVER_H

#include "chardev/chardev.h"
#include "monitor/qmp_command.h"
#include "monitor/qmp_frame.h"

typedef struct QmpServer {
    Machine *machine;
    Chardev *chardev;
    QmpFrame frame;
    bool connected;
    bool negotiated; // qmp_capabilities came: commands and events from now on
    bool pretty;
    uint64_t events_lost; // for this client, which does not read
} QmpServer;

GPtrArray *qmp_servers(Machine *m); // of QmpServer *
// One message, followed by a line end. False if the client has no room for it.
bool qmp_send(QmpServer *s, Json *message);
Json *qmp_version(void);
// Sends the machine's events to all clients from now on.
void qmp_events_start(Machine *m);
void qmp_vnc_events_start(Machine *m); // VNC viewers' part of it

#endif
