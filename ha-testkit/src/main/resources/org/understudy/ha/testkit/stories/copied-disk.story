title: a node asks for admission with a copy of its disk on another host
attacks: only the same lock on the same kernel proves the former process gone
red: superseded-by-any-lock PROOF_IS_TRUE
schedule: copied-disk

then nobody objects
