# One acceptor takes the end of serv2's session, and serv2, whose session lives with the others, must carry that record when it proposes next:
# the promise that could show that nobody else took it does not come.
title: links fail and return so that a node must propose a record in which it is gone
attacks: whoever must carry its own removal stops what it owns first, and begins anew
red: own-removal-carried RECOVERY PROOF_IS_TRUE
nodes: 3 with a witness
groups: 4
seed: 10
times: drawn
frames: plain
forms: once
version: 2
heals: 45000 ms
judged: everything

at 3756 ms mute serv2 for 3600 ms
at 15630 ms isolate serv2 for 300 ms
at 29000 ms isolate serv1 for 26000 ms
at 43400 ms cut-pair witness with serv2 for 1000 ms
at 44200 ms isolate serv2 for 900 ms

then leader starts on serv1, token 1, NEVER
then mail starts on serv2, token 3, NEVER
then volume starts on serv1, token 4, NEVER
then files starts on serv1, token 2, NEVER
then mail starts on serv1, token 5, EXPIRED
then files starts on serv2, token 6, EXPIRED
then mail starts on serv2, token 8, EXPIRED
then leader starts on serv2, token 7, EXPIRED
then volume starts on serv2, token 9, RELEASED
then files starts on serv1, token 10, EXPIRED
then leader starts on serv1, token 11, EXPIRED
then mail starts on serv1, token 12, EXPIRED
then volume starts on serv1, token 13, RELEASED
then files is on serv1 in the end
then mail is on serv1 in the end
then volume is on serv1 in the end
then leader is on serv1 in the end
