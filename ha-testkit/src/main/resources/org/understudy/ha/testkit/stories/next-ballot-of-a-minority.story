title: the next ballot was promised by nobody but its proposer
attacks: only a record that was chosen is gone on from
red: goes-on-from-anything ONE_CHAIN
schedule: next-ballot-of-a-minority

then nobody objects
