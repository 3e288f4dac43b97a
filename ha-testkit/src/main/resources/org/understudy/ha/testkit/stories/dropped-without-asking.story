# Messages are late: acceptances arrive between a pre-vote and the round that follows it.
title: the yes of a pre-vote is old when the round begins
attacks: only promises of this very ballot say what may have been chosen; a pre-vote binds nobody
red: pre-vote-is-a-promise PROOF_COMMITTED ONE_CHAIN ONE_RECORD_PER_BALLOT
nodes: 3 with a witness
groups: 4
seed: 6
times: drawn
frames: plain
forms: once
version: 2
heals: 29800 ms
judged: everything

at 19000 ms isolate serv2 for 970 ms
at 27500 ms mute serv1 for 1400 ms

then leader starts on serv1, token 1, NEVER
then volume starts on serv1, token 4, NEVER
then mail starts on serv2, token 3, NEVER
then files starts on serv1, token 2, NEVER
then mail starts on serv1, token 5, EXPIRED
then leader starts on serv2, token 7, EXPIRED
then files starts on serv2, token 6, EXPIRED
then mail starts on serv2, token 8, EXPIRED
then volume starts on serv2, token 9, RELEASED
then files is on serv2 in the end
then mail is on serv2 in the end
then volume is on serv2 in the end
then leader is on serv2 in the end
