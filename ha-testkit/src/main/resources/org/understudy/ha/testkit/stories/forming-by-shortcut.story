# serv2 holds mail and is cut off. The other two, a majority of the configured peers, come back with empty disks, see no grant and could
# form a second cluster without it. They wait for it instead; when it is heard again nobody has a majority of disks that know
# anything, and only forceRecord goes on.
title: two of three disks are new, and the third node cannot be heard
attacks: the first record comes only from an empty disk of every configured peer
red: formed-by-a-majority ONE_RECORD_PER_BALLOT ONE_CHAIN TOKENS_GROW
nodes: 3 with a witness
groups: 2
seed: 1
times: constant
frames: plain
forms: always
version: 2
heals: 12000 ms
judged: safety

at 3000 ms isolate serv2 for 9000 ms
at 3300 ms empty-disk serv1 for 100 ms
at 3300 ms empty-disk witness for 100 ms

then mail starts on serv2, token 2, NEVER
then files starts on serv1, token 1, NEVER
then files is nowhere in the end
then mail is nowhere in the end
