#include "monitor/qmp_frame.h"

#include <string.h>

#define RESYNC 0xff // never part of JSON in UTF-8

void qmp_frame_init(QmpFrame *f)
{
    *f = (QmpFrame){.text = g_string_new(NULL)};
}

void qmp_frame_free(QmpFrame *f)
{
    g_string_free(f->text, TRUE);
}

void qmp_frame_reset(QmpFrame *f)
{
    GString *text = f->text;
    if (text->allocated_len > 0x10000) { // a long message's memory is not kept
        g_string_free(text, TRUE);
        text = g_string_new(NULL);
    }
    *f = (QmpFrame){.text = g_string_truncate(text, 0)};
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static QmpFrameResult outside(QmpFrame *f, uint8_t c)
{
    if (c == '{' || c == '[') {
        qmp_frame_reset(f);
        f->depth = 1;
        g_string_append_c(f->text, (char)c);
        return QMP_FRAME_MORE;
    }
    if (c == '\n' || c == RESYNC) {
        f->junk = false;
    }
    if (f->junk || is_space(c) || c == RESYNC) {
        return QMP_FRAME_MORE;
    }
    f->junk = true;
    return QMP_FRAME_JUNK;
}

static QmpFrameResult complain(QmpFrame *f, QmpFrameResult what)
{
    bool again = f->skipping;
    f->skipping = true;
    g_string_truncate(f->text, 0);
    return again ? QMP_FRAME_MORE : what;
}

static void in_string(QmpFrame *f, uint8_t c)
{
    if (f->escape) {
        f->escape = false;
    } else if (c == '\\') {
        f->escape = true;
    } else if (c == f->quote) {
        f->quote = 0;
    }
}

static void in_brackets(QmpFrame *f, uint8_t c)
{
    if (c == '"' || c == '\'') {
        f->quote = (char)c;
    } else if (c == '{' || c == '[') {
        f->depth++;
    } else if (c == '}' || c == ']') {
        f->depth--;
    }
}

// The value cannot be completed any more.
static QmpFrameResult cut_off(QmpFrame *f, QmpFrameResult what)
{
    QmpFrameResult r = complain(f, what);
    qmp_frame_reset(f);
    return r;
}

QmpFrameResult qmp_frame_byte(QmpFrame *f, uint8_t c)
{
    if (f->ready) {
        qmp_frame_reset(f);
    }
    if (!f->depth) {
        return outside(f, c);
    }
    if (c == RESYNC) {
        return cut_off(f, QMP_FRAME_JUNK);
    }
    if (f->quote && c == '\n') {
        return cut_off(f, QMP_FRAME_OPEN_STRING);
    }
    if (!f->skipping) {
        g_string_append_c(f->text, (char)c);
    }
    if (f->quote) {
        in_string(f, c);
    } else {
        in_brackets(f, c);
    }
    if (!f->depth) {
        f->ready = !f->skipping;
        f->skipping = false;
        return f->ready ? QMP_FRAME_READY : QMP_FRAME_MORE;
    }
    if (f->depth > QMP_MAX_DEPTH) {
        return complain(f, QMP_FRAME_TOO_DEEP);
    }
    if (f->text->len >= QMP_MAX_MESSAGE) {
        return complain(f, QMP_FRAME_TOO_LONG);
    }
    return QMP_FRAME_MORE;
}
