title: a group that was never granted, and a node that may hold it has not been there yet
attacks: the first start needs the look of every peer in the record, not only of those in reach
red: never-by-the-view PROOF_IS_TRUE
schedule: first-grant

then nobody objects
