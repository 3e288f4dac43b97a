title: a removal that one acceptor took and two refuse is proposed again and again, by whoever hears two promises first
attacks: after a refusal the proposer waits for the promises that show that the value was not chosen
red: builds-on-the-first-promises RECOVERY
nodes: 4 with a witness
groups: 8
seed: 8
times: drawn
frames: plain
forms: once
version: 2
heals: 45000 ms
judged: everything

at 4800 ms suspend witness for 1000 ms
at 6200 ms slow-network serv3 for 50 ms
at 15000 ms veto serv1 group mail for 50 ms
at 39000 ms suspend witness for 1000 ms
at 39700 ms deaf witness for 4100 ms
at 40000 ms remove-vote witness with serv1 for 1000 ms
at 43800 ms suspend serv1 for 1000 ms

then leader starts on serv1, token 1, NEVER
then leader2 starts on serv1, token 2, NEVER
then volume starts on serv1, token 7, NEVER
then mail2 starts on serv3, token 6, NEVER
then mail starts on serv2, token 5, NEVER
then volume2 starts on serv2, token 8, NEVER
then files2 starts on serv2, token 4, NEVER
then files starts on serv1, token 3, NEVER
then files2 starts on serv2, token 9, RELEASED
then leader2 starts on serv1, token 19, RELEASED
then files starts on serv1, token 21, RELEASED
then volume starts on serv1, token 20, RELEASED
then leader starts on serv1, token 22, RELEASED
then files is on serv1 in the end
then mail is on serv2 in the end
then volume is on serv1 in the end
then leader is on serv1 in the end
then files2 is on serv2 in the end
then mail2 is on serv3 in the end
then volume2 is on serv2 in the end
then leader2 is on serv1 in the end
