title: a node that acts must carry a record in which its own session has ended
attacks: whoever must carry its own removal stops what it owns first
red: own-removal-carried PROOF_IS_TRUE
schedule: own-removal

then nobody objects
