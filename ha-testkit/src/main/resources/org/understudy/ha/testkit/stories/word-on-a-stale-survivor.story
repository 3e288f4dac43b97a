# serv2 knows of token 1 only. Token 2 is issued without it; then everybody else is gone, and an operator at serv2 says that serv1 is.
title: an operator confirms a death to a node that has missed what happened since
attacks: an operator's word proves the end of a holder, never that a record is current
red: word-is-a-vote PROOF_COMMITTED ONE_CHAIN TOKENS_GROW
nodes: 3 with a witness
groups: 1
seed: 1
times: constant
frames: plain
forms: once
version: 2
heals: 12000 ms
judged: everything

at 3000 ms isolate serv2 for 3600 ms
at 3500 ms crash serv1 for 100 ms luck 0
at 5000 ms power-off witness for 6000 ms
at 6500 ms confirm-down serv2 with serv1 for 3000 ms

then files starts on serv1, token 1, NEVER
then files starts on serv1, token 2, DIED
then files starts on serv2, token 3, SUPERSEDED
then files is on serv2 in the end
