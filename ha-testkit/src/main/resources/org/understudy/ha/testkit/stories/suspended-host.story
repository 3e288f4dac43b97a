title: a host sleeps, for less than a lease and for longer
attacks: a lease is judged by a clock that counts suspend, and doubt about the clock ends it until a fresh round trip
red: doubt-ignored DOUBT_ENDS_LEASE
nodes: 3 with a witness
groups: 1
seed: 1
times: constant
frames: plain
forms: once
version: 2
heals: 7000 ms
judged: everything

at 3000 ms suspend serv1 for 400 ms
at 4000 ms suspend serv1 for 2000 ms

then files starts on serv1, token 1, NEVER
then files starts on serv2, token 2, EXPIRED
then files is on serv2 in the end
