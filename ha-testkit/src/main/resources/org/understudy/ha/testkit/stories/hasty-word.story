title: an operator confirms a death while the session stands
attacks: an operator's word waits out the lease
red: operators-word-at-once PROOF_IS_TRUE
schedule: hasty-word

then nobody objects
