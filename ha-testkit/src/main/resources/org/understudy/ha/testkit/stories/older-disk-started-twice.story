# serv1 is cut off, so what serv2 has forgotten only the witness can tell it. The first start after the restore notices; the next ones find
# a disk that their host vouches for.
title: a node on an older copy of its disk is started again before it has caught up
attacks: a disk that went back asks the others until it has caught up, however often it is started meanwhile
red: recovery-forgotten-at-restart ONE_CHAIN ONE_RECORD_PER_BALLOT TOKENS_GROW
nodes: 3 with a witness
groups: 1
seed: 51303
times: constant
frames: plain
forms: once
version: 2
heals: 20400 ms
judged: everything

at 7270 ms isolate serv1 for 13000 ms
at 20000 ms old-disk serv2 for 50 ms luck 673859
at 19978 ms restart-storm serv2 for 50 ms luck 0

then files starts on serv1, token 1, NEVER
then files starts on serv2, token 2, EXPIRED
then files starts on serv1, token 3, SUPERSEDED
then files is on serv1 in the end
