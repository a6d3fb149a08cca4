// Finds the objects in a stream of bytes: several may come at once, or one in pieces.
//
// After something that cannot be JSON (a quote left open, too long, too deep) the stream is in step
// again at the next newline outside of everything, at the end of the bracketed value, or at a byte
// 0xff.
#ifndef MONITOR_QMP_FRAME_H
#define MONITOR_QMP_FRAME_H

#include <glib.h>
#include "util/bits.h"

#define QMP_MAX_MESSAGE (4u << 20) // bytes
#define QMP_MAX_DEPTH   64

typedef enum QmpFrameResult {
    QMP_FRAME_MORE,
    QMP_FRAME_READY, // text holds a bracketed value; the next byte begins anew
    QMP_FRAME_JUNK,  // something outside of brackets
    QMP_FRAME_OPEN_STRING,
    QMP_FRAME_TOO_LONG,
    QMP_FRAME_TOO_DEEP,
} QmpFrameResult;

typedef struct QmpFrame {
    GString *text;
    unsigned depth;
    char quote; // of the string under way, or 0
    bool escape;
    bool ready;    // text has been handed out
    bool skipping; // told of an error: drops the rest of the value
    bool junk;     // the same outside of brackets
} QmpFrame;

void qmp_frame_init(QmpFrame *f);
void qmp_frame_free(QmpFrame *f);
void qmp_frame_reset(QmpFrame *f);
QmpFrameResult qmp_frame_byte(QmpFrame *f, uint8_t byte);

#endif
