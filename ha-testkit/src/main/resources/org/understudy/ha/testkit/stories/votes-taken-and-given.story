# The witness is cut off while serv2 loses its vote. Then serv2 loses power for a moment, and gets its vote back.
title: a vote is taken away while another node is cut off, and given back
attacks: the set of acceptors changes only through a record that both the old and the new set have chosen
red: voters-change-without-overlap ONE_CHAIN ONE_RECORD_PER_BALLOT TOKENS_GROW PROOF_COMMITTED
nodes: 3 with a witness
groups: 1
seed: 5
times: constant
frames: plain
forms: once
version: 2
heals: 7100 ms
judged: everything

at 3000 ms isolate witness for 2200 ms
at 4000 ms remove-vote serv1 with serv2 for 50 ms
at 6000 ms power-off serv2 for 50 ms

then files starts on serv1, token 1, NEVER
then files is on serv1 in the end
