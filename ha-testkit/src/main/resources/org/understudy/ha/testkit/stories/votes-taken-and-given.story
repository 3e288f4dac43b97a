title: votes are taken away and given back while nodes crash
attacks: the set of acceptors changes only through a record that both the old and the new set have chosen
red: voters-change-without-overlap ONE_CHAIN ONE_RECORD_PER_BALLOT TOKENS_GROW PROOF_COMMITTED
nodes: 3 with a witness
groups: 1
seed: 8
times: constant
frames: plain
forms: once
version: 2
heals: 40200 ms
judged: everything

at 5400 ms crash serv2 for 1300 ms luck 0
at 6000 ms remove-vote serv1 with serv2 for 50 ms
at 19670 ms remove-vote serv2 with witness for 100 ms
at 19770 ms crash serv2 for 50 ms luck 0
at 37800 ms power-off serv2 for 1000 ms
at 39000 ms remove-vote witness with serv2 for 50 ms

then files starts on serv1, token 1, NEVER
then files starts on serv1, token 2, RELEASED
then files is on serv1 in the end
