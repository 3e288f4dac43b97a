# serv1 dies, comes back and owns files again when the will of its former life is delivered once more.
title: last wills of a former life, of no life and of the wrong hand arrive
attacks: a last will proves the end of the incarnation it names, if it is signed with that session's key
red: will-of-a-former-incarnation PROOF_IS_TRUE ONE_OWNER
red: will-without-signature PROOF_IS_TRUE ONE_OWNER
red: will-of-another-life PROOF_IS_TRUE ONE_OWNER
nodes: 3 with a witness
groups: 1
seed: 1
times: constant
frames: plain
forms: once
version: 2
heals: 6000 ms
judged: everything

at 2000 ms crash serv1 for 200 ms luck 0
at 3000 ms move serv2 with serv1 group files
at 4000 ms late-will witness luck 0
at 4500 ms forged-will serv1 luck 0
at 4600 ms forged-will serv1 luck 1

then files starts on serv1, token 1, NEVER
then files starts on serv2, token 2, DIED
then files starts on serv1, token 3, RELEASED
then files is on serv1 in the end
