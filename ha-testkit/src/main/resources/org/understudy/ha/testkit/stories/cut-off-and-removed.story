# One acceptor takes the end of serv2's session, and the others have not when everything is healed: serv2, whose session lives there, proposes next and
# must carry that record.
title: links fail and return so that a node must propose a record in which it is gone
attacks: whoever must carry its own removal stops what it owns first, and begins anew
red: own-removal-carried RECOVERY PROOF_IS_TRUE
nodes: 3 with a witness
groups: 1
seed: 22
times: drawn
frames: plain
forms: once
version: 2
heals: 45000 ms
judged: everything

at 25000 ms isolate serv1 for 1000 ms
at 39000 ms isolate witness for 10000 ms
at 43300 ms cut-pair serv2 with serv1 for 2000 ms

then files starts on serv1, token 1, NEVER
then files starts on serv2, token 2, EXPIRED
then files starts on serv1, token 3, EXPIRED
then files is on serv1 in the end
