title: a proposer that went on dies before it has written, and has something else to write
attacks: what others promised with their acceptances is of one process
red: goes-on-after-a-restart ONE_RECORD_PER_BALLOT
schedule: restarted-while-going-on

then nobody objects
