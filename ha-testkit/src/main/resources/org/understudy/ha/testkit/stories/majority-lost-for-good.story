# The witness and serv2 lose their disks. They are back on empty ones before anybody at serv1, which was started again, says that their votes are
# gone for good; and they are heard, which must not pass for their votes.
title: a majority of the disks is lost for good, and the nodes are back on empty ones before serv1 goes on alone
attacks: a node that came back on another disk is heard, but its vote is not; tokens go on growing in a new generation
red: heard-on-another-disk RECOVERY
nodes: 3 with a witness
groups: 1
seed: 52
times: constant
frames: plain
forms: once
version: 2
heals: 12000 ms
judged: everything

at 7000 ms majority-lost serv1 for 300 ms luck 0
at 7050 ms power-off serv1 for 50 ms

then files starts on serv1, token 1, NEVER
then files starts on serv1, token 16607023625928705, OPERATOR
then files is on serv1 in the end
