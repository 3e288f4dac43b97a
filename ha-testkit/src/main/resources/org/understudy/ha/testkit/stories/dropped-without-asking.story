# Messages are late: acceptances arrive between a pre-vote and the round that follows it.
title: the yes of a pre-vote is old when the round begins
attacks: only promises of this very ballot say what may have been chosen; a pre-vote binds nobody
red: pre-vote-is-a-promise PROOF_COMMITTED ONE_CHAIN ONE_RECORD_PER_BALLOT
nodes: 3 with a witness
groups: 2
seed: 1
times: drawn
frames: plain
forms: once
version: 2
heals: 20600 ms
judged: everything

at 12624 ms isolate serv1 for 2552 ms
at 17036 ms slow-network serv2 for 1045 ms
at 17890 ms mute serv2 for 1000 ms
at 18900 ms slow-network serv1 for 210 ms

then files starts on serv1, token 1, NEVER
then mail starts on serv2, token 2, NEVER
then files starts on serv2, token 3, EXPIRED
then mail starts on serv2, token 4, RELEASED
then files starts on serv2, token 5, RELEASED
then files is on serv2 in the end
then mail is on serv2 in the end
