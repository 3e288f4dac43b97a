# After a majority was lost for good serv2 comes back with a copy of its disk from before, catches up from the witness, and is told an old record as
# chosen by serv1, which was away. By that record nobody who is left has a majority; by the one it accepted they have.
title: who votes is in a record that was accepted and never learned, and the record that was learned is long past
attacks: a node leads a round by the newer record that it accepted, where the one that it learned cannot be led by
red: leads-by-what-it-learned RECOVERY
nodes: 3 with a witness
groups: 1
seed: 71
times: constant
frames: plain
forms: once
version: 2
heals: 40000 ms
judged: everything

at 31000 ms majority-lost serv2 for 50 ms luck 0
at 32300 ms isolate serv1 for 5000 ms
at 36200 ms old-disk serv2 for 1000 ms luck 0
at 37000 ms power-off witness for 50 ms

then files starts on serv1, token 1, NEVER
then files starts on serv2, token 281474976710657, OPERATOR
then files starts on serv1, token 281474976710658, SUPERSEDED
then files is on serv1 in the end
