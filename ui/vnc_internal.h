// The VNC server: RFB 3.3, 3.7 and 3.8 (RFC 6143, and the community's "rfbproto").
//
//   vnc.c           options, the refresh of all clients, what monitors ask
//   vnc_listen.c    addresses, accepting
//   vnc_client.c    a client's socket: bounded queues, nothing ever waits
//   vnc_protocol.c  handshake and messages, out of whatever pieces arrive
//   vnc_auth.c      password challenge
//   vnc_update.c    what changed, as rectangles      vnc_encode.c    pixels
//
// All of it runs between the machine's turns and must not hold them up, whatever peers do: input
// is read at most 500 times a second and 4 KiB at a time, messages are taken apart without being
// stored, an update is made only when the one before has been sent.
#ifndef UI_VNC_INTERNAL_H
#define UI_VNC_INTERNAL_H

#include <zlib.h>

#include "ui/display.h"
#include "ui/vnc.h"

#define VNC_MAX_CLIENTS 32
#define VNC_INPUT       4096                 // bytes that wait for the rest of a message
#define VNC_UPDATE      (1u << 20)           // an update stops growing at this size
#define VNC_OUTPUT      (UINT32_C(32) << 20) // more output than this: the client is dropped
#define VNC_CHALLENGE   16
#define VNC_PASSWORD    8 // characters that count

typedef struct VncServer VncServer;
typedef struct VncClient VncClient;

typedef enum VncShare {
    VNC_SHARE_ALLOW_EXCLUSIVE,
    VNC_SHARE_FORCE_SHARED,
    VNC_SHARE_IGNORE
} VncShare;

struct VncServer {
    Display *d;
    char *id;
    int fd;          // listening, or -1
    char *unix_path; // to unlink
    guint watch;
    VncPeer address;
    bool needs_password;
    char *password;
    int64_t expires; // seconds since 1970
    VncShare share;
    unsigned max_clients;
    GPtrArray *clients; // VncClient *
    unsigned width, height;
    bool absolute;
    unsigned leds, cursor_serial;
};

// Pixels as a client wants them.
typedef struct VncFormat {
    uint8_t bytes; // 1, 2, 4
    bool big_endian, native;
    uint8_t depth;
    uint16_t max[3]; // red, green, blue
    uint8_t shift[3];
    uint32_t table[3][256];
    uint8_t compact_skip; // ZRLE: the byte of four that is left out; 4: none
} VncFormat;

typedef enum VncState {
    VNC_VERSION,
    VNC_SECURITY,
    VNC_AUTH,
    VNC_INIT,
    VNC_RUNNING,
} VncState;

// Extensions that the client understands (pseudo-encodings).
enum {
    VNC_HAS_ZRLE = 1,
    VNC_HAS_SIZE = 2,
    VNC_HAS_EXT_SIZE = 4,
    VNC_HAS_CURSOR = 8,
    VNC_HAS_ALPHA_CURSOR = 16,
    VNC_HAS_EXT_KEY = 32,
    VNC_HAS_POINTER_MODE = 64,
    VNC_HAS_LEDS = 128,
};

struct VncClient {
    VncServer *s;
    // --- socket; -1 in tests
    int fd;
    VncPeer peer;
    guint in_watch, out_watch, pause;
    GByteArray *out;
    bool ending; // once out is sent
    gint64 born; // monotonic, us
    uint8_t in[VNC_INPUT];
    size_t in_len;
    // --- protocol
    VncState state;
    unsigned minor; // of version 3
    uint8_t challenge[VNC_CHALLENGE];
    uint32_t skip;           // bytes of a message that nobody wants
    uint32_t encodings_left; // of a SetEncodings
    unsigned wanted;         // VNC_HAS_*, while one is read
    unsigned has;
    VncFormat format;
    bool shift_held; // we pressed Shift for it
    unsigned buttons;
    int x, y;
    bool pointer_known;
    // --- updates
    bool requested;         // an update may be sent
    unsigned width, height; // as the client knows them
    unsigned n_damage;
    Rect damage[SURFACE_MAX_DAMAGE];
    bool tell_size, tell_pointer, tell_leds, tell_cursor, tell_ext_key;
    uint8_t size_reason, size_status;
    z_stream zip;
    bool zip_open;
    GByteArray *tile; // a rectangle before compression
};

// --- vnc.c
void vnc_first_update(VncClient *c); // all that it does not know yet
void vnc_measure(VncServer *s);      // the picture as it is now: width, height
void vnc_make_exclusive(VncServer *s, const VncClient *c);

// --- vnc_listen.c
bool vnc_listen(VncServer *s, const char *address, unsigned to, char **error);
void vnc_unlisten(VncServer *s);
VncPeer vnc_peer(const void *sockaddr, size_t len);

// --- vnc_client.c
VncClient *vnc_client_new(VncServer *s, int fd, VncPeer peer); // greets; fd -1: no socket
void vnc_client_free(VncClient *c);                            // and takes it off the server's list
void vnc_send(VncClient *c, const void *bytes, size_t len);
void vnc_send_u8(VncClient *c, unsigned v);
void vnc_send_u16(VncClient *c, unsigned v);
void vnc_send_u32(VncClient *c, uint32_t v);
void vnc_flush(VncClient *c); // what the socket takes now

// --- vnc_protocol.c
void vnc_greet(VncClient *c);
// Takes bytes as they come. False: the client is to be dropped.
bool vnc_take(VncClient *c, const uint8_t *bytes, size_t len);

// --- vnc_input.c
void vnc_key(VncClient *c, bool down, uint32_t keysym);
void vnc_scancode(VncClient *c, bool down, uint32_t keysym, uint32_t code);
void vnc_pointer(VncClient *c, unsigned buttons, int x, int y);

// --- vnc_auth.c
void vnc_encrypt_challenge(const char *password, uint8_t block[VNC_CHALLENGE]);

// --- vnc_update.c
void vnc_damage(VncClient *c, const Rect *r);
bool vnc_update(VncClient *c, const Surface *s); // true if something was sent

// --- vnc_encode.c
void vnc_default_format(VncFormat *f);
// A message's 16 bytes; false: there is no such format.
bool vnc_parse_format(VncFormat *f, const uint8_t *p, bool *colour_map);
void vnc_put_format(const VncFormat *f, uint8_t out[16]);
uint8_t *vnc_pixel(const VncFormat *f, uint32_t pixel, uint8_t *out);
void vnc_encode_raw(VncClient *c, const Surface *s, const Rect *r);
void vnc_encode_zrle(VncClient *c, const Surface *s, const Rect *r);

#endif
