# The witness accepts the end of serv1's session, and its disk is slow. Meanwhile serv1 is heard again and renews.
title: a renewal arrives between the acceptance of a removal and its fsync
attacks: a renewal is acknowledged only while the session stands in memory, on disk and in every write under way
red: acknowledged-from-disk SILENCE_WAITED_OUT PROOF_IS_TRUE ONE_OWNER
nodes: 3 with a witness
groups: 1
seed: 5
times: drawn
frames: plain
forms: once
version: 2
heals: 6000 ms
judged: everything

at 2224 ms mute witness for 604 ms
at 3946 ms mute serv1 for 1043 ms
at 4113 ms slow-disk witness for 1400 ms

then files starts on serv1, token 1, NEVER
then files starts on serv2, token 2, EXPIRED
then files is on serv2 in the end
