title: two controllers duel, and each holds promises that came with acceptances
attacks: promises are of one ballot: whoever has seen a higher one asks again
red: goes-on-above-a-rival ONE_CHAIN
schedule: duel-of-two-that-go-on

then nobody objects
