title: an acceptor acknowledges a session that stands in its memory only, and crashes
attacks: a renewal is acknowledged only if the session stands on disk too
red: acknowledged-from-memory SILENCE_WAITED_OUT
schedule: acknowledged-then-crashed

then nobody objects
