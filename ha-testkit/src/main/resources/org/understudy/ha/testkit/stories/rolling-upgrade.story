# Disks of version 1 carry no number of their life, so each upgraded node asks a majority of the others before it votes: with three nodes
# that is all of them.
title: every node ran version 1 and is upgraded, one after the other
attacks: what version 1 promised is kept; nodes of both versions do not talk, so nothing runs until a majority can vouch for each disk
red: version-1-forgets-tokens ONE_CHAIN TOKENS_GROW
nodes: 3 with a witness
groups: 1
seed: 1
times: constant
frames: real
forms: once
version: 1
heals: 12000 ms
judged: everything

at 3000 ms upgrade serv1 for 1000 ms luck 0
at 5000 ms upgrade serv2 for 1000 ms luck 0
at 8000 ms upgrade witness for 1000 ms luck 0

then files starts on serv1, token 1, NEVER
then files starts on serv2, token 2, RELEASED
then files starts on serv1, token 3, RELEASED
then files is on serv1 in the end
