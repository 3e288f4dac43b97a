title: an acceptor acknowledges a renewal and comes back on an older copy of its disk
attacks: renewals that a forgotten life acknowledged are waited out before a restored disk votes
red: older-disk-does-not-wait SILENCE_WAITED_OUT
schedule: restored-acceptor

then nobody objects
