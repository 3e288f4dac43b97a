title: a proposer's record ends the proposer's session
attacks: being the proposer is no proof
red: authorship-is-consent SILENCE_WAITED_OUT
schedule: own-removal-accepted

then nobody objects
