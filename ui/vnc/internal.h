// The VNC server: RFB (RFC 6143) by libvncserver, whose writes wait for the viewer. So each viewer
// has a thread and a screen of the library's for itself, and holds up nobody else.
//
//   main loop, between the machine's turns   |  a viewer's thread
//   vnc.c      options, refresh, monitors    |
//   listen.c   addresses, accepting          |  handshake.c   version, password
//   viewer.c   threads, their events  <------+-  session.c    the library: messages, updates
//   input.c    keys, pointers                |  extensions.c  what it does not know itself
//   picture.c  publish ------> VncShared ----+-> take
//
// Pixels go by way of a shared copy of the screen, of which each viewer takes what changed when it
// gets to it. Events come in a queue of fixed length: a viewer that floods waits, so that what the
// main loop does for it in a second is bounded. No thread touches anything of the machine's, none
// waits with the lock held, and all of them end when their connection is shut down. Where a
// viewer's thread has the lock, which may be for longer on a host that is busy, the main loop goes
// on and comes back later.
#ifndef UI_VNC_INTERNAL_H
#define UI_VNC_INTERNAL_H

#include <pthread.h>
#include <rfb/rfb.h>
#include <signal.h>

#include "ui/display.h"
#include "ui/vnc.h"

#define VNC_MAX_CLIENTS  32
#define VNC_MAX_SIDE     8184   // pixels: a line has to fit the library's buffer
#define VNC_MAX_CURSOR   80     // pixels, of a side: so has a cursor
#define VNC_EVENTS       64     // that wait for the main loop, of a viewer
#define VNC_PAUSE_MS     2      // between two looks at them, and at who connects
#define VNC_HURRY        SIGURG // ends a thread's wait; to others it means nothing
#define VNC_HANDSHAKE_US (20 * G_USEC_PER_SEC)
#define VNC_WAIT_MS      30000 // a viewer that takes nothing, or half a message, for so long is left

typedef struct VncServer VncServer;
typedef struct VncViewer VncViewer;

typedef enum VncShare {
    VNC_SHARE_ALLOW_EXCLUSIVE,
    VNC_SHARE_FORCE_SHARED,
    VNC_SHARE_IGNORE
} VncShare;

// A pointer that viewers draw.
typedef struct VncCursor {
    unsigned serial; // a new one for each change; 0: the guest draws its own
    bool visible;
    unsigned width, height, hot_x, hot_y;
    uint32_t argb[VNC_MAX_CURSOR * VNC_MAX_CURSOR];
} VncCursor;

// What viewers are told besides pixels.
typedef struct VncStatus {
    unsigned leds; // as in input_leds
    bool absolute; // the guest takes positions, not movement
    bool takes_size;
    int x, y; // of the cursor's hot spot
} VncStatus;

// What threads see of the screen.
typedef struct VncShared {
    unsigned width, height;
    uint32_t *pixels; // width * height; NULL: there has been no picture
    VncStatus status;
    VncCursor cursor;
    const Console *console; // that the cursor belongs to: for the main loop to compare
    unsigned console_serial;
} VncShared;

struct VncServer {
    Display *d;
    char *id;
    int fd;          // listening, or -1
    char *unix_path; // to unlink
    guint watch;
    VncPeer address;
    bool needs_password;
    VncShare share;
    unsigned max_clients;
    GPtrArray *viewers;         // VncViewer *
    char *name;                 // that viewers show
    rfbScreenInfoPtr screen;    // what viewers' screens are copied from
    rfbProtocolExtension *more; // of extensions.c
    int news;                   // eventfd by which threads call the main loop
    guint news_watch;
    GMutex lock; // of what follows, and of parts of the viewers
    GCond change;
    VncShared shared;
    char *password;
    int64_t expires; // seconds since 1970
};

typedef enum VncEventKind {
    VNC_JOINED,   // flag: others may stay
    VNC_KEY,      // flag: down; value: keysym
    VNC_SCANCODE, // flag: down; value: keysym; x: set 1 code
    VNC_POINTER,  // value: buttons; flag: x and y are movements if the guest takes those
    VNC_SIZE,     // x, y: what the viewer would like
} VncEventKind;

typedef struct VncEvent {
    uint8_t kind; // VncEventKind
    bool flag;
    uint32_t value;
    int x, y;
} VncEvent;

// Extensions that the viewer knows (extensions.c).
enum { VNC_EXT_POINTER = 1, VNC_EXT_KEYS = 2, VNC_EXT_LEDS = 4, VNC_EXT_CURSOR = 8 };

struct VncViewer {
    VncServer *s;
    GThread *thread;
    int fd;   // the connection; the library has another number for it
    int wake; // eventfd by which the main loop calls the thread
    gint64 born;
    VncPeer peer;
    // --- main loop
    bool running, sent_away;
    bool shift_held; // we pressed Shift for it
    unsigned buttons;
    int x, y;
    bool pointer_known;
    // --- both, under the server's lock
    bool watching; // it wants pictures
    bool started;  // and the shared one is up to date
    bool begun, ending, gone;
    pthread_t pthread; // once it has begun
    bool called;       // wake is set
    const char *why;   // it went
    unsigned n_damage;
    Rect damage[SURFACE_MAX_DAMAGE]; // of the shared picture, not taken yet
    unsigned first_event, n_events;
    VncEvent events[VNC_EVENTS];
    // --- the thread
    unsigned minor; // RFB 3.minor
    rfbScreenInfoPtr screen;
    rfbClientPtr cl;
    uint32_t *frame; // the screen's pixels
    VncStatus status;
    VncCursor cursor;
    unsigned drawn_cursor; // the serial of the one that the library has
    uint64_t skip;         // bytes of a message that nobody wants
    unsigned extensions, told;
    unsigned told_leds, told_cursor;
    bool told_absolute;
    gint64 next_update; // monotonic, us
    bool late;          // an update waits for that time
};

// --- vnc.c
// Without an address, for the display's console. NULL with *error.
VncServer *vnc_server_new(Display *d, char **error);
void vnc_server_free(VncServer *s); // waits for its viewers' threads
void vnc_changed(const VncViewer *v, VncChange what);

// --- listen.c
bool vnc_listen(VncServer *s, const char *address, unsigned to, char **error);
void vnc_unlisten(VncServer *s);
VncPeer vnc_peer(const void *sockaddr, size_t len);

// --- viewer.c
// Takes fd, a connected socket that does not block, and what peer points to.
void vnc_viewer_new(VncServer *s, int fd, VncPeer peer);
void vnc_viewer_end(VncViewer *v); // its thread ends soon
void vnc_viewers_free(VncServer *s);
void vnc_call(int eventfd);
void vnc_watch_news(VncServer *s);
// By threads. Waits for room; events of a viewer that ends are dropped.
void vnc_push(VncViewer *v, VncEvent e);
bool vnc_is_ending(VncViewer *v);

// --- picture.c
// By the main loop: the display's console as it is now, for all viewers that watch. True if
// anything is new.
bool vnc_publish(VncServer *s);
bool vnc_someone_waits(const VncServer *s); // for its first one; with the lock held
void vnc_forget_picture(VncServer *s);
// By threads. Waits for the first picture; false: the viewer ends.
bool vnc_await_picture(VncViewer *v);
// Brings v->frame, v->screen and v->status up to date.
void vnc_take(VncViewer *v);
bool vnc_take_size(VncViewer *v, unsigned *width, unsigned *height);

// --- handshake.c
bool vnc_handshake(VncViewer *v); // false: v->why tells

// --- session.c
void vnc_session(VncViewer *v);
void vnc_set_format(rfbScreenInfoPtr screen); // pixels as in a Surface

// --- extensions.c
rfbProtocolExtension *vnc_extensions_add(void);
void vnc_extensions_remove(rfbProtocolExtension *e);
void vnc_tell(VncViewer *v); // what it knows to understand and has not been told

// --- input.c
void vnc_key(VncViewer *v, bool down, uint32_t keysym);
void vnc_scancode(VncViewer *v, bool down, uint32_t keysym, uint32_t code);
void vnc_pointer(VncViewer *v, unsigned buttons, int x, int y, bool movement);

#endif
