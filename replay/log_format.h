// What the writer and the reader of recordings agree on besides replay/log.h.
#ifndef REPLAY_LOG_FORMAT_H
#define REPLAY_LOG_FORMAT_H

#define REPLAY_MAGIC     "MIMUSREC"
#define REPLAY_MAGIC_LEN 8
#define REPLAY_VERSION   2

#endif
