title: a group that was moved fails where it was moved to
attacks: a release is final: no node starts a group again under a token that it gave back
red: release-forgotten RELEASED_STAYS TOKENS_GROW
red: start-after-release RELEASED_STAYS TOKENS_GROW
nodes: 3 with a witness
groups: 3
seed: 1
times: constant
frames: plain
forms: once
version: 2
heals: 5000 ms
judged: everything

at 2000 ms move serv1 with serv2 group volume
at 4000 ms group-fails serv2 group volume luck 0

then mail starts on serv2, token 2, NEVER
then files starts on serv1, token 1, NEVER
then volume starts on serv1, token 3, NEVER
then volume starts on serv2, token 4, RELEASED
then volume starts on serv2, token 5, RELEASED
then files is on serv1 in the end
then mail is on serv2 in the end
then volume is on serv2 in the end
