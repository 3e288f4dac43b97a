title: a node asks for admission from new hardware while its former process may run
attacks: only the same disk on the same host proves the former process gone
red: back-means-dead PROOF_IS_TRUE
schedule: rebuilt-elsewhere

then nobody objects
