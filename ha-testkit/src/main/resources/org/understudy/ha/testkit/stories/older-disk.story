# Token 2 is chosen on serv1 and serv2 alone. serv1 is given a copy of its disk from before, serv2 is down: what serv1 and the witness know
# together is token 1, and they would issue token 2 once more.
title: the only disk besides the witness that knows a grant is an older copy
attacks: a disk that may have forgotten something votes only after a majority of the others has told what it promised and accepted
red: older-disk-votes-at-once ONE_RECORD_PER_BALLOT ONE_CHAIN TOKENS_GROW
red: older-disk-asks-one ONE_CHAIN TOKENS_GROW
red: older-disk-takes-nothing-over ONE_CHAIN TOKENS_GROW
nodes: 3 with a witness
groups: 1
seed: 1
times: constant
frames: plain
forms: once
version: 2
heals: 9000 ms
judged: everything

at 3000 ms isolate witness for 2000 ms
at 3500 ms move serv1 with serv2 group files
at 4999 ms old-disk serv1 for 100 ms luck 3
at 5000 ms power-off serv2 for 2000 ms

then files starts on serv1, token 1, NEVER
then files starts on serv2, token 2, RELEASED
then files starts on serv2, token 3, SUPERSEDED
then files is on serv2 in the end
