title: while the set changes, a majority of the old set alone promises
attacks: while two sets decide, a majority of each is needed
red: one-set-is-enough PROOF_COMMITTED
schedule: one-of-two-sets

then nobody objects
