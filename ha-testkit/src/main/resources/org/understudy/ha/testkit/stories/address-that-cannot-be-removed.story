title: a process dies and its guardian cannot remove the address
attacks: a last will proves what it lists as removed, and nothing else: the rest waits for the end of the lease
red: will-without-its-list PROOF_IS_TRUE ONE_OWNER
red: lying-guardian PROOF_IS_TRUE ONE_OWNER
nodes: 3 with a witness
groups: 1
seed: 2
times: drawn
frames: plain
forms: once
version: 2
heals: 6000 ms
judged: everything

at 3000 ms crash serv1 for 3000 ms luck 3

then files starts on serv1, token 1, NEVER
then files starts on serv2, token 2, EXPIRED
then files is on serv2 in the end
