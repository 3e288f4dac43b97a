title: another proposer changes the voters while promises stand
attacks: a record of another ends all that was promised before
red: goes-on-after-a-change-of-voters ONE_CHAIN
schedule: voters-changed-by-another

then nobody objects
